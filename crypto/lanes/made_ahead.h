// How much is made ahead of its use, for how long it is good, and what became of it.
#pragma once

#include <atomic>
#include <cstdint>

#include "crypto/base/bytes.h"
#include "crypto/base/time.h"

namespace lockstep::crypto::lanes {

struct MadeAheadOptions {
  /// Ephemeral key pairs of X25519, and of P-256, that wait at most; 0: none is made ahead.
  std::uint16_t key_pairs = 64;
  /// ECDSA nonce pairs that wait at most for each key; 0: none is made ahead.
  std::uint16_t nonce_pairs = 64;
  /// ECDSA keys of each curve for which nonce pairs wait at a time: those used last.
  std::uint16_t nonce_keys = 4;
  /// Age at which an unused pair is wiped, and time without a signature after which a key's pairs are no longer made.
  Duration life = seconds(2);
};

/// One writer, readable from other threads.
struct MadeAheadCounters {
  std::atomic<std::uint64_t> key_pairs_made{0};
  std::atomic<std::uint64_t> key_pairs_taken{0};
  std::atomic<std::uint64_t> key_pairs_missed{0};  // asked for while there was none
  std::atomic<std::uint64_t> nonce_pairs_made{0};
  std::atomic<std::uint64_t> nonce_pairs_taken{0};
  std::atomic<std::uint64_t> nonce_pairs_missed{0};
  std::atomic<std::uint64_t> expired{0};  // pairs of either sort, wiped for their age
  std::atomic<std::uint64_t> dropped{0};  // pairs of either sort, thrown away
};

/// Adds to a counter of one writer.
inline void count(std::atomic<std::uint64_t>& counter, std::uint64_t n = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace lockstep::crypto::lanes

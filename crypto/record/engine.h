// Record protection by Intel's ipsec-mb library.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "crypto/base/result.h"
#include "crypto/engine.h"

namespace lockstep::crypto {

/// The expanded-key cache in numbers: one writer, readable from other threads. Many evictions mean that more
/// connections are active at once than the cache has room for; each costs an expansion (about 0.1 µs) at the key's next
/// record.
struct ExpandedKeyCounters {
  std::atomic<std::uint64_t> hits{0};
  std::atomic<std::uint64_t> expansions{0};
  std::atomic<std::uint64_t> evictions{0};
};

/// What the engine says of itself.
struct IpsecMbInfo {
  std::string features;  // instruction sets in use, written once when the engine is made
  ExpandedKeyCounters keys;
};

/// Supports seal and open for AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305; finishes each job within `run`. Keeps up
/// to `expanded_keys` expanded keys of about 1 KB (rounded up to a power of two). `info`, when given, must outlive the
/// engine. The error says why the library cannot serve on this machine.
Result<std::unique_ptr<Engine>, std::string> make_ipsec_mb_engine(std::size_t expanded_keys,
                                                                  IpsecMbInfo* info = nullptr);

}  // namespace lockstep::crypto

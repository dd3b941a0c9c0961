// The keys that seal session tickets: made by the control plane, shared read-only by all cores.
#pragma once

#include <algorithm>
#include <array>
#include <deque>

#include "crypto/job.h"

namespace lockstep::tls {

constexpr std::size_t kTicketKeyName = 16;

/// One key. Nonces of tickets are random, so that no more than 2^32 tickets may be sealed under it (NIST SP 800-38D
/// section 8.3).
struct TicketKey {
  std::array<std::uint8_t, kTicketKeyName> name{};  // in clear at the front of each ticket (RFC 5077 section 4)
  crypto::RecordKeys keys;                          // AES-256-GCM, `iv` unused; `id` as of shared_key_id()
};

/// Immutable while in use; replaced as a whole when keys rotate.
struct TicketKeys {
  std::deque<TicketKey> keys;               // in order of preference for opening; a deque, for keys do not move
  const TicketKey* sealing = nullptr;       // one of them; nullptr: no tickets are issued
  std::array<std::uint8_t, 16> instance{};  // random, new at each start of the program: who accepts early data

  /// The key of that name; nullptr when it is not, or no longer, there.
  const TicketKey* find(Bytes name) const {
    for (const TicketKey& key : keys)
      if (std::equal(key.name.begin(), key.name.end(), name.begin(), name.end())) return &key;
    return nullptr;
  }
};

/// A number for keys that several cores share, which no core gives to keys of its own (they count from 1) and which is
/// given once in the life of the program. Thread-safe.
std::uint64_t shared_key_id();

}  // namespace lockstep::tls

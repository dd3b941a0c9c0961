// The bounded cache of expanded record keys, about 1 KB each.
#pragma once

#include <array>
#include <memory>

#include "crypto/cbc_job.h"
#include "crypto/record/engine.h"
#include "crypto/record/ipsec_mb.h"
#include "crypto/record/record_mac.h"

namespace lockstep::crypto {

/// Round keys of up to AES-256.
constexpr std::size_t kRoundKeys = 240;

/// What AES-CBC records need of their keys: round keys of both directions, and the hashed pads of the MAC key.
struct CbcKey {
  alignas(64) std::array<std::uint8_t, kRoundKeys> encrypt;
  alignas(64) std::array<std::uint8_t, kRoundKeys> decrypt;
  HmacStates hmac;
};

/// One expanded key of whichever kind its identifier belongs to. (The library's own type asks for less alignment than
/// its code.)
union alignas(64) ExpandedKey {
  gcm_key_data gcm;  // round keys and powers of the hash key
  CbcKey cbc;
};

/// Starts fetching `size` bytes into the first-level cache.
inline void prefetch_bytes(const void* bytes, std::size_t size) {
  constexpr std::size_t kLine = 64;
  const auto* const start = static_cast<const std::uint8_t*>(bytes);
  for (std::size_t at = 0; at < size; at += kLine) __builtin_prefetch(start + at);
}

/// Four-way set-associative by RecordKeys::id and CbcRecordKeys::id; the least recently used of a set gives way.
/// Whatever leaves is wiped.
class ExpandedKeys {
 public:
  /// Room for at least `entries` keys (rounded up to a power of two). `counters` must outlive the cache.
  ExpandedKeys(std::size_t entries, ExpandedKeyCounters& counters);
  ExpandedKeys(const ExpandedKeys&) = delete;
  ExpandedKeys& operator=(const ExpandedKeys&) = delete;
  ~ExpandedKeys();
  /// False when there was no memory.
  bool ready() const { return sets_ != nullptr && keys_ != nullptr; }
  std::size_t capacity() const { return set_count_ * kWays; }

  struct Slot {
    ExpandedKey* key;
    bool fresh;  // zeros: the caller expands the key into it
  };
  /// The slot of `id`, which must not be 0; valid until the next call, or longer: the slots that the last `in_use`
  /// calls gave are left alone. When these take the whole set, there is none, and `key` is nullptr.
  Slot find_or_take(std::uint64_t id, std::uint32_t in_use = 0);
  /// Wipes the slot of `id`, if there is one.
  void forget(std::uint64_t id);

  /// Fetches what a coming `find` or `find_or_take` of `id` will read first.
  void prefetch_set(std::uint64_t id) const { __builtin_prefetch(&sets_[set_of(id)]); }
  /// The key of `id` where there is one, else nullptr; for fetching it, since this counts as no use.
  const ExpandedKey* find(std::uint64_t id) const;

 private:
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kHugePage = 1U << 21U;
  struct alignas(64) Set {
    std::array<std::uint64_t, kWays> id;    // 0: empty
    std::array<std::uint32_t, kWays> used;  // `clock_` at the last use
  };

  /// Maps the keys into huge pages where the system has them: with many connections each key is a page of its own, and
  /// finding that page costs more than a line of the key.
  void map_keys();
  std::size_t mapping_size() const { return capacity() * sizeof(ExpandedKey) + kHugePage; }
  std::size_t set_of(std::uint64_t id) const;
  /// The way that holds `id`, or kWays.
  static std::size_t way_of(const Set& set, std::uint64_t id);
  ExpandedKey& key_at(std::size_t set, std::size_t way) const { return keys_[set * kWays + way]; }

  std::size_t set_count_ = 1;
  std::unique_ptr<Set[]> sets_;
  void* mapping_ = nullptr;
  ExpandedKey* keys_ = nullptr;  // in the mapping
  std::uint32_t clock_ = 0;
  ExpandedKeyCounters& counters_;
};

}  // namespace lockstep::crypto

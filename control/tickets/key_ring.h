// Ticket keys in order of age, and until when each is accepted.
#pragma once

#include <deque>
#include <limits>
#include <memory>
#include <vector>

#include "control/tickets/derive.h"
#include "crypto/base/time.h"
#include "dataplane/tls/ticket_keys.h"

namespace lockstep::tickets {

/// UNIX time in nanoseconds. Later than all others: nobody knows when.
using UnixTime = std::int64_t;
constexpr UnixTime kOpen = std::numeric_limits<UnixTime>::max();

struct Key {
  std::array<std::uint8_t, tls::kTicketKeyName> name{};
  Secret32 secret;  // AES-256-GCM
  std::uint64_t id = tls::shared_key_id();
  UnixTime since = 0;      // when it began to seal, or is to begin
  UnixTime ended = kOpen;  // when it ceased to seal, or is to cease
};
/// Name and key by HKDF from a uniform secret.
std::unique_ptr<Key> derive_key(const Secret32& uniform);

class KeyRing {
 public:
  /// Other keys than before, newest first; keys[sealing] seals, and what stands before it is to follow. A key that was
  /// there under the same name keeps its id and the time since when it seals.
  void assign(std::vector<std::unique_ptr<Key>> keys, std::size_t sealing);
  /// Goes on with other keys: what sealed until `now` becomes a previous key, what was to follow it is forgotten.
  void start(std::unique_ptr<Key> next, std::unique_ptr<Key> sealing, UnixTime now);
  /// The next key seals from now on, and `next` is to follow it. There must be a next key.
  void advance(std::unique_ptr<Key> next);
  /// Drops previous keys that ceased to seal `lifetime` ago or longer; true when there were any.
  bool expire(UnixTime now, Duration lifetime);

  /// Newest first.
  const std::deque<std::unique_ptr<Key>>& keys() const { return keys_; }
  std::size_t size() const { return keys_.size(); }
  /// The index of the key that seals; keys before it are to follow, keys behind it have sealed.
  std::size_t sealing_index() const { return sealing_; }
  const Key& sealing() const { return *keys_[sealing_]; }
  Key& sealing() { return *keys_[sealing_]; }
  /// The key to follow next. There must be one.
  Key& next() { return *keys_[sealing_ - 1]; }

  /// A copy for the workers: what seals goes first, what is to follow goes last.
  std::shared_ptr<const tls::TicketKeys> publishable(const std::array<std::uint8_t, 16>& instance) const;

 private:
  std::deque<std::unique_ptr<Key>> keys_;
  std::size_t sealing_ = 0;
};

}  // namespace lockstep::tickets

// The TLS 1.2 sessions that one core remembers by their identifiers (RFC 5246 sections 7.3 and F.1.4).
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/base/secret.h"
#include "crypto/base/time.h"
#include "crypto/job.h"
#include "dataplane/tls/session_state.h"

namespace lockstep::tls {

/// Names the core that remembers the session, in its first two bytes, and then the session by 30 random bytes.
struct SessionId {
  static constexpr std::size_t kSize = 32;
  std::array<std::uint8_t, kSize> bytes{};

  /// A new identifier of a session that `core` remembers.
  static SessionId make(std::uint16_t core, Random& random);
  /// What a client sent; false when no identifier of ours has that size.
  bool read(Bytes id);
  std::uint16_t core() const { return static_cast<std::uint16_t>(bytes[0] << 8U | bytes[1]); }
  bool operator==(const SessionId&) const = default;
};

/// A SessionState as it is written, in the room that the cache has for one.
struct CachedSession {
  static constexpr std::size_t kCapacity = 256;
  Secret<kCapacity> state;
  std::uint16_t size = 0;

  Bytes view() const { return state.expose(size); }
};

/// Asks the core that remembers a session for it.
struct FindSession : crypto::RemoteJob {
  FindSession() : RemoteJob(Question::find_session) {}
  SessionId id;           // in
  bool found = false;     // out
  CachedSession session;  // out
};

/// Tells the core that remembers a session to forget it.
struct ForgetSession : crypto::RemoteJob {
  explicit ForgetSession(const SessionId& gone) : RemoteJob(Question::forget_session), id(gone) { core = gone.core(); }
  SessionId id;
};

/// A fixed number of sessions in memory taken once. When it is full the oldest one gives way. What is over is wiped: at
/// once when it is forgotten, within a minute when its time is up.
class SessionCache {
 public:
  /// How often `age` is to be called.
  static constexpr Duration kAgeInterval = seconds(1);

  /// Room for `capacity` sessions, of about 350 bytes each; 0: none is remembered.
  explicit SessionCache(std::uint32_t capacity);

  /// Remembers `state` until `expires`. False, and nothing is remembered, when its names are too long or there is no
  /// room at all. `id` is new.
  bool store(const SessionId& id, const SessionState& state, Instant expires);
  /// Copies out the session of that name; false when there is none, or no longer.
  bool find(const SessionId& id, Instant now, CachedSession& session) const;
  /// A connection that used it failed: it must not be resumed any more (RFC 5246 section 7.2.2).
  void forget(const SessionId& id);
  /// Wipes what is over, a part of the whole in each call.
  void age(Instant now);

  std::uint32_t size() const { return size_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  struct Slot {
    SessionId id;
    Instant expires = Instant::never();
    std::uint32_t next = kNone;  // of the same bucket
    bool used = false;
    CachedSession session;
  };

  std::uint32_t bucket_of(const SessionId& id) const;
  void remove(std::uint32_t index);

  std::vector<Slot> slots_;             // a ring in order of age
  std::vector<std::uint32_t> buckets_;  // first slot of each
  std::uint32_t size_ = 0;
  std::uint32_t oldest_ = 0;  // the slot that is filled next
  std::uint32_t aged_ = 0;    // the slot that `age` looks at next
};

}  // namespace lockstep::tls

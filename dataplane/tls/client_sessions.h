// Sessions with servers that a client can go on with (RFC 8446 section 4.6.1): what one core has received and not used.
#pragma once

#include <array>
#include <vector>

#include "crypto/base/secret.h"
#include "dataplane/tls/pool.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// Whose sessions are alike: servers are told apart by a number of the caller's, within ClientConfig::resumption_scope.
struct ServerKey {
  std::array<std::uint8_t, 16> scope{};
  std::uint32_t server = 0;
  bool operator==(const ServerKey&) const = default;
};

/// One session, with the message that brought it.
struct ClientSession {
  /// Largest NewSessionTicket that is kept, without its header. Servers put certificates of clients into tickets.
  static constexpr std::size_t kMaxMessage = 2304;

  ClientSession() {}  // NOLINT(modernize-use-equals-default): zeroing the message would be a waste

  ServerKey server;
  Version version = Version::tls13;
  CipherSuite suite{};
  Secret<48> secret;                     // resumption_master_secret; TLS 1.2: the master secret
  Instant authenticated;                 // when the server last showed its certificate
  std::int64_t valid_until = INT64_MAX;  // Unix seconds: the end of that certificate's chain
  Instant received;
  Instant expires;
  std::uint32_t age_add = 0;
  Bytes nonce;       // in `message`
  Bytes ticket;      // the same; empty: TLS 1.2, by its identifier
  Bytes session_id;  // TLS 1.2, the same
  std::uint32_t size = 0;
  std::array<std::uint8_t, kMaxMessage> message;

  /// obfuscated_ticket_age (section 4.2.11.1).
  std::uint32_t obfuscated_age(Instant now) const {
    return static_cast<std::uint32_t>((now - received).milliseconds()) + age_add;
  }

 private:
  friend class ClientSessions;
  ClientSession* next_ = nullptr;  // of the same bucket, older
  std::uint32_t place_ = 0;
  std::uint32_t serial_ = 0;
};

/// Names a session while it is kept; no later one in its place.
struct KeptSession {
  std::uint32_t place;
  std::uint32_t serial;  // 0: names none
};

/// A fixed number of sessions, of each server the newest few. Each is given out once, so that nobody who watches can
/// tell that two connections are of one client (section C.4). Those of TLS 1.2 may be kept again.
class ClientSessions {
 public:
  static constexpr std::uint32_t kMaxPerServer = 32;
  /// How often `age` is to be called.
  static constexpr Duration kAgeInterval = seconds(1);

  /// Keeps `capacity` sessions, of about 2.5 KB each once used; `in_hand` more may be outside.
  ClientSessions(std::uint32_t capacity, std::uint32_t in_hand);
  ClientSessions(const ClientSessions&) = delete;
  ClientSessions& operator=(const ClientSessions&) = delete;
  ~ClientSessions();

  /// A session to be filled in, for which a kept one gives way if need be; nullptr when all are outside. Goes to `keep`
  /// or `release`.
  ClientSession* make();
  void release(ClientSession* session) { pool_.release(session); }
  /// Keeps a session until it expires. Where its server has too many, the oldest of them gives way; where all places
  /// are taken, an old one of whatever server; where the same ticket is there already, that.
  KeptSession keep(ClientSession* session);
  /// Drops a session if it is still kept.
  void forget(const KeptSession& kept);
  /// Takes out the newest session with a server; nullptr when there is none. Goes to `release`.
  ClientSession* take(const ServerKey& server, Instant now);
  /// Wipes what is over, a part of the whole in each call.
  void age(Instant now);

  /// How many are kept.
  std::uint32_t size() const { return static_cast<std::uint32_t>(places_.size() - free_.size()); }
  /// Kept or outside.
  std::uint32_t in_use() const { return pool_.in_use(); }

 private:
  ClientSession*& bucket_of(const ServerKey& server);
  void make_room(const ClientSession& session);
  void remove(ClientSession* session);
  void drop(ClientSession* session);
  void drop_one();

  Pool<ClientSession> pool_;
  std::vector<ClientSession*> places_;   // nullptr: free
  std::vector<std::uint32_t> free_;      // places, at most as many as there are
  std::vector<ClientSession*> buckets_;  // the newest of each
  std::uint32_t next_dropped_ = 0;       // the place that `drop_one` looks at next
  std::uint32_t aged_ = 0;               // the place that `age` looks at next
  std::uint32_t last_serial_ = 0;
};

}  // namespace lockstep::tls

// Takes the tickets that a TLS 1.3 server sends to its client (RFC 8446 section 4.6.1).
#pragma once

#include "dataplane/tls/client_sessions.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/link.h"

namespace lockstep::tls {

/// What a client's connection keeps of its handshake for the tickets that come later, in a pool of the core. Puts each
/// message together where it is kept; one that is too long, or that there is no room for, is passed over.
class TicketReceiver {
 public:
  struct Origin {
    ServerKey server;
    CipherSuite suite{};
    Instant authenticated;                 // when the server last showed its certificate
    Duration lifetime;                     // of sessions since then
    std::int64_t valid_until = INT64_MAX;  // Unix seconds: what it showed counts no longer
  };

  /// `secret`: resumption_master_secret.
  TicketReceiver(Link& link, const Origin& origin, Bytes secret) : link_(link), origin_(origin) {
    secret_.assign(secret);
  }
  TicketReceiver(const TicketReceiver&) = delete;
  TicketReceiver& operator=(const TicketReceiver&) = delete;
  ~TicketReceiver();

  /// A message of that size follows, without its header.
  void begin(std::uint32_t size);
  void append(Bytes content);
  /// The message is complete: malformed_message, duplicate_extension, misplaced_extension.
  Error end();

 private:
  Link& link_;
  const Origin origin_;
  Secret<kMaxDigest> secret_;
  ClientSession* session_ = nullptr;  // being received
};

}  // namespace lockstep::tls

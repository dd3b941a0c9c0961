// What full handshakes of TLS 1.3 with and without a client's certificate have in common: their end.
#pragma once

#include "dataplane/tls/finished.h"
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/ticket_keys.h"

namespace lockstep::tls {

/// Tickets were promised to nobody, but this client could use them.
inline bool issues_tickets_tls13(const Handshake& handshake) {
  const ServerConfig& config = handshake.config;
  return config.tickets != 0 && config.ticket_keys != nullptr && config.ticket_keys->sealing != nullptr &&
         handshake.tls13.wants_tickets;
}

/// The client's Finished ends what it says with its handshake keys (RFC 8446 section 4.4.4). `client_finished`: the
/// verify_data it has to be.
inline Error take_finished_tls13(Handshake& handshake, const Message& message,
                                 const Secret<kMaxDigest>& client_finished) {
  const Hash hash = handshake.tls13.choice.suite->hash;
  const Error error = check_finished(message, client_finished.expose(digest_size(hash)));
  if (error != Error::none) return error;
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  handshake.inbound.traffic.assign(handshake.link, handshake.tls13.client_keys);
  handshake.inbound.traffic.aead()->secret.assign(handshake.tls13.client_application_secret.expose());
  handshake.inbound.traffic.aead()->update.hash = hash;
  handshake.inbound.protect(Protection::tls13);
  handshake.tls13.client_finished = message;
  if (issues_tickets_tls13(handshake)) handshake.successor = &issue_tickets_tls13;
  return Error::none;
}

}  // namespace lockstep::tls

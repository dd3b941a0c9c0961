// The ClientKeyExchange message with ECDHE (RFC 8422 section 5.7) and with RSA (RFC 5246 section 7.4.7.1).
#pragma once

#include "crypto/algorithms.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

/// Reads the client's public key for `group`: malformed_message, or bad_key_share when its size is not the group's.
inline Error read_ecdhe_key_exchange(const Message& message, crypto::NamedGroup group, Bytes& public_key) {
  if (message.type != HandshakeType::client_key_exchange) return Error::unexpected_handshake_message;
  Reader reader(message.body);
  public_key = reader.vector8();
  if (!reader.finished() || public_key.empty()) return Error::malformed_message;
  return public_key.size() == public_key_size(group) ? Error::none : Error::bad_key_share;
}

/// Reads the encrypted premaster secret, of any length: what it is worth nobody says before Finished.
/// malformed_message when it does not fill the message.
inline Error read_rsa_key_exchange(const Message& message, Bytes& encrypted) {
  if (message.type != HandshakeType::client_key_exchange) return Error::unexpected_handshake_message;
  Reader reader(message.body);
  encrypted = reader.vector16();
  return reader.finished() ? Error::none : Error::malformed_message;
}

}  // namespace lockstep::tls

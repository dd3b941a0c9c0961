// The ClientKeyExchange message with ECDHE (RFC 8422 section 5.7).
#pragma once

#include "crypto/algorithms.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

/// Reads the client's public key for `group`: malformed_message, or bad_key_share when its size is not the group's.
inline Error read_client_key_exchange(const Message& message, crypto::NamedGroup group, Bytes& public_key) {
  if (message.type != HandshakeType::client_key_exchange) return Error::unexpected_handshake_message;
  Reader reader(message.body);
  public_key = reader.vector8();
  if (!reader.finished() || public_key.empty()) return Error::malformed_message;
  return public_key.size() == public_key_size(group) ? Error::none : Error::bad_key_share;
}

}  // namespace lockstep::tls

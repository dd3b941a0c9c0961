// Handshake messages as such (RFC 8446 section 4, RFC 5246 section 7.4).
#pragma once

#include "crypto/base/bytes.h"

namespace lockstep::tls {

enum class HandshakeType : std::uint8_t {
  hello_request = 0,
  client_hello = 1,
  server_hello = 2,
  new_session_ticket = 4,
  end_of_early_data = 5,
  encrypted_extensions = 8,
  certificate = 11,
  server_key_exchange = 12,
  certificate_request = 13,
  server_hello_done = 14,
  certificate_verify = 15,
  client_key_exchange = 16,
  finished = 20,
  certificate_status = 22,
  key_update = 24,
  compressed_certificate = 25,
  message_hash = 254,
};

constexpr std::size_t kHandshakeHeader = 4;

/// One message that was received.
struct Message {
  HandshakeType type{};
  Bytes body;
  Bytes whole;  // header included, as it goes into the transcript
};

/// Writes a message's header; its length is filled in when the scope ends.
[[nodiscard]] inline Writer::Scope begin_message(Writer& writer, HandshakeType type) {
  writer.u8(static_cast<std::uint8_t>(type));
  return writer.length24();
}

}  // namespace lockstep::tls

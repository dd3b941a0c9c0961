// The Finished message (RFC 8446 section 4.4.4, RFC 5246 section 7.4.9).
#pragma once

#include "crypto/base/constant_time.h"
#include "crypto/base/sha2.h"
#include "dataplane/tls/error.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

constexpr std::size_t kMaxFinished = kHandshakeHeader + kMaxDigest;

/// Writes the message and returns it; empty when it does not fit.
inline Bytes write_finished(MutableBytes out, Bytes verify_data) {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::finished);
    writer.bytes(verify_data);
  }
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

/// Compares the peer's with what it has to be, in constant time: malformed_message when the length is wrong,
/// bad_finished.
inline Error check_finished(const Message& message, Bytes verify_data) {
  if (message.type != HandshakeType::finished) return Error::unexpected_handshake_message;
  if (message.body.size() != verify_data.size()) return Error::malformed_message;
  return equal_constant_time(message.body, verify_data) ? Error::none : Error::bad_finished;
}

}  // namespace lockstep::tls

#include "dataplane/tls/post_handshake.h"

#include <algorithm>

#include "dataplane/tls/core.h"

namespace lockstep::tls {

PostHandshake::Outcome PostHandshake::take(Version version, Bytes content, bool last) {
  return version == Version::tls13 ? take_key_update(content, last) : take_renegotiation(content);
}

PostHandshake::Outcome PostHandshake::take_key_update(Bytes content, bool last) {
  Outcome outcome;
  for (const std::uint8_t byte : content) {
    // Nothing may follow a KeyUpdate in its record (RFC 8446 section 5.1).
    if (size_ == buffer_.size()) return {.error = Error::data_across_key_change};
    buffer_[size_++] = byte;
    if (buffer_[0] != static_cast<std::uint8_t>(HandshakeType::key_update))
      return {.error = Error::unexpected_handshake_message};
    if (size_ == kHandshakeHeader && (buffer_[1] != 0 || buffer_[2] != 0 || buffer_[3] != 1))
      return {.error = Error::malformed_message};
  }
  if (!last || size_ < buffer_.size()) return outcome;
  size_ = 0;
  outcome.error = KeyUpdateMessage::read(Bytes(buffer_).subspan(kHandshakeHeader), outcome.answer);
  if (outcome.error != Error::none) return outcome;
  if (++count_ > kMaxKeyUpdates) return {.error = Error::too_many_key_updates};
  outcome.key_update = true;
  return outcome;
}

PostHandshake::Outcome PostHandshake::take_renegotiation(Bytes content) {
  Outcome outcome;
  while (!content.empty()) {
    if (size_ < kHandshakeHeader) {
      buffer_[size_++] = content.front();
      content = content.subspan(1);
      if (buffer_[0] != static_cast<std::uint8_t>(HandshakeType::client_hello))
        return {.error = Error::unexpected_handshake_message};
      if (size_ < kHandshakeHeader) continue;
      to_skip_ = static_cast<std::uint32_t>(buffer_[1] << 16U | buffer_[2] << 8U | buffer_[3]);
      if (to_skip_ > kMaxHandshakeMessage) return {.error = Error::handshake_message_too_long};
    }
    const std::size_t skipped = std::min<std::size_t>(to_skip_, content.size());
    content = content.subspan(skipped);
    to_skip_ -= static_cast<std::uint32_t>(skipped);
    if (to_skip_ != 0) break;
    size_ = 0;
    if (++count_ >= kMaxRenegotiations) return {.error = Error::renegotiation_refused};
    outcome.refuse_renegotiation = true;
  }
  return outcome;
}

Error PostHandshake::application_data(bool empty) {
  if (in_message()) return Error::unexpected_record_type;
  if (!empty) count_ = 0;
  return Error::none;
}

}  // namespace lockstep::tls

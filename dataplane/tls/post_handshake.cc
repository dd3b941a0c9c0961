#include "dataplane/tls/post_handshake.h"

#include <algorithm>

#include "dataplane/tls/core.h"

namespace lockstep::tls {

PostHandshake::Outcome PostHandshake::take(bool is_client, TicketReceiver* tickets, Version version, Bytes content,
                                           bool last) {
  return version == Version::tls13 ? take_tls13(is_client, tickets, content, last)
                                   : take_renegotiation(is_client, content);
}

PostHandshake::Outcome PostHandshake::take_tls13(bool is_client, TicketReceiver* tickets, Bytes content, bool last) {
  Outcome outcome;
  while (!content.empty()) {
    if (to_skip_ != 0) {
      if (const Error error = take_ticket(tickets, content); error != Error::none) return {.error = error};
      continue;
    }
    // Nothing may follow a KeyUpdate in its record (RFC 8446 section 5.1).
    if (size_ == buffer_.size()) return {.error = Error::data_across_key_change};
    buffer_[size_++] = content.front();
    content = content.subspan(1);
    if (const Error error = check_header(is_client, tickets); error != Error::none) return {.error = error};
  }
  if (!last || size_ < buffer_.size()) return outcome;
  size_ = 0;
  outcome.error = KeyUpdateMessage::read(Bytes(buffer_).subspan(kHandshakeHeader), outcome.answer);
  if (outcome.error != Error::none) return outcome;
  if (++count_ > kMaxKeyUpdates) return {.error = Error::too_many_key_updates};
  outcome.key_update = true;
  return outcome;
}

// As soon as its bytes are there. Tickets come to clients only, and a client may do without them (RFC 8446 section
// 4.6.1).
Error PostHandshake::check_header(bool is_client, TicketReceiver* tickets) {
  const auto type = static_cast<HandshakeType>(buffer_[0]);
  if (is_client && type == HandshakeType::new_session_ticket) {
    if (size_ < kHandshakeHeader) return Error::none;
    to_skip_ = body_size();
    size_ = 0;
    if (to_skip_ == 0) return Error::malformed_message;
    if (to_skip_ > kMaxHandshakeMessage) return Error::handshake_message_too_long;
    if (tickets != nullptr) tickets->begin(to_skip_);
    return Error::none;
  }
  if (type != HandshakeType::key_update) return Error::unexpected_handshake_message;
  const bool wrong = size_ == kHandshakeHeader && body_size() != KeyUpdateMessage::kSize - kHandshakeHeader;
  return wrong ? Error::malformed_message : Error::none;
}

std::uint32_t PostHandshake::body_size() const {
  return static_cast<std::uint32_t>(buffer_[1] << 16U | buffer_[2] << 8U | buffer_[3]);
}

// Returns what was skipped.
Bytes PostHandshake::skip(Bytes& content) {
  const Bytes skipped = content.first(std::min<std::size_t>(to_skip_, content.size()));
  content = content.subspan(skipped.size());
  to_skip_ -= static_cast<std::uint32_t>(skipped.size());
  return skipped;
}

Error PostHandshake::take_ticket(TicketReceiver* tickets, Bytes& content) {
  const Bytes ticket = skip(content);
  if (tickets == nullptr) return Error::none;
  tickets->append(ticket);
  return to_skip_ == 0 ? tickets->end() : Error::none;
}

PostHandshake::Outcome PostHandshake::take_renegotiation(bool is_client, Bytes content) {
  const HandshakeType attempt = is_client ? HandshakeType::hello_request : HandshakeType::client_hello;
  Outcome outcome;
  while (!content.empty()) {
    if (size_ < kHandshakeHeader) {
      buffer_[size_++] = content.front();
      content = content.subspan(1);
      if (buffer_[0] != static_cast<std::uint8_t>(attempt)) return {.error = Error::unexpected_handshake_message};
      if (size_ < kHandshakeHeader) continue;
      to_skip_ = body_size();
      if (to_skip_ > kMaxHandshakeMessage) return {.error = Error::handshake_message_too_long};
      if (is_client && to_skip_ != 0) return {.error = Error::malformed_message};  // RFC 5246 section 7.4.1.1
    }
    skip(content);
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

#include "dataplane/tls/ticket_receiver.h"

#include <algorithm>

#include "dataplane/tls/new_session_ticket_tls13.h"

namespace lockstep::tls {

TicketReceiver::~TicketReceiver() {
  if (session_ != nullptr) link_.core.client_sessions.release(session_);
}

void TicketReceiver::begin(std::uint32_t size) {
  if (size <= ClientSession::kMaxMessage) session_ = link_.core.client_sessions.make();
}

void TicketReceiver::append(Bytes content) {
  if (session_ == nullptr) return;
  std::copy(content.begin(), content.end(), session_->message.begin() + session_->size);
  session_->size += static_cast<std::uint32_t>(content.size());
}

Error TicketReceiver::end() {
  if (session_ == nullptr) return Error::none;
  NewSessionTicketTls13 message;
  const Error error = message.read(Bytes(session_->message).first(session_->size));
  if (error != Error::none) return error;
  ClientSession& session = *std::exchange(session_, nullptr);
  session.server = origin_.server;
  session.suite = origin_.suite;
  session.secret.assign(secret_.expose());
  session.authenticated = origin_.authenticated;
  session.valid_until = origin_.valid_until;
  session.received = link_.now;
  // Whatever the server says, the certificate that it showed does not count for ever (section 4.6.1).
  session.expires = std::min(link_.now + std::min(message.lifetime, kLongestTicketLifetime),
                             origin_.authenticated + origin_.lifetime);
  session.age_add = message.age_add;
  session.nonce = message.nonce;
  session.ticket = message.ticket;
  link_.core.keep(session);
  return Error::none;
}

}  // namespace lockstep::tls

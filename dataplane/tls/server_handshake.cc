// The beginning of every handshake: the ClientHello, and what does not depend on the version.
#include <algorithm>

#include "dataplane/tls/handshake.h"

namespace lockstep::tls {

const char* name(Phase phase) {
  switch (phase) {
    case Phase::client_hello:
      return "client_hello";
    case Phase::retried_hello:
      return "retried_hello";
    case Phase::resumption:
      return "resumption";
    case Phase::key_share:
      return "key_share";
    case Phase::signing:
      return "signing";
    case Phase::key_schedule:
      return "key_schedule";
    case Phase::server_flight:
      return "server_flight";
    case Phase::early_data:
      return "early_data";
    case Phase::client_certificate:
      return "client_certificate";
    case Phase::client_key_exchange:
      return "client_key_exchange";
    case Phase::client_finished:
      return "client_finished";
    case Phase::tickets:
      return "tickets";
    case Phase::established:
      return "established";
    case Phase::closing:
      return "closing";
    case Phase::closed:
      return "closed";
  }
  return "unknown";
}

bool Handshake::ready() const {
  switch (awaiting) {
    case Awaiting::nothing:
      return true;
    case Awaiting::jobs:
      return pending_jobs == 0;
    case Awaiting::message:
      return reader.has_message();
    case Awaiting::change_cipher_spec:
      return change_cipher_spec_received;
    case Awaiting::flight:
      return outbound.idle();
  }
  return false;
}

Error Handshake::read_hello(const Message& message) {
  if (message.type != HandshakeType::client_hello) return Error::unexpected_handshake_message;
  hello_message = message;
  hello = ClientHello();
  return hello.read(message.body);
}

Error Handshake::choose_names() {
  negotiated.server_name_size = static_cast<std::uint8_t>(hello.server_name.size());
  std::copy(hello.server_name.begin(), hello.server_name.end(), negotiated.server_name.begin());
  const auto chosen_identity = choose_identity(config, hello);
  if (!chosen_identity.ok()) return chosen_identity.error();
  identity = chosen_identity.value();

  const auto chosen_alpn = choose_alpn(config, hello);
  if (!chosen_alpn.ok()) return chosen_alpn.error();
  alpn = chosen_alpn.value();
  const std::string_view kept = alpn.substr(0, negotiated.alpn.size());
  negotiated.alpn_size = static_cast<std::uint8_t>(kept.size());
  std::copy(kept.begin(), kept.end(), negotiated.alpn.begin());
  return Error::none;
}

Coroutine server_handshake(Handshake& handshake) {
  handshake.phase = handshake.negotiated.hello_forgotten ? Phase::retried_hello : Phase::client_hello;
  const Message message = co_await handshake.message();
  if (const Error error = handshake.read_hello(message); error != Error::none) co_return error;
  const auto version = choose_version(handshake.config, handshake.hello);
  if (!version.ok()) co_return version.error();
  if (const Error error = handshake.choose_names(); error != Error::none) co_return error;
  handshake.negotiated.version = version.value();
  handshake.record_sizes = RecordSizes::agree(handshake.hello, version.value());
  handshake.inbound.limit_records(handshake.record_sizes);
  handshake.outbound.limit_records(handshake.record_sizes);
  handshake.outbound.pad_records(handshake.config.record_padding);
  const bool ticket = !handshake.hello.session_ticket.empty() && handshake.config.ticket_keys != nullptr;
  const bool session = ticket || handshake.hello.session_id.size() == SessionId::kSize;
  if (handshake.negotiated.hello_forgotten)
    handshake.successor = &return_with_cookie_tls13;  // which sees to it that the version is the same
  else if (version.value() == Version::tls13)
    handshake.successor = &negotiate_tls13;
  else
    handshake.successor = session ? &resume_tls12 : &server_handshake_tls12;
  co_return Error::none;
}

}  // namespace lockstep::tls

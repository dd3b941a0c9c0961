// The beginning of every handshake: the ClientHello, and what does not depend on the version.
#include <algorithm>

#include "dataplane/tls/handshake.h"

namespace lockstep::tls {

bool Handshake::start_successor() {
  if (successor == nullptr) return false;
  coroutine = std::exchange(successor, nullptr)(*this);
  return true;
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
  remember_alpn(alpn);
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

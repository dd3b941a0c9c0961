#include "dataplane/tls/handshake_base.h"

#include <algorithm>

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
    case Phase::server_hello:
      return "server_hello";
    case Phase::encrypted_extensions:
      return "encrypted_extensions";
    case Phase::server_certificate:
      return "server_certificate";
    case Phase::server_finished:
      return "server_finished";
    case Phase::client_flight:
      return "client_flight";
    case Phase::established:
      return "established";
    case Phase::closing:
      return "closing";
    case Phase::closed:
      return "closed";
  }
  return "unknown";
}

bool HandshakeBase::ready() const {
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

Error HandshakeBase::send_change_cipher_spec() {
  constexpr std::array<std::uint8_t, 1> kContent = {1};
  const Bytes content = kContent;
  return outbound.send(link, ContentType::change_cipher_spec, std::span(&content, 1));
}

void HandshakeBase::restart_transcript(Hash hash, Bytes digest_of_first_hello) {
  const std::array<std::uint8_t, kHandshakeHeader> header = {static_cast<std::uint8_t>(HandshakeType::message_hash), 0,
                                                             0,
                                                             static_cast<std::uint8_t>(digest_of_first_hello.size())};
  transcript = RunningHash(hash);
  transcript.update(header);
  transcript.update(digest_of_first_hello);
}

void HandshakeBase::remember_alpn(std::string_view name) {
  const std::string_view kept = name.substr(0, negotiated.alpn.size());
  negotiated.alpn_size = static_cast<std::uint8_t>(kept.size());
  std::copy(kept.begin(), kept.end(), negotiated.alpn.begin());
}

}  // namespace lockstep::tls

// Messages of clients other than the ClientHello, what comes back to us from their tickets, and messages of servers.
// The first byte says which.
#include "dataplane/tls/alert.h"
#include "dataplane/tls/certificate_request.h"
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/client_key_exchange.h"
#include "dataplane/tls/encrypted_extensions.h"
#include "dataplane/tls/finished.h"
#include "dataplane/tls/new_session_ticket_tls12.h"
#include "dataplane/tls/new_session_ticket_tls13.h"
#include "dataplane/tls/post_handshake.h"
#include "dataplane/tls/received_server_hello.h"
#include "dataplane/tls/server_key_exchange.h"
#include "dataplane/tls/ticket.h"
#include "tests/fuzz/fuzzer.h"

namespace lockstep::tls {
namespace {

Message message(HandshakeType type, Bytes whole) {
  return {type, whole.subspan(std::min(whole.size(), kHandshakeHeader)), whole};
}

void key_exchanges(Bytes bytes) {
  const Message exchange = message(HandshakeType::client_key_exchange, bytes);
  for (const auto group : {crypto::NamedGroup::x25519, crypto::NamedGroup::secp256r1, crypto::NamedGroup::secp384r1}) {
    Bytes key;
    if (read_ecdhe_key_exchange(exchange, group, key) == Error::none) EXPECT_EQ(key.size(), public_key_size(group));
  }
  Bytes encrypted;
  (void)read_rsa_key_exchange(exchange, encrypted);
}

void finished(Bytes bytes) {
  const std::array<std::uint8_t, 12> expected{};
  const Message got = message(HandshakeType::finished, bytes);
  const bool equal = std::ranges::equal(got.body, expected);
  EXPECT_EQ(check_finished(got, expected) == Error::none, equal);
}

void post_handshake(bool is_client, Version version, Bytes bytes) {
  PostHandshake rules;
  fuzz::Input input(bytes);
  while (input.next_step()) {
    const std::vector<std::uint8_t> content = input.rest_of_step();
    const PostHandshake::Outcome outcome = rules.take(is_client, nullptr, version, content, content.size() % 2 == 0);
    if (outcome.error != Error::none || rules.application_data(content.empty()) != Error::none) return;
  }
}

void session_state(Bytes bytes) {
  SessionState state;
  if (!state.read(bytes)) return;
  std::array<std::uint8_t, SessionState::kMaxSize> again;
  // What was read is written as it was.
  EXPECT_TRUE(std::ranges::equal(state.write(again), bytes));
}

void ticket(Bytes bytes) {
  static const TicketKeys* const keys = [] {
    auto* const made = new TicketKeys;
    made->keys.emplace_back();
    return made;
  }();
  TicketOpener opener;
  if (!opener.prepare(*keys, bytes)) return;
  opener.job.status = crypto::JobStatus::ok;
  SessionState state;
  (void)opener.read(state);
}

void certificate(Version version, Bytes bytes) {
  Bytes entries;
  if (read_certificate(version, message(HandshakeType::certificate, bytes), entries) == Error::none)
    EXPECT_LE(entries.size(), bytes.size());
}

void certificate_verify(Bytes bytes) {
  crypto::SignatureScheme scheme{};
  Bytes signature;
  if (read_certificate_verify(message(HandshakeType::certificate_verify, bytes), scheme, signature) != Error::none)
    return;
  for (const Version version : {Version::tls12, Version::tls13})
    (void)may_sign(version, crypto::KeyType::ecdsa_p256, scheme);
}

// To a client that offers what it does by default, and a protocol.
void of_servers(Bytes bytes) {
  static const ClientConfig& config = *new ClientConfig{.alpn = {"http/1.1"}};
  const ClientOffer offer{.config = config, .session_id_size = 32, .group = crypto::NamedGroup::x25519};
  ReceivedServerHello hello;
  if (hello.read(bytes, offer) == Error::none && hello.version == Version::tls12)
    EXPECT_TRUE(hello.secure_renegotiation);
  Bytes alpn;
  if (read_encrypted_extensions(bytes, offer, alpn) == Error::none)
    EXPECT_TRUE(alpn.empty() || std::ranges::equal(alpn, text_bytes(config.alpn[0])));
  CodePoints signature_algorithms;
  (void)read_certificate_request_tls13(bytes, offer, signature_algorithms);
  (void)read_certificate_request_tls12(bytes, signature_algorithms);
  ReceivedKeyExchange exchange;
  if (exchange.read(message(HandshakeType::server_key_exchange, bytes)) == Error::none)
    EXPECT_LT(exchange.params.size() + exchange.signature.size(), bytes.size());
  NewSessionTicketTls13 ticket13;
  (void)ticket13.read(bytes);
  NewSessionTicketTls12 ticket12;
  (void)ticket12.read(bytes);
}

}  // namespace

void run_one(Bytes bytes) {
  if (bytes.empty()) return;
  const Bytes rest = bytes.subspan(1);
  switch (bytes[0] % 11) {
    case 0:
      return key_exchanges(rest);
    case 1:
      return finished(rest);
    case 2:
      return post_handshake(false, Version::tls13, rest);
    case 3:
      return post_handshake(false, Version::tls12, rest);
    case 4:
      return session_state(rest);
    case 5:
      return ticket(rest);
    case 6:
      return certificate(Version::tls13, rest);
    case 7:
      return certificate(Version::tls12, rest);
    case 8:
      return certificate_verify(rest);
    case 9:
      return post_handshake(true, Version::tls13, rest);
    default:
      return of_servers(rest);
  }
}

}  // namespace lockstep::tls

LOCKSTEP_FUZZER(lockstep::tls::run_one)

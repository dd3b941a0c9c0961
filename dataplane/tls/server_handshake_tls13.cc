// The TLS 1.3 handshake of a server (RFC 8446 section 2 and appendix A.2). The coroutine at the end is the walk; the
// steps before it are plain functions over what the walk carries along.
#include "dataplane/tls/certificate_verify.h"
#include "dataplane/tls/encrypted_extensions.h"
#include "dataplane/tls/finished.h"
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/server_hello.h"

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

// Records that a client sent as early data, with keys that we do not have. We never issued a ticket, so all of them are
// for somebody else; the limit is what servers commonly grant.
constexpr std::uint32_t kMaxEarlyData = 65536;

constexpr std::array<std::uint8_t, 1> kChangeCipherSpec = {1};

bool ok(const crypto::Job& job) {
  return job.status == JobStatus::ok;
}

// Jobs, and the messages they refer to; lives in the coroutine's frame.
struct Tls13Server {
  explicit Tls13Server(Handshake& handshake_in) : handshake(handshake_in) {}

  Error negotiate();
  Bytes digest_in(const std::array<std::uint8_t, kMaxDigest>& digest) const {
    return Bytes(digest).first(digest_bytes);
  }

  void begin_retry();
  Error ask_for_share();
  Error take_second_hello(const Message& message);

  void begin_key_share();
  void write_server_hello();
  void write_encrypted_extensions();
  void begin_derive();
  void begin_sign();
  void begin_key_schedule();
  Error send_flight();
  void take_application_write_keys();
  Error take_finished(const Message& message);

  Handshake& handshake;
  Tls13Choice choice;
  std::size_t digest_bytes = 0;
  bool retry = false;
  std::array<std::uint8_t, 32> first_hello{};  // what the second has to repeat

  crypto::KeyShareJob key_share;
  crypto::TranscriptJob
      hellos;  // first digest: the first hello, for a retry; second: what the handshake keys depend on
  crypto::TranscriptJob certificate;  // second digest: what is signed
  crypto::DeriveJob derive;
  crypto::SignJob sign;
  crypto::Tls13ServerFlightJob flight;
  crypto::RecordKeys client_keys;  // the application's
  crypto::RecordKeys server_keys;

  std::array<std::uint8_t, kMaxServerHello> hello_buffer;
  std::array<std::uint8_t, kMaxEncryptedExtensions> extensions_buffer;
  std::array<std::uint8_t, kMaxCertificateVerify> verify_buffer;
  std::array<std::uint8_t, kMaxFinished> finished_buffer;
  Bytes server_hello;  // or the HelloRetryRequest
  Bytes encrypted_extensions;
  Bytes certificate_verify;

 private:
  Error send_hello();
};

Error Tls13Server::negotiate() {
  // The ClientHello has to end with its record, since keys may change behind it (section 5.1).
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  const auto negotiation = choose_tls13(handshake.config, *handshake.identity, handshake.hello);
  if (!negotiation.ok()) return negotiation.error();
  choice = negotiation.value();
  retry = choice.key_share.empty();
  digest_bytes = digest_size(choice.suite->hash);
  handshake.transcript = RunningHash(choice.suite->hash);
  handshake.negotiated.cipher_suite = choice.suite->suite;
  handshake.negotiated.group = choice.group;
  handshake.negotiated.signature_scheme = choice.signer.scheme;
  handshake.tolerates_change_cipher_spec = true;
  if (handshake.hello.has_early_data) handshake.early_data_to_skip = kMaxEarlyData;
  return Error::none;
}

void Tls13Server::begin_retry() {
  first_hello = unchanging_part(handshake.hello_message.body);
  hellos.transcript = &handshake.transcript;
  hellos.append = {handshake.hello_message.whole, Bytes()};
  handshake.submit(hellos);
}

Error Tls13Server::ask_for_share() {
  // Section 4.4.1: the first ClientHello is represented by its digest.
  const Bytes digest = digest_in(hellos.digest[0]);
  const std::array<std::uint8_t, kHandshakeHeader> header = {static_cast<std::uint8_t>(HandshakeType::message_hash), 0,
                                                             0, static_cast<std::uint8_t>(digest.size())};
  handshake.transcript = RunningHash(choice.suite->hash);
  handshake.transcript.update(header);
  handshake.transcript.update(digest);

  const HelloRetryRequest request{handshake.hello.session_id, choice.suite->suite, choice.group};
  server_hello = request.write(hello_buffer);
  handshake.transcript.update(server_hello);
  handshake.link.core.counters.hello_retry_requests.add();
  handshake.negotiated.hello_retry = true;
  return send_hello();
}

// Section 4.1.2: the second hello repeats the first, and brings the one share that was asked for.
Error Tls13Server::take_second_hello(const Message& message) {
  handshake.early_data_to_skip = 0;
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  if (const Error error = handshake.read_hello(message); error != Error::none) return error;
  const ClientHello& hello = handshake.hello;
  if (hello.has_early_data || unchanging_part(message.body) != first_hello) return Error::hello_changed_after_retry;
  Reader entries(hello.key_shares);
  const std::uint16_t group = entries.u16();
  entries.vector16();
  if (!entries.finished() || group != static_cast<std::uint16_t>(choice.group)) return Error::hello_changed_after_retry;
  return hello.find_key_share(choice.group, choice.key_share);
}

void Tls13Server::begin_key_share() {
  key_share.group = choice.group;
  handshake.submit(key_share);
}

void Tls13Server::write_server_hello() {
  std::array<std::uint8_t, kRandom> random;
  handshake.link.core.random.fill(random);
  const ServerHelloTls13 hello{random, handshake.hello.session_id, choice.suite->suite, choice.group,
                               Bytes(key_share.public_key).first(public_key_size(choice.group))};
  server_hello = hello.write(hello_buffer);
  hellos.transcript = &handshake.transcript;
  hellos.append = {handshake.hello_message.whole, server_hello};
  handshake.submit(hellos);
}

void Tls13Server::write_encrypted_extensions() {
  const EncryptedExtensions extensions{!handshake.hello.server_name.empty(), handshake.alpn};
  encrypted_extensions = extensions.write(extensions_buffer);
  certificate.transcript = &handshake.transcript;
  certificate.append = {encrypted_extensions, choice.signer.credential->certificate_tls13};
  handshake.submit(certificate);
}

void Tls13Server::begin_derive() {
  derive.group = choice.group;
  derive.private_key = &key_share.private_key;
  std::copy(choice.key_share.begin(), choice.key_share.end(), derive.peer_public_key.begin());
  handshake.submit(derive);
}

void Tls13Server::begin_sign() {
  sign.key = choice.signer.credential->key.get();
  sign.scheme = choice.signer.scheme;
  set_certificate_verify_content(sign, digest_in(certificate.digest[1]));
  handshake.submit(sign);
}

void Tls13Server::begin_key_schedule() {
  key_share.private_key.clear();
  certificate_verify =
      write_certificate_verify(verify_buffer, choice.signer.scheme, Bytes(sign.signature).first(sign.signature_size));
  flight.shared_secret = derive.shared_secret.expose(shared_secret_size(choice.group));
  flight.hello_digest = hellos.digest[1];
  flight.transcript = &handshake.transcript;
  flight.before_finished = certificate_verify;
  TrafficKeys& client = handshake.inbound.traffic;
  TrafficKeys& server = handshake.outbound.traffic;
  client.rename(handshake.link);
  server.rename(handshake.link);
  client.keys.aead = server.keys.aead = client_keys.aead = server_keys.aead = choice.suite->aead;
  flight.client_handshake_keys = &client.keys;
  flight.server_handshake_keys = &server.keys;
  flight.client_application_keys = &client_keys;
  flight.server_application_keys = &server_keys;
  handshake.submit(flight);
}

// In plaintext; behind the first one, for clients that ask for it with a session identifier, the change_cipher_spec
// that makes the rest look like TLS 1.2 (appendix D.4).
Error Tls13Server::send_hello() {
  const Bytes change_cipher_spec = kChangeCipherSpec;
  const bool first = !retry || handshake.phase != Phase::server_flight;
  Error error = handshake.outbound.send(handshake.link, ContentType::handshake, std::span(&server_hello, 1));
  if (error == Error::none && first && !handshake.hello.session_id.empty())
    error = handshake.outbound.send(handshake.link, ContentType::change_cipher_spec, std::span(&change_cipher_spec, 1));
  return error;
}

Error Tls13Server::send_flight() {
  derive.shared_secret.clear();
  if (const Error error = send_hello(); error != Error::none) return error;
  handshake.inbound.protect(Protection::tls13);
  handshake.outbound.protect(Protection::tls13);
  const std::array<Bytes, 4> messages = {encrypted_extensions, choice.signer.credential->certificate_tls13,
                                         certificate_verify,
                                         write_finished(finished_buffer, digest_in(flight.server_finished))};
  return handshake.outbound.send(handshake.link, ContentType::handshake, messages);
}

void Tls13Server::take_application_write_keys() {
  handshake.outbound.traffic.assign(handshake.link, server_keys);
  handshake.outbound.traffic.secret.assign(flight.server_application_secret.expose());
  handshake.outbound.traffic.update.hash = choice.suite->hash;
  handshake.outbound.protect(Protection::tls13);
}

Error Tls13Server::take_finished(const Message& message) {
  const Error error = check_finished(message, flight.client_finished.expose(digest_bytes));
  if (error != Error::none) return error;
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  handshake.inbound.traffic.assign(handshake.link, client_keys);
  handshake.inbound.traffic.secret.assign(flight.client_application_secret.expose());
  handshake.inbound.traffic.update.hash = choice.suite->hash;
  handshake.inbound.protect(Protection::tls13);
  return Error::none;
}

}  // namespace

Coroutine server_handshake_tls13(Handshake& handshake) {
  Tls13Server server(handshake);
  if (const Error error = server.negotiate(); error != Error::none) co_return error;

  if (server.retry) {
    server.begin_retry();
    co_await handshake.jobs();
    if (!ok(server.hellos)) co_return Error::engine_failed;
    if (const Error error = server.ask_for_share(); error != Error::none) co_return error;
    handshake.phase = Phase::retried_hello;
    const Message second = co_await handshake.message();
    if (const Error error = server.take_second_hello(second); error != Error::none) co_return error;
  }

  // Our share does not depend on the peer; it is usually made ahead.
  handshake.phase = Phase::key_share;
  server.begin_key_share();
  co_await handshake.jobs();
  if (!ok(server.key_share)) co_return Error::engine_failed;

  // The transcript up to ServerHello, which the handshake keys depend on, and on to Certificate, which is signed.
  handshake.phase = Phase::signing;
  server.write_server_hello();
  co_await handshake.jobs();
  if (!ok(server.hellos)) co_return Error::engine_failed;
  server.write_encrypted_extensions();
  co_await handshake.jobs();
  if (!ok(server.certificate)) co_return Error::engine_failed;

  // The signature does not depend on the shared secret, so both are computed at the same time.
  server.begin_derive();
  server.begin_sign();
  co_await handshake.jobs();
  if (server.derive.status == JobStatus::bad_peer_key) co_return Error::bad_key_share;
  if (!ok(server.derive) || !ok(server.sign)) co_return Error::engine_failed;

  // All keys up to the application's (section 7.1).
  handshake.phase = Phase::key_schedule;
  server.begin_key_schedule();
  co_await handshake.jobs();
  if (!ok(server.flight)) co_return Error::engine_failed;

  // ServerHello in plaintext, EncryptedExtensions to Finished under the handshake keys.
  handshake.phase = Phase::server_flight;
  if (const Error error = server.send_flight(); error != Error::none) co_return error;
  co_await handshake.flight_sent();
  server.take_application_write_keys();

  handshake.phase = Phase::client_finished;
  const Message finished = co_await handshake.message();
  const Error error = server.take_finished(finished);
  co_return error;
}

}  // namespace lockstep::tls

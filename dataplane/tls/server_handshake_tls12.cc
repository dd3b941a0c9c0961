// The first part of a full TLS 1.2 handshake of a server, up to the master secret: with ECDHE (RFC 8422) or with RSA
// key exchange (RFC 5246 sections 7.3 and 7.4.7.1). The coroutine at the end is the walk; the steps before it are plain
// functions over what the walk carries along.
#include "dataplane/tls/client_key_exchange.h"
#include "dataplane/tls/server_key_exchange.h"
#include "dataplane/tls/ticket_keys.h"
#include "dataplane/tls/tls12_steps.h"

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

// Jobs, and the messages they refer to; lives in the coroutine's frame.
struct Tls12Server {
  explicit Tls12Server(Handshake& handshake_in) : handshake(handshake_in) {}

  Error negotiate();
  bool ephemeral() const { return choice.suite->key_exchange == KeyExchange::ecdhe; }
  void begin_key_share();
  void write_server_hello();
  void begin_sign();
  Error send_flight();
  Error take_key_exchange(const Message& message);
  Error key_exchange_result() const;
  void begin_master_secret();
  void end();

  Handshake& handshake;
  Tls12Choice choice;
  crypto::KeyShareJob key_share;
  crypto::TranscriptJob transcript;
  crypto::SignJob sign;
  crypto::DeriveJob derive;
  crypto::RsaPremasterJob premaster;
  crypto::Tls12MasterSecretJob master;

  std::array<std::uint8_t, kMaxServerHello> hello_buffer;
  std::array<std::uint8_t, kMaxEcdhParams> params_buffer;
  std::array<std::uint8_t, kMaxServerKeyExchange> exchange_buffer;
  Bytes server_hello;
  Bytes params;

 private:
  Bytes write_exchange();
  Error begin_derive(const Message& message);
  Error begin_premaster(const Message& message);
  void append(Bytes first, Bytes second = {});
};

Error Tls12Server::negotiate() {
  const auto negotiation = choose_tls12(handshake.config, *handshake.identity, handshake.hello);
  if (!negotiation.ok()) return negotiation.error();
  choice = negotiation.value();
  handshake.transcript = RunningHash(choice.suite->hash);
  handshake.negotiated.cipher_suite = choice.suite->suite;
  handshake.negotiated.group = choice.group;
  handshake.negotiated.signature_scheme = choice.signer.scheme;
  std::copy(handshake.hello.random.begin(), handshake.hello.random.end(), master.client_random.begin());
  fill_server_random_tls12(handshake, master.server_random);
  Tls12Progress& progress = handshake.tls12;
  progress.suite = choice.suite;
  progress.extended_master_secret = master.extended = handshake.hello.extended_master_secret;
  const TicketKeys* const keys = handshake.config.ticket_keys.get();
  progress.promises_ticket = handshake.hello.has_session_ticket && keys != nullptr && keys->sealing != nullptr;
  // Who takes tickets needs no identifier (RFC 5077 section 3.4).
  const CoreLimits& limits = handshake.link.core.limits;
  if (!progress.promises_ticket && limits.cached_sessions != 0)
    progress.session_id = SessionId::make(limits.core, handshake.link.core.random);
  return Error::none;
}

void Tls12Server::append(Bytes first, Bytes second) {
  transcript.transcript = &handshake.transcript;
  transcript.append = {first, second};
  handshake.submit(transcript);
}

void Tls12Server::begin_key_share() {
  key_share.group = choice.group;
  handshake.submit(key_share);
}

void Tls12Server::write_server_hello() {
  const ClientHello& hello = handshake.hello;
  ServerHelloTls12 answer;
  answer.random = master.server_random;
  if (handshake.tls12.session_id) answer.session_id = handshake.tls12.session_id->bytes;
  answer.cipher_suite = choice.suite->suite;
  answer.server_name = !hello.server_name.empty();
  answer.ec_point_formats = ephemeral() && !hello.ec_point_formats.empty();
  answer.encrypt_then_mac = encrypts_then_macs(*choice.suite, hello);
  answer.extended_master_secret = hello.extended_master_secret;
  answer.secure_renegotiation = hello.secure_renegotiation;
  answer.session_ticket = handshake.tls12.promises_ticket;
  answer.alpn = handshake.alpn;
  answer.sizes = handshake.record_sizes;
  server_hello = answer.write(hello_buffer);
  append(handshake.hello_message.whole, server_hello);
}

void Tls12Server::begin_sign() {
  params =
      write_ecdh_params(params_buffer, choice.group, Bytes(key_share.public_key).first(public_key_size(choice.group)));
  sign.key = choice.signer.credential->key.get();
  sign.scheme = choice.signer.scheme;
  set_key_exchange_content(sign, master.client_random, master.server_random, params);
  handshake.submit(sign);
}

// ServerKeyExchange, which the RSA key exchange has not (RFC 5246 section 7.4.3), and ServerHelloDone.
Bytes Tls12Server::write_exchange() {
  if (!ephemeral()) return write_server_hello_done(exchange_buffer);
  const Bytes signature = Bytes(sign.signature).first(sign.signature_size);
  return write_key_exchange_and_done(exchange_buffer, params, choice.signer.scheme, signature);
}

// ServerHello, Certificate, and what follows it; the transcript follows.
Error Tls12Server::send_flight() {
  const Bytes certificate = choice.signer.credential->certificate_tls12;
  const Bytes exchange = write_exchange();
  const std::array<Bytes, 3> messages = {server_hello, certificate, exchange};
  append(certificate, exchange);
  return handshake.outbound.send(handshake.link, ContentType::handshake, messages);
}

Error Tls12Server::take_key_exchange(const Message& message) {
  const Error error = ephemeral() ? begin_derive(message) : begin_premaster(message);
  if (error == Error::none) append(message.whole);
  return error;
}

Error Tls12Server::begin_derive(const Message& message) {
  Bytes peer_key;
  const Error error = read_ecdhe_key_exchange(message, choice.group, peer_key);
  if (error != Error::none) return error;
  derive.group = choice.group;
  derive.private_key = &key_share.private_key;
  std::copy(peer_key.begin(), peer_key.end(), derive.peer_public_key.begin());
  handshake.submit(derive);
  return Error::none;
}

// Whatever was encrypted, the handshake goes on to Finished (RFC 5246 section 7.4.7.1).
Error Tls12Server::begin_premaster(const Message& message) {
  const Error error = read_rsa_key_exchange(message, premaster.encrypted);
  if (error != Error::none) return error;
  premaster.key = choice.signer.credential->key.get();
  premaster.client_version = handshake.hello.legacy_version;
  handshake.link.core.random.fill(premaster.substitute.writable());
  handshake.submit(premaster);
  return Error::none;
}

Error Tls12Server::key_exchange_result() const {
  if (derive.status == JobStatus::bad_peer_key) return Error::bad_key_share;
  const bool exchanged = ephemeral() ? derive.ok() : premaster.ok();
  return exchanged && transcript.ok() ? Error::none : Error::engine_failed;
}

// RFC 5246 section 8.1, RFC 7627 section 4.
void Tls12Server::begin_master_secret() {
  key_share.private_key.clear();
  start_keys_tls12(handshake, master);
  master.premaster =
      ephemeral() ? derive.shared_secret.expose(shared_secret_size(choice.group)) : premaster.premaster.expose();
  master.transcript = &handshake.transcript;
  handshake.submit(master);
}

void Tls12Server::end() {
  handshake.tls12.master_secret.assign(master.master_secret.expose());
  handshake.successor = &finish_handshake_tls12;
}

}  // namespace

Coroutine server_handshake_tls12(Handshake& handshake) {
  Tls12Server server(handshake);
  if (const Error error = server.negotiate(); error != Error::none) co_return error;

  // Our share does not depend on the peer; it is usually made ahead.
  if (server.ephemeral()) {
    handshake.phase = Phase::key_share;
    server.begin_key_share();
    co_await handshake.jobs();
    if (!server.key_share.ok()) co_return Error::engine_failed;
  }

  // The signature covers the randoms and our share (RFC 8422 section 5.4), so the transcript goes on beside it.
  handshake.phase = Phase::signing;
  server.write_server_hello();
  if (server.ephemeral()) server.begin_sign();
  co_await handshake.jobs();
  if ((server.ephemeral() && !server.sign.ok()) || !server.transcript.ok()) co_return Error::engine_failed;
  const Error flight = server.send_flight();
  co_await handshake.jobs();
  if (flight != Error::none) co_return flight;
  if (!server.transcript.ok()) co_return Error::engine_failed;

  handshake.phase = Phase::client_key_exchange;
  const Message key_exchange = co_await handshake.message();
  if (const Error error = server.take_key_exchange(key_exchange); error != Error::none) co_return error;
  co_await handshake.jobs();
  if (const Error error = server.key_exchange_result(); error != Error::none) co_return error;

  handshake.phase = Phase::key_schedule;
  server.begin_master_secret();
  co_await handshake.jobs();
  if (!server.master.ok()) co_return Error::engine_failed;
  server.end();
  co_return Error::none;
}

}  // namespace lockstep::tls

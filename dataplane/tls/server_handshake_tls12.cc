// The first part of a full TLS 1.2 handshake of a server, up to ServerHelloDone: with ECDHE (RFC 8422) or with RSA key
// exchange (RFC 5246 section 7.3). The coroutine at the end is the walk; the steps before it are plain functions over
// what the walk carries along.
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/server_key_exchange.h"
#include "dataplane/tls/ticket_keys.h"
#include "dataplane/tls/tls12_steps.h"

namespace lockstep::tls {

namespace {

// Jobs, and the messages they refer to; lives in the coroutine's frame.
struct Tls12Server {
  explicit Tls12Server(Handshake& handshake_in) : handshake(handshake_in) {}

  Error negotiate();
  bool asks_for_certificate() const { return handshake.config.client_authentication != nullptr; }
  Bytes request() const {
    return asks_for_certificate() ? Bytes(handshake.config.client_authentication->request_tls12) : Bytes();
  }
  bool ephemeral() const { return choice.suite->key_exchange == KeyExchange::ecdhe; }
  void begin_key_share();
  void write_server_hello();
  void begin_sign();
  Error send_flight();
  void end();

  Handshake& handshake;
  Tls12Choice choice;
  crypto::KeyShareJob key_share;
  crypto::SignJob sign;
  TranscriptsTls12 transcripts{handshake};

  std::array<std::uint8_t, kMaxServerHelloTls12> hello_buffer;
  std::array<std::uint8_t, kMaxEcdhParams> params_buffer;
  std::array<std::uint8_t, kMaxServerKeyExchange + kHandshakeHeader> exchange_buffer;
  Bytes server_hello;
  Bytes params;
  Bytes done;
};

Error Tls12Server::negotiate() {
  const auto negotiation = choose_tls12(handshake.config, *handshake.identity, handshake.hello);
  if (!negotiation.ok()) return negotiation.error();
  choice = negotiation.value();
  handshake.transcript = RunningHash(choice.suite->hash);
  handshake.negotiated.cipher_suite = choice.suite->suite;
  handshake.negotiated.group = choice.group;
  handshake.negotiated.signature_scheme = choice.signer.scheme;
  Tls12Progress& progress = handshake.tls12;
  std::copy(handshake.hello.random.begin(), handshake.hello.random.end(), progress.client_random.begin());
  fill_server_random_tls12(handshake, progress.server_random);
  progress.other_transcript = RunningHash(choice.suite->hash == Hash::sha256 ? Hash::sha384 : Hash::sha256);
  progress.suite = choice.suite;
  progress.extended_master_secret = handshake.hello.extended_master_secret;
  const TicketKeys* const keys = handshake.config.ticket_keys.get();
  // RFC 7627 section 5.3: who does not use extended_master_secret should not resume.
  const bool resumable = progress.extended_master_secret;
  progress.promises_ticket =
      resumable && handshake.hello.has_session_ticket && keys != nullptr && keys->sealing != nullptr;
  // Who takes tickets needs no identifier (RFC 5077 section 3.4).
  const CoreLimits& limits = handshake.link.core.limits;
  if (resumable && !progress.promises_ticket && limits.cached_sessions != 0)
    progress.session_id = SessionId::make(limits.core, handshake.link.core.random);
  return Error::none;
}

void Tls12Server::begin_key_share() {
  key_share.group = choice.group;
  handshake.submit(key_share);
}

void Tls12Server::write_server_hello() {
  const ClientHello& hello = handshake.hello;
  ServerHelloTls12 answer;
  answer.random = handshake.tls12.server_random;
  if (handshake.tls12.session_id) answer.session_id = handshake.tls12.session_id->bytes;
  answer.cipher_suite = choice.suite->suite;
  answer.server_name = !hello.server_name.empty();
  answer.ec_point_formats = ephemeral() && !hello.ec_point_formats.empty();
  answer.encrypt_then_mac = encrypts_then_macs(*choice.suite, hello);
  answer.extended_master_secret = hello.extended_master_secret;
  answer.secure_renegotiation = hello.secure_renegotiation;
  answer.session_ticket = handshake.tls12.promises_ticket;
  answer.status_request = choice.status_request;
  answer.sct_list = choice.sct_list;
  answer.alpn = handshake.alpn;
  answer.sizes = handshake.record_sizes;
  server_hello = answer.write(hello_buffer);
  transcripts.append(handshake.hello_message.whole, server_hello);
}

void Tls12Server::begin_sign() {
  params =
      write_ecdh_params(params_buffer, choice.group, Bytes(key_share.public_key).first(public_key_size(choice.group)));
  sign.key = choice.signer.credential->key.get();
  sign.scheme = choice.signer.scheme;
  set_key_exchange_content(sign, handshake.tls12.client_random, handshake.tls12.server_random, params);
  handshake.submit(sign);
}

// ServerHello, Certificate, ServerKeyExchange, which the RSA key exchange has not (RFC 5246 section 7.4.3),
// CertificateRequest and ServerHelloDone.
Error Tls12Server::send_flight() {
  const Bytes certificate = choice.signer.certificate;
  const Bytes exchange = ephemeral() ? write_server_key_exchange(exchange_buffer, params, choice.signer.scheme,
                                                                 Bytes(sign.signature).first(sign.signature_size))
                                     : Bytes();
  done = write_server_hello_done(MutableBytes(exchange_buffer).subspan(exchange.size()));
  const Bytes exchange_and_done = Bytes(exchange_buffer).first(exchange.size() + done.size());
  const std::array<Bytes, 5> messages = {server_hello, certificate, exchange, request(), done};
  transcripts.append(certificate, asks_for_certificate() ? exchange : exchange_and_done);
  return handshake.outbound.send(handshake.link, ContentType::handshake, messages);
}

// What follows the flight needs no more than this.
void Tls12Server::end() {
  Tls12Progress& progress = handshake.tls12;
  progress.group = choice.group;
  progress.private_key.assign(key_share.private_key.expose());
  progress.enciphering = choice.signer.credential->key.get();
  handshake.successor = asks_for_certificate() ? &client_certificate_tls12 : &exchange_keys_tls12;
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
  if ((server.ephemeral() && !server.sign.ok()) || !server.transcripts.ok()) co_return Error::engine_failed;
  const Error flight = server.send_flight();
  co_await handshake.jobs();
  if (flight != Error::none) co_return flight;
  if (!server.transcripts.ok()) co_return Error::engine_failed;
  if (server.asks_for_certificate()) {
    server.transcripts.append(server.request(), server.done);
    co_await handshake.jobs();
    if (!server.transcripts.ok()) co_return Error::engine_failed;
  }
  server.end();
  co_return Error::none;
}

}  // namespace lockstep::tls

// The main part of a TLS 1.3 handshake of a server, from ServerHello to the client's Finished (RFC 8446 section 2 and
// appendix A.2). The coroutine at the end is the walk; the steps before it are plain functions over what the walk
// carries along.
#include "dataplane/tls/certificate_verify.h"
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/encrypted_extensions.h"
#include "dataplane/tls/server_hello.h"
#include "dataplane/tls/tls13_steps.h"

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

// Jobs, and the messages they refer to; lives in the coroutine's frame.
struct Tls13Server {
  explicit Tls13Server(Handshake& handshake_in) : handshake(handshake_in), progress(handshake_in.tls13) {}

  const Tls13Choice& choice() const { return progress.choice; }
  bool resumes() const { return progress.selected_identity.has_value(); }
  // Never beside a PSK (section 4.3.2).
  bool requests_certificate() const { return !resumes() && handshake.config.client_authentication != nullptr; }
  bool takes_early_data() const { return progress.early_data.outcome == EarlyData::accepted; }
  Bytes digest_in(const std::array<std::uint8_t, kMaxDigest>& digest) const {
    return Bytes(digest).first(digest_size(choice().suite->hash));
  }

  Error choose_authentication();
  void begin_key_share();
  void write_server_hello();
  void write_encrypted_extensions();
  void begin_transcript_of_request();
  void begin_transcript_of_certificate();
  void begin_derive();
  void begin_sign();
  Error check_secrets() const;
  void begin_key_schedule();
  Error send_flight();
  void take_application_write_keys();

  Handshake& handshake;
  Tls13Progress& progress;
  Signer signer;  // nobody when a session is resumed

  crypto::KeyShareJob key_share;
  crypto::TranscriptJob hellos;       // second digest: what the handshake keys depend on
  crypto::TranscriptJob certificate;  // second digest: what is signed
  crypto::DeriveJob derive;
  crypto::SignJob sign;
  crypto::Tls13ServerFlightJob flight;
  crypto::Tls13Secrets secrets;
  crypto::RecordKeys client_handshake_keys;  // behind early data
  crypto::RecordKeys server_keys;            // the application's

  std::array<std::uint8_t, kMaxServerHello> hello_buffer;
  std::array<std::uint8_t, kMaxEncryptedExtensions> extensions_buffer;
  std::array<std::uint8_t, kMaxCertificateVerify> verify_buffer;
  std::array<std::uint8_t, kMaxFinished> finished_buffer;
  Bytes server_hello;
  Bytes encrypted_extensions;
  Bytes certificate_request;  // empty: none
  Bytes certificate_verify;
};

// A PSK authenticates by itself (section 2.2); else there has to be a key exchange, and a certificate.
Error Tls13Server::choose_authentication() {
  if (resumes()) return Error::none;
  if (!choice().group) return Error::no_common_group;
  const auto chosen = choose_signer_tls13(handshake.config, *handshake.identity, handshake.hello);
  if (!chosen.ok()) return chosen.error();
  signer = chosen.value();
  handshake.negotiated.signature_scheme = signer.scheme;
  return Error::none;
}

void Tls13Server::begin_key_share() {
  key_share.group = *choice().group;
  handshake.negotiated.group = key_share.group;
  handshake.submit(key_share);
}

void Tls13Server::write_server_hello() {
  std::array<std::uint8_t, kRandom> random;
  handshake.link.core.random.fill(random);
  const Bytes public_key =
      choice().group ? Bytes(key_share.public_key).first(public_key_size(key_share.group)) : Bytes();
  const ServerHelloTls13 hello{random,     handshake.hello.session_id, choice().suite->suite, choice().group,
                               public_key, progress.selected_identity};
  server_hello = hello.write(hello_buffer);
  hellos.transcript = &handshake.transcript;
  hellos.append = {progress.hello, server_hello};
  handshake.submit(hellos);
}

void Tls13Server::write_encrypted_extensions() {
  const EncryptedExtensions extensions{!handshake.hello.server_name.empty(), handshake.alpn, takes_early_data(),
                                       handshake.record_sizes};
  encrypted_extensions = extensions.write(extensions_buffer);
}

void Tls13Server::begin_transcript_of_request() {
  certificate_request = handshake.config.client_authentication->request_tls13;
  certificate.transcript = &handshake.transcript;
  certificate.append = {encrypted_extensions, certificate_request};
  handshake.submit(certificate);
}

void Tls13Server::begin_transcript_of_certificate() {
  certificate.transcript = &handshake.transcript;
  certificate.append = {requests_certificate() ? Bytes() : encrypted_extensions, signer.certificate};
  handshake.submit(certificate);
}

void Tls13Server::begin_derive() {
  if (!choice().group) return;
  derive.group = *choice().group;
  derive.private_key = &key_share.private_key;
  std::copy(choice().key_share.begin(), choice().key_share.end(), derive.peer_public_key.begin());
  handshake.submit(derive);
}

void Tls13Server::begin_sign() {
  sign.key = signer.credential->key.get();
  sign.scheme = signer.scheme;
  const Bytes content =
      write_certificate_verify_content(sign.content, kServerCertificateVerify, digest_in(certificate.digest[1]));
  sign.content_size = static_cast<std::uint16_t>(content.size());
  handshake.submit(sign);
}

Error Tls13Server::check_secrets() const {
  if (choice().group && derive.status == JobStatus::bad_peer_key) return Error::bad_key_share;
  const bool derived = !choice().group || derive.ok();
  const bool authenticated = resumes() || sign.ok();
  return hellos.ok() && derived && authenticated ? Error::none : Error::engine_failed;
}

void Tls13Server::begin_key_schedule() {
  key_share.private_key.clear();
  if (resumes()) {
    flight.psk = progress.secret.expose(digest_size(choice().suite->hash));
    flight.before_finished = encrypted_extensions;
  } else {
    certificate_verify =
        write_certificate_verify(verify_buffer, signer.scheme, Bytes(sign.signature).first(sign.signature_size));
    flight.before_finished = certificate_verify;
  }
  if (choice().group) flight.shared_secret = derive.shared_secret.expose(shared_secret_size(derive.group));
  flight.hello_digest = hellos.digest[1];
  flight.transcript = &handshake.transcript;
  TrafficKeys& client = handshake.inbound.traffic;
  TrafficKeys& server = handshake.outbound.traffic;
  const crypto::Aead aead = choice().suite->aead();
  progress.client_keys.aead = server_keys.aead = aead;
  // While early data is read, its keys stay in place.
  client_handshake_keys.aead = aead;
  flight.early_data = takes_early_data();
  if (handshake.config.exporters || handshake.config.log_secrets) flight.secrets = &secrets;
  flight.client_handshake_keys = takes_early_data() ? &client_handshake_keys : &client.start(handshake.link, aead);
  flight.server_handshake_keys = &server.start(handshake.link, aead);
  flight.client_application_keys = &progress.client_keys;
  flight.server_application_keys = &server_keys;
  handshake.submit(flight);
}

Error Tls13Server::send_flight() {
  derive.shared_secret.clear();
  progress.secret.assign(flight.master_secret.expose());
  progress.client_application_secret.assign(flight.client_application_secret.expose());
  progress.client_finished_key.assign(flight.client_finished_key.expose());
  const Error error = handshake.send_hello_tls13(server_hello, !handshake.negotiated.hello_retry);
  if (error != Error::none) return error;
  if (!takes_early_data()) handshake.inbound.protect(Protection::tls13);
  handshake.outbound.protect(Protection::tls13);
  const Bytes finished = write_finished(finished_buffer, digest_in(flight.server_finished));
  const Bytes chain = resumes() ? Bytes() : signer.certificate;
  const std::array<Bytes, 5> messages = {encrypted_extensions, certificate_request, chain, certificate_verify,
                                         finished};
  return handshake.outbound.send(handshake.link, ContentType::handshake, messages);
}

void Tls13Server::take_application_write_keys() {
  handshake.outbound.traffic.assign(handshake.link, server_keys);
  handshake.outbound.traffic.aead()->secret.assign(flight.server_application_secret.expose());
  handshake.outbound.traffic.aead()->update.hash = choice().suite->hash;
  handshake.outbound.protect(Protection::tls13);
  handshake.answers_early_data = takes_early_data();
}

}  // namespace

Coroutine server_handshake_tls13(Handshake& handshake) {
  Tls13Server server(handshake);
  if (const Error error = server.choose_authentication(); error != Error::none) co_return error;

  // Our share does not depend on the peer; it is usually made ahead.
  if (server.choice().group) {
    handshake.phase = Phase::key_share;
    server.begin_key_share();
    co_await handshake.jobs();
    if (!server.key_share.ok()) co_return Error::engine_failed;
  }

  // The transcript up to ServerHello, which the handshake keys depend on.
  handshake.phase = Phase::signing;
  server.write_server_hello();
  server.write_encrypted_extensions();
  if (server.resumes()) {
    server.begin_derive();
    co_await handshake.jobs();
  } else {
    co_await handshake.jobs();
    if (!server.hellos.ok()) co_return Error::engine_failed;
    if (server.requests_certificate()) {
      server.begin_transcript_of_request();
      co_await handshake.jobs();
      if (!server.certificate.ok()) co_return Error::engine_failed;
    }
    // On to Certificate, which is signed.
    server.begin_transcript_of_certificate();
    co_await handshake.jobs();
    if (!server.certificate.ok()) co_return Error::engine_failed;
    // The signature does not depend on the shared secret, so both are computed at the same time.
    server.begin_derive();
    server.begin_sign();
    co_await handshake.jobs();
  }
  if (const Error error = server.check_secrets(); error != Error::none) co_return error;

  // All keys up to the application's (section 7.1).
  handshake.phase = Phase::key_schedule;
  server.begin_key_schedule();
  co_await handshake.jobs();
  if (!server.flight.ok()) co_return Error::engine_failed;
  give_out_secrets_tls13(handshake, server.flight);

  // ServerHello in plaintext, EncryptedExtensions to Finished under the handshake keys.
  handshake.phase = Phase::server_flight;
  if (const Error error = server.send_flight(); error != Error::none) co_return error;
  co_await handshake.flight_sent();
  server.take_application_write_keys();

  if (server.requests_certificate()) {
    handshake.successor = &client_certificate_tls13;
    co_return Error::none;
  }
  if (server.takes_early_data()) {
    handshake.phase = Phase::early_data;
    const Message end = co_await handshake.message();
    const Error error = take_end_of_early_data(handshake, end, server.client_handshake_keys);
    if (error != Error::none) co_return error;
  }

  handshake.phase = Phase::client_finished;
  const Message finished = co_await handshake.message();
  const Error error = take_finished_tls13(handshake, finished, server.flight.client_finished);
  co_return error;
}

}  // namespace lockstep::tls

// The second part of a client's TLS 1.3 handshake, from the handshake keys to the server's Finished (RFC 8446 section 2
// and appendix A.1).
//
// All keys come from the server's job: it is run once for the handshake keys, with nothing behind the hellos, and once
// more when the transcript has reached CertificateVerify, or EncryptedExtensions where a session goes on. What the
// first run says about later keys is not used.
#include <algorithm>

#include "dataplane/tls/certificate_request.h"
#include "dataplane/tls/certificate_verify.h"
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/client_handshake.h"
#include "dataplane/tls/encrypted_extensions.h"
#include "dataplane/tls/finished.h"

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

// Jobs, and what they refer to; lives in the coroutine's frame.
struct Tls13Client {
  explicit Tls13Client(ClientHandshake& handshake_in) : handshake(handshake_in), offer(handshake_in.offer) {}

  Hash hash() const { return handshake.suite->hash; }
  void begin_handshake_keys();
  Error take_handshake_keys();
  void begin_transcript(const Message& message);
  Error take_encrypted_extensions(const Message& message);
  Error take_certificate_request(const Message& message);
  Error begin_chain(const Message& message);
  Error take_verdict() const;
  Error begin_verify(const Message& message);
  void begin_application_keys(const Message& before_finished);
  Error check_verify() const;
  Error take_finished(const Message& message);
  void end();

  ClientHandshake& handshake;
  const ClientOffer& offer;
  crypto::TranscriptJob transcript;
  crypto::VerifyChainJob chain;
  crypto::VerifyJob verify;
  crypto::Tls13ServerFlightJob schedule;
  RunningHash hellos;  // what the first run may append to
  crypto::RecordKeys unused_client_keys;
  crypto::RecordKeys unused_server_keys;
  std::array<std::uint8_t, kMaxCertificateVerifyContent> content;
};

void Tls13Client::begin_handshake_keys() {
  const crypto::Aead aead = handshake.suite->aead();
  handshake.tls13.client_keys.aead = handshake.tls13.server_keys.aead = aead;
  unused_client_keys.aead = unused_server_keys.aead = aead;
  hellos = handshake.transcript;
  if (handshake.negotiated.resumed) schedule.psk = handshake.psk.expose(digest_size(hash()));
  schedule.shared_secret = handshake.shared_secret.expose(shared_secret_size(handshake.negotiated.group));
  schedule.hello_digest = handshake.hello_digest;
  schedule.transcript = &hellos;
  schedule.client_handshake_keys = &handshake.outbound.traffic.start(handshake.link, aead);
  schedule.server_handshake_keys = &handshake.inbound.traffic.start(handshake.link, aead);
  schedule.client_application_keys = &unused_client_keys;
  schedule.server_application_keys = &unused_server_keys;
  handshake.submit(schedule);
}

// From here on both sides protect what they say; change_cipher_spec goes in front of it (appendix D.4), unless it went
// in front of the second hello.
Error Tls13Client::take_handshake_keys() {
  if (!schedule.ok()) return Error::engine_failed;
  const Error error = handshake.negotiated.hello_retry ? Error::none : handshake.send_change_cipher_spec();
  handshake.inbound.protect(Protection::tls13);
  handshake.outbound.protect(Protection::tls13);
  return error;
}

void Tls13Client::begin_transcript(const Message& message) {
  transcript.transcript = &handshake.transcript;
  transcript.append = {message.whole, Bytes()};
  handshake.submit(transcript);
}

Error Tls13Client::take_encrypted_extensions(const Message& message) {
  if (message.type != HandshakeType::encrypted_extensions) return Error::unexpected_handshake_message;
  Bytes alpn;
  const Error error = read_encrypted_extensions(message.body, offer, alpn);
  if (error != Error::none) return error;
  handshake.remember_alpn({reinterpret_cast<const char*>(alpn.data()), alpn.size()});
  // Who has the PSK is the server of the session (section 2.2).
  if (handshake.negotiated.resumed) {
    begin_application_keys(message);
  } else {
    begin_transcript(message);
  }
  return Error::none;
}

Error Tls13Client::take_certificate_request(const Message& message) {
  CodePoints signature_algorithms;
  const Error error = read_certificate_request_tls13(message.body, offer, signature_algorithms);
  if (error != Error::none) return error;
  handshake.tls13.certificate_requested = true;
  handshake.tls13.signer = handshake.choose_signer(Version::tls13, signature_algorithms);
  begin_transcript(message);
  return Error::none;
}

// A server must have one (section 4.4.2.4).
Error Tls13Client::begin_chain(const Message& message) {
  const Error error = read_certificate(Version::tls13, message, chain.certificates);
  if (error != Error::none) return error;
  if (chain.certificates.empty()) return Error::empty_certificate;
  begin_transcript(message);
  handshake.begin_chain(chain, Version::tls13);
  return Error::none;
}

Error Tls13Client::take_verdict() const {
  return transcript.ok() ? handshake.take_verdict(chain) : Error::engine_failed;
}

// By a scheme that was offered, and that the certificate's key can sign with (section 4.4.3). The rest of the key
// schedule does not depend on the answer.
Error Tls13Client::begin_verify(const Message& message) {
  const Error error = read_certificate_verify(message, verify.scheme, verify.signature);
  if (error != Error::none) return error;
  const auto& offered = handshake.config.signature_schemes;
  if (std::find(offered.begin(), offered.end(), verify.scheme) == offered.end() ||
      !may_sign(Version::tls13, chain.key.type, verify.scheme))
    return Error::bad_signature_scheme;
  handshake.negotiated.signature_scheme = verify.scheme;
  verify.key = &chain.key;
  verify.content = write_certificate_verify_content(content, kServerCertificateVerify,
                                                    Bytes(transcript.digest[0]).first(digest_size(hash())));
  handshake.submit(verify);
  begin_application_keys(message);
  return Error::none;
}

void Tls13Client::begin_application_keys(const Message& before_finished) {
  schedule.transcript = &handshake.transcript;
  schedule.before_finished = before_finished.whole;
  schedule.client_handshake_keys = &unused_client_keys;
  schedule.server_handshake_keys = &unused_server_keys;
  schedule.client_application_keys = &handshake.tls13.client_keys;
  schedule.server_application_keys = &handshake.tls13.server_keys;
  handshake.submit(schedule);
}

Error Tls13Client::check_verify() const {
  if (verify.status == JobStatus::bad_signature) return Error::bad_certificate_verify;
  return verify.ok() && schedule.ok() ? Error::none : Error::engine_failed;
}

// Behind it the server's keys change (section 4.4.4).
Error Tls13Client::take_finished(const Message& message) {
  const Error error = check_finished(message, Bytes(schedule.server_finished).first(digest_size(hash())));
  if (error != Error::none) return error;
  return handshake.reader.at_boundary() ? Error::none : Error::data_across_key_change;
}

void Tls13Client::end() {
  Tls13ClientProgress& progress = handshake.tls13;
  progress.client_application_secret.assign(schedule.client_application_secret.expose());
  progress.server_application_secret.assign(schedule.server_application_secret.expose());
  progress.client_finished.assign(schedule.client_finished.expose());
  progress.client_finished_key.assign(schedule.client_finished_key.expose());
  progress.master_secret.assign(schedule.master_secret.expose());
  handshake.successor = &client_finish_tls13;
}

}  // namespace

Coroutine client_handshake_tls13(ClientHandshake& handshake) {
  Tls13Client client(handshake);
  client.begin_handshake_keys();
  co_await handshake.jobs();
  if (const Error error = client.take_handshake_keys(); error != Error::none) co_return error;

  handshake.phase = Phase::encrypted_extensions;
  Message message = co_await handshake.message();
  if (const Error error = client.take_encrypted_extensions(message); error != Error::none) co_return error;
  co_await handshake.jobs();

  if (handshake.negotiated.resumed) {
    if (!client.schedule.ok()) co_return Error::engine_failed;
  } else {
    if (!client.transcript.ok()) co_return Error::engine_failed;
    handshake.phase = Phase::server_certificate;
    message = co_await handshake.message();
    if (message.type == HandshakeType::certificate_request) {
      if (const Error error = client.take_certificate_request(message); error != Error::none) co_return error;
      co_await handshake.jobs();
      if (!client.transcript.ok()) co_return Error::engine_failed;
      message = co_await handshake.message();
    }
    // The chain is verified before a signature is looked at, so that a server's fault has its name.
    if (const Error error = client.begin_chain(message); error != Error::none) co_return error;
    co_await handshake.jobs();
    if (const Error error = client.take_verdict(); error != Error::none) co_return error;
    message = co_await handshake.message();
    if (const Error error = client.begin_verify(message); error != Error::none) co_return error;
    co_await handshake.jobs();
    if (const Error error = client.check_verify(); error != Error::none) co_return error;
  }

  handshake.phase = Phase::server_finished;
  message = co_await handshake.message();
  if (const Error error = client.take_finished(message); error != Error::none) co_return error;
  client.end();
  co_return Error::none;
}

}  // namespace lockstep::tls

// The part of a TLS 1.3 handshake in which the client authenticates: its Certificate, CertificateVerify and Finished
// (RFC 8446 sections 4.4.2 to 4.4.4). The chain is verified before a signature is waited for, so that a client learns
// what is wrong with its certificate.
#include "dataplane/tls/certificate_verify.h"
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/tls13_steps.h"

namespace lockstep::tls {

namespace {

// Jobs, and what they refer to; lives in the coroutine's frame.
struct ClientCertificate {
  explicit ClientCertificate(Handshake& handshake_in) : handshake(handshake_in) {}

  Error take_certificate(const Message& message);
  bool has_certificate() const { return !chain.certificates.empty(); }
  void begin_chain(const Message& message);
  Error take_verdict();
  Error begin_verify(const Message& message);
  void begin_finished(const Message& last);
  Error check_verify() const;

  Handshake& handshake;
  crypto::VerifyChainJob chain;
  crypto::TranscriptJob certificate;  // first digest: what is signed
  crypto::VerifyJob verify;
  crypto::Tls13ClientFinishedJob finished;
  std::array<std::uint8_t, kMaxCertificateVerifyContent> content;
};

// An empty list is an answer where none is required (section 4.4.2.4).
Error ClientCertificate::take_certificate(const Message& message) {
  const Error error = read_certificate(Version::tls13, message, chain.certificates);
  if (error != Error::none) return error;
  const bool missing = !has_certificate() && handshake.config.client_authentication->required;
  return missing ? Error::certificate_required : Error::none;
}

void ClientCertificate::begin_chain(const Message& message) {
  certificate.transcript = &handshake.transcript;
  certificate.append = {message.whole, Bytes()};
  handshake.submit(certificate);
  chain.with_extensions = true;
  begin_chain_of_client(handshake, chain);
}

Error ClientCertificate::take_verdict() {
  if (!certificate.ok() || !chain.ok()) return Error::engine_failed;
  return take_verdict_on_client(handshake, chain);
}

// By a scheme that was asked for, and that the certificate's key can sign with (section 4.4.3).
Error ClientCertificate::begin_verify(const Message& message) {
  const Error error = read_certificate_verify(message, verify.scheme, verify.signature);
  if (error != Error::none) return error;
  if (!may_sign(Version::tls13, chain.key.type, verify.scheme)) return Error::bad_signature_scheme;
  const Bytes digest = Bytes(certificate.digest[0]).first(digest_size(handshake.transcript.hash()));
  verify.key = &chain.key;
  verify.content = write_certificate_verify_content(content, kClientCertificateVerify, digest);
  handshake.submit(verify);
  return Error::none;
}

void ClientCertificate::begin_finished(const Message& last) {
  finished.finished_key = &handshake.tls13.client_finished_key;
  finished.transcript = &handshake.transcript;
  finished.before_finished = last.whole;
  handshake.submit(finished);
}

Error ClientCertificate::check_verify() const {
  if (has_certificate() && verify.status == crypto::JobStatus::bad_signature) return Error::bad_certificate_verify;
  return finished.ok() && (!has_certificate() || verify.ok()) ? Error::none : Error::engine_failed;
}

}  // namespace

Coroutine client_certificate_tls13(Handshake& handshake) {
  ClientCertificate client(handshake);
  handshake.phase = Phase::client_certificate;
  const Message certificate = co_await handshake.message();
  if (const Error error = client.take_certificate(certificate); error != Error::none) co_return error;
  if (client.has_certificate()) {
    client.begin_chain(certificate);
    co_await handshake.jobs();
    if (const Error error = client.take_verdict(); error != Error::none) co_return error;
    const Message verify = co_await handshake.message();
    if (const Error error = client.begin_verify(verify); error != Error::none) co_return error;
    client.begin_finished(verify);
  } else {
    client.begin_finished(certificate);
  }
  co_await handshake.jobs();
  if (const Error error = client.check_verify(); error != Error::none) co_return error;

  handshake.phase = Phase::client_finished;
  const Message finished = co_await handshake.message();
  const Error error = take_finished_tls13(handshake, finished, client.finished.client_finished);
  co_return error;
}

}  // namespace lockstep::tls

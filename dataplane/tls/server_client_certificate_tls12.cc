// The parts of a full TLS 1.2 handshake in which the client authenticates: its Certificate in front of the key exchange
// (RFC 5246 section 7.4.6), and CertificateVerify behind it (section 7.4.8).
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/tls12_steps.h"

namespace lockstep::tls {

namespace {

struct ClientCertificate {
  explicit ClientCertificate(Handshake& handshake_in) : handshake(handshake_in) {}

  Error take_certificate(const Message& message);
  Error take_verdict();

  Handshake& handshake;
  TranscriptsTls12 transcripts{handshake};
  crypto::VerifyChainJob chain;
};

// An empty list is an answer where none is required (section 7.4.6).
Error ClientCertificate::take_certificate(const Message& message) {
  const Error error = read_certificate(Version::tls12, message, chain.certificates);
  if (error != Error::none) return error;
  if (!chain.certificates.empty())
    begin_chain_of_client(handshake, chain);
  else if (handshake.config.client_authentication->required)
    return Error::certificate_required_tls12;
  transcripts.append(message.whole);
  return Error::none;
}

Error ClientCertificate::take_verdict() {
  if (!transcripts.ok()) return Error::engine_failed;
  if (chain.certificates.empty()) return Error::none;
  if (!chain.ok()) return Error::engine_failed;
  handshake.tls12.client_key = chain.key;
  return take_verdict_on_client(handshake, chain);
}

struct CertificateVerify {
  explicit CertificateVerify(Handshake& handshake_in) : handshake(handshake_in) {}

  Error take_verify(const Message& message);
  void begin_verify(const Message& message);
  Error result() const;

  Handshake& handshake;
  crypto::TranscriptJob digest;  // of the messages so far, in the hash of the scheme
  crypto::TranscriptJob own;
  crypto::VerifyJob verify;
};

// By a scheme that was asked for, and that the certificate's key can sign with.
Error CertificateVerify::take_verify(const Message& message) {
  const Error error = read_certificate_verify(message, verify.scheme, verify.signature);
  if (error != Error::none) return error;
  if (!may_sign(Version::tls12, handshake.tls12.client_key->type, verify.scheme)) return Error::bad_signature_scheme;
  const bool own_hash = hash_of(verify.scheme) == handshake.transcript.hash();
  digest.transcript = own_hash ? &handshake.transcript : &handshake.tls12.other_transcript;
  handshake.submit(digest);
  return Error::none;
}

// The signature is over the messages up to this one; Finished covers it, too.
void CertificateVerify::begin_verify(const Message& message) {
  verify.key = &*handshake.tls12.client_key;
  verify.content = Bytes(digest.digest[0]).first(digest_size(digest.transcript->hash()));
  verify.hashed = true;
  handshake.submit(verify);
  own.transcript = &handshake.transcript;
  own.append = {message.whole, Bytes()};
  handshake.submit(own);
}

Error CertificateVerify::result() const {
  if (verify.status == crypto::JobStatus::bad_signature) return Error::bad_certificate_verify;
  return verify.ok() && own.ok() ? Error::none : Error::engine_failed;
}

}  // namespace

Coroutine client_certificate_tls12(Handshake& handshake) {
  ClientCertificate client(handshake);
  handshake.phase = Phase::client_certificate;
  handshake.successor = &exchange_keys_tls12;
  const Message message = co_await handshake.message();
  if (const Error error = client.take_certificate(message); error != Error::none) co_return error;
  co_await handshake.jobs();
  const Error error = client.take_verdict();
  co_return error;
}

Coroutine certificate_verify_tls12(Handshake& handshake) {
  CertificateVerify client(handshake);
  handshake.phase = Phase::client_certificate;
  handshake.successor = &finish_handshake_tls12;
  const Message message = co_await handshake.message();
  if (const Error error = client.take_verify(message); error != Error::none) co_return error;
  co_await handshake.jobs();
  if (!client.digest.ok()) co_return Error::engine_failed;
  client.begin_verify(message);
  co_await handshake.jobs();
  const Error error = client.result();
  co_return error;
}

}  // namespace lockstep::tls

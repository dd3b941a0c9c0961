// A full TLS 1.2 handshake of a client, from the server's Certificate to the master secret (RFC 5246 section 7.3, RFC
// 8422): key exchange by ECDHE, master secret over all messages (RFC 7627).
#include <algorithm>

#include "dataplane/tls/certificate_request.h"
#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/client_steps_tls12.h"
#include "dataplane/tls/server_key_exchange.h"

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

// Jobs, and what they refer to; lives in the coroutine's frame.
struct Tls12Client {
  explicit Tls12Client(ClientHandshake& handshake_in) : handshake(handshake_in), progress(handshake_in.tls12) {}

  Error begin_chain(const Message& message);
  Error take_verdict() const;
  Error take_key_exchange(const Message& message);
  Error check_key_exchange() const;
  Error take_certificate_request(const Message& message);
  Error take_done(const Message& message);
  Error begin_client_key_exchange();
  Error begin_master_secret();
  Error end();

  ClientHandshake& handshake;
  Tls12ClientProgress& progress;
  ClientTranscriptTls12 transcripts{handshake};
  crypto::VerifyChainJob chain;
  crypto::VerifyJob verify;
  crypto::KeyShareJob key_share;
  crypto::DeriveJob derive;
  crypto::Tls12MasterSecretJob master;

 private:
  Error check_scheme(crypto::SignatureScheme scheme) const;
  void begin_verify(Bytes params);

  std::array<std::uint8_t, 2 * kRandom + kMaxEcdhParams> content_;
  std::array<std::uint8_t, kMaxDigest> digest_;
};

// Section 7.4.2: a server must have one, for these key exchanges.
Error Tls12Client::begin_chain(const Message& message) {
  const Error error = read_certificate(Version::tls12, message, chain.certificates);
  if (error != Error::none) return error;
  if (chain.certificates.empty()) return Error::empty_certificate;
  transcripts.append(message.whole);
  handshake.begin_chain(chain, Version::tls12);
  return Error::none;
}

Error Tls12Client::take_verdict() const {
  return transcripts.ok() ? handshake.take_verdict(chain) : Error::engine_failed;
}

// A scheme that was offered, of the certificate's key, which is of the suite's kind (sections 7.4.2 and 7.4.3, RFC 8422
// section 5.4).
Error Tls12Client::check_scheme(crypto::SignatureScheme scheme) const {
  const auto& offered = handshake.config.signature_schemes;
  if (std::find(offered.begin(), offered.end(), scheme) == offered.end()) return Error::bad_signature_scheme;
  const bool rsa = chain.key.type == crypto::KeyType::rsa;
  if (rsa != (handshake.suite->authentication == Authentication::rsa)) return Error::certificate_not_of_suite;
  return is_of_key(Version::tls12, chain.key.type, scheme) ? Error::none : Error::bad_signature_scheme;
}

Error Tls12Client::take_key_exchange(const Message& message) {
  ReceivedKeyExchange exchange;
  if (const Error error = exchange.read(message); error != Error::none) return error;
  if (!handshake.offer.offers(exchange.group)) return Error::group_not_offered;
  if (exchange.public_key.size() != public_key_size(exchange.group)) return Error::bad_key_share;
  if (const Error error = check_scheme(exchange.scheme); error != Error::none) return error;
  handshake.negotiated.group = derive.group = key_share.group = exchange.group;
  handshake.negotiated.signature_scheme = verify.scheme = exchange.scheme;
  std::copy(exchange.public_key.begin(), exchange.public_key.end(), derive.peer_public_key.begin());
  verify.signature = exchange.signature;
  begin_verify(exchange.params);
  handshake.submit(key_share);
  transcripts.append(message.whole);
  return Error::none;
}

// In TLS 1.2 a scheme of ECDSA names a hash and no curve (RFC 8446 section 4.2.3), so that these few bytes are hashed
// here.
void Tls12Client::begin_verify(Bytes params) {
  Writer writer(content_);
  writer.bytes(progress.client_random);
  writer.bytes(progress.server_random);
  writer.bytes(params);
  verify.key = &chain.key;
  verify.content = writer.written();
  verify.hashed = chain.key.type == crypto::KeyType::ecdsa_p256 || chain.key.type == crypto::KeyType::ecdsa_p384;
  if (verify.hashed) {
    const Hash hash = hash_of(verify.scheme);
    digest_of(hash, verify.content, digest_);
    verify.content = Bytes(digest_).first(digest_size(hash));
  }
  handshake.submit(verify);
}

Error Tls12Client::check_key_exchange() const {
  if (verify.status == JobStatus::bad_signature) return Error::bad_key_exchange_signature;
  return verify.ok() && key_share.ok() && transcripts.ok() ? Error::none : Error::engine_failed;
}

Error Tls12Client::take_certificate_request(const Message& message) {
  CodePoints signature_algorithms;
  const Error error = read_certificate_request_tls12(message.body, signature_algorithms);
  if (error != Error::none) return error;
  progress.certificate_requested = true;
  transcripts.append(message.whole);
  return Error::none;
}

Error Tls12Client::take_done(const Message& message) {
  if (message.type != HandshakeType::server_hello_done) return Error::unexpected_handshake_message;
  if (!message.body.empty()) return Error::malformed_message;
  transcripts.append(message.whole);
  derive.private_key = &key_share.private_key;
  handshake.submit(derive);
  return Error::none;
}

// Who is asked for a certificate answers in front of the key exchange (section 7.4.6).
Error Tls12Client::begin_client_key_exchange() {
  if (derive.status == JobStatus::bad_peer_key) return Error::bad_key_share;
  if (!derive.ok() || !transcripts.ok()) return Error::engine_failed;
  progress.write_key_exchange(Bytes(key_share.public_key).first(public_key_size(key_share.group)));
  transcripts.append(progress.certificate(), progress.key_exchange);
  return Error::none;
}

// RFC 7627 section 4.
Error Tls12Client::begin_master_secret() {
  if (!transcripts.ok()) return Error::engine_failed;
  start_client_keys_tls12(handshake, master);
  master.premaster = derive.shared_secret.expose(shared_secret_size(derive.group));
  master.transcript = &handshake.transcript;
  handshake.submit(master);
  return Error::none;
}

Error Tls12Client::end() {
  if (!master.ok()) return Error::engine_failed;
  progress.master_secret.assign(master.master_secret.expose());
  handshake.successor = &client_finish_tls12;
  return Error::none;
}

}  // namespace

Coroutine client_handshake_tls12(ClientHandshake& handshake) {
  Tls12Client client(handshake);
  handshake.phase = Phase::server_certificate;
  Message message = co_await handshake.message();
  // The chain is verified before a signature is looked at, so that a server's fault has its name.
  if (const Error error = client.begin_chain(message); error != Error::none) co_return error;
  co_await handshake.jobs();
  if (const Error error = client.take_verdict(); error != Error::none) co_return error;
  message = co_await handshake.message();
  if (const Error error = client.take_key_exchange(message); error != Error::none) co_return error;
  co_await handshake.jobs();
  if (const Error error = client.check_key_exchange(); error != Error::none) co_return error;

  message = co_await handshake.message();
  if (message.type == HandshakeType::certificate_request) {
    if (const Error error = client.take_certificate_request(message); error != Error::none) co_return error;
    co_await handshake.jobs();
    if (!client.transcripts.ok()) co_return Error::engine_failed;
    message = co_await handshake.message();
  }
  if (const Error error = client.take_done(message); error != Error::none) co_return error;
  co_await handshake.jobs();

  handshake.phase = Phase::key_schedule;
  if (const Error error = client.begin_client_key_exchange(); error != Error::none) co_return error;
  co_await handshake.jobs();
  if (const Error error = client.begin_master_secret(); error != Error::none) co_return error;
  co_await handshake.jobs();
  const Error error = client.end();
  co_return error;
}

}  // namespace lockstep::tls

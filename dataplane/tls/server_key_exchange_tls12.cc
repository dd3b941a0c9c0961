// The part of a full TLS 1.2 handshake in which the client exchanges keys: with ECDHE (RFC 8422 section 5.7) or with
// RSA (RFC 5246 section 7.4.7.1), up to the master secret.
#include "dataplane/tls/client_key_exchange.h"
#include "dataplane/tls/tls12_steps.h"

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

struct Tls12KeyExchange {
  explicit Tls12KeyExchange(Handshake& handshake_in) : handshake(handshake_in), progress(handshake_in.tls12) {}

  bool ephemeral() const { return progress.suite->key_exchange == KeyExchange::ecdhe; }
  Error take_key_exchange(const Message& message);
  Error result() const;
  void begin_master_secret();
  void end();

  Handshake& handshake;
  Tls12Progress& progress;
  TranscriptsTls12 transcripts{handshake};
  crypto::DeriveJob derive;
  crypto::RsaPremasterJob premaster;
  crypto::Tls12MasterSecretJob master;

 private:
  Error begin_derive(const Message& message);
  Error begin_premaster(const Message& message);
};

Error Tls12KeyExchange::take_key_exchange(const Message& message) {
  const Error error = ephemeral() ? begin_derive(message) : begin_premaster(message);
  if (error == Error::none) transcripts.append(message.whole);
  return error;
}

Error Tls12KeyExchange::begin_derive(const Message& message) {
  Bytes peer_key;
  const Error error = read_ecdhe_key_exchange(message, progress.group, peer_key);
  if (error != Error::none) return error;
  derive.group = progress.group;
  derive.private_key = &progress.private_key;
  std::copy(peer_key.begin(), peer_key.end(), derive.peer_public_key.begin());
  handshake.submit(derive);
  return Error::none;
}

// Whatever was encrypted, the handshake goes on to Finished (RFC 5246 section 7.4.7.1).
Error Tls12KeyExchange::begin_premaster(const Message& message) {
  const Error error = read_rsa_key_exchange(message, premaster.encrypted);
  if (error != Error::none) return error;
  premaster.key = progress.enciphering;
  premaster.client_version = handshake.hello.legacy_version;
  handshake.link.core.random.fill(premaster.substitute.writable());
  handshake.submit(premaster);
  return Error::none;
}

Error Tls12KeyExchange::result() const {
  if (derive.status == JobStatus::bad_peer_key) return Error::bad_key_share;
  const bool exchanged = ephemeral() ? derive.ok() : premaster.ok();
  return exchanged && transcripts.ok() ? Error::none : Error::engine_failed;
}

// RFC 5246 section 8.1, RFC 7627 section 4: a client's Certificate is covered, its CertificateVerify is not.
void Tls12KeyExchange::begin_master_secret() {
  progress.private_key.clear();
  start_keys_tls12(handshake, master);
  master.extended = progress.extended_master_secret;
  master.client_random = progress.client_random;
  master.server_random = progress.server_random;
  master.premaster =
      ephemeral() ? derive.shared_secret.expose(shared_secret_size(progress.group)) : premaster.premaster.expose();
  master.transcript = &handshake.transcript;
  handshake.submit(master);
}

void Tls12KeyExchange::end() {
  give_out_secrets_tls12(handshake, master);
  progress.master_secret.assign(master.master_secret.expose());
  handshake.successor = progress.client_key ? &certificate_verify_tls12 : &finish_handshake_tls12;
}

}  // namespace

Coroutine exchange_keys_tls12(Handshake& handshake) {
  Tls12KeyExchange exchange(handshake);
  handshake.phase = Phase::client_key_exchange;
  const Message message = co_await handshake.message();
  if (const Error error = exchange.take_key_exchange(message); error != Error::none) co_return error;
  co_await handshake.jobs();
  if (const Error error = exchange.result(); error != Error::none) co_return error;

  handshake.phase = Phase::key_schedule;
  exchange.begin_master_secret();
  co_await handshake.jobs();
  if (!exchange.master.ok()) co_return Error::engine_failed;
  exchange.end();
  co_return Error::none;
}

}  // namespace lockstep::tls

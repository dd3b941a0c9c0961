// Secrets that leave the handshake: for exporters, and for who decrypts captured connections.
#include "dataplane/tls/exporter.h"

#include <algorithm>

#include "dataplane/tls/handshake.h"

namespace lockstep::tls {

namespace {

// Without room the connection goes on, and has nothing to export.
Exporter* keep_exporter(Handshake& handshake) {
  if (!handshake.config.exporters) return nullptr;
  Core& core = handshake.link.core;
  Exporter* const exporter = core.exporters.make();
  if (exporter == nullptr) core.counters.pool_full.add();
  handshake.negotiated.exporter = exporter;
  return exporter;
}

}  // namespace

void give_out_secrets_tls13(Handshake& handshake, const crypto::Tls13ServerFlightJob& flight) {
  if (flight.secrets == nullptr) return;
  const crypto::Tls13Secrets& secrets = *flight.secrets;
  const Hash hash = handshake.tls13.choice.suite->hash;
  if (Exporter* const exporter = keep_exporter(handshake); exporter != nullptr) {
    exporter->hash = hash;
    exporter->secret.assign(secrets.exporter_master.expose());
  }
  if (!handshake.config.log_secrets) return;
  const auto log = [&](SecretName name, const Secret<kMaxDigest>& secret) {
    handshake.link.core.environment.log_secret(name, handshake.hello.random, secret.expose(digest_size(hash)));
  };
  log(SecretName::client_handshake_traffic_secret, secrets.client_handshake_traffic);
  log(SecretName::server_handshake_traffic_secret, secrets.server_handshake_traffic);
  log(SecretName::client_traffic_secret_0, flight.client_application_secret);
  log(SecretName::server_traffic_secret_0, flight.server_application_secret);
  log(SecretName::exporter_secret, secrets.exporter_master);
}

void give_out_early_secret(Handshake& handshake, const Secret<kMaxDigest>& traffic_secret) {
  if (!handshake.config.log_secrets) return;
  const std::size_t size = digest_size(handshake.tls13.choice.suite->hash);
  handshake.link.core.environment.log_secret(SecretName::client_early_traffic_secret, handshake.hello.random,
                                             traffic_secret.expose(size));
}

// Without extended_master_secret two connections can have the same master secret, and exporters do not tell them apart
// (RFC 7627 section 5.4).
void give_out_secrets_tls12(Handshake& handshake, const crypto::Tls12MasterSecretJob& job) {
  if (handshake.config.log_secrets)
    handshake.link.core.environment.log_secret(SecretName::client_random, job.client_random,
                                               job.master_secret.expose());
  if (!handshake.tls12.extended_master_secret) return;
  Exporter* const exporter = keep_exporter(handshake);
  if (exporter == nullptr) return;
  exporter->tls13 = false;
  exporter->hash = job.hash;
  exporter->secret.assign(job.master_secret.expose());
  std::copy(job.client_random.begin(), job.client_random.end(), exporter->randoms.begin());
  std::copy(job.server_random.begin(), job.server_random.end(), exporter->randoms.begin() + 32);
}

}  // namespace lockstep::tls

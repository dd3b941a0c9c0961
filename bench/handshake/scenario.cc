#include "bench/handshake/scenario.h"

#include <openssl/pem.h>

#include <cstring>

#include "bench/support/keys.h"
#include "control/engines.h"
#include "crypto/base/random.h"
#include "crypto/openssl/certificate.h"
#include "crypto/openssl/key_file.h"
#include "dataplane/tls/ticket_keys.h"
#include "tests/support/certificates.h"

namespace lockstep::bench {
namespace {

crypto::UniqueBio reader(const std::string& pem) {
  return crypto::UniqueBio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

crypto::UniqueCertificate read_certificate(const std::string& pem) {
  crypto::UniqueCertificate certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  require(certificate != nullptr, "reading a certificate");
  return certificate;
}

UniqueSslContext make_context(const SSL_METHOD* method, const ScenarioName& names) {
  UniqueSslContext made(SSL_CTX_new(method));
  SSL_CTX* const context = made.get();
  require(context != nullptr && SSL_CTX_set_min_proto_version(context, names.version) == 1 &&
              SSL_CTX_set_max_proto_version(context, names.version) == 1 &&
              (names.groups == nullptr || SSL_CTX_set1_groups_list(context, names.groups) == 1) &&
              SSL_CTX_set1_sigalgs_list(context, "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256") == 1 &&
              SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") == 1 &&
              SSL_CTX_set_cipher_list(context, names.groups == nullptr
                                                   ? "AES128-GCM-SHA256"
                                                   : "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256") == 1,
          "preparing libssl");
  SSL_CTX_set_session_cache_mode(context,
                                 names.resumed == Resumed::by_identifier ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF);
  if (names.resumed != Resumed::by_ticket) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_read_ahead(context, 1);
  return made;
}

void set_certificate(SSL_CTX* context, const std::string& leaf, const std::string& authority, const std::string& key,
                     std::size_t tickets) {
  const crypto::UniquePkey pkey(PEM_read_bio_PrivateKey(reader(key).get(), nullptr, nullptr, nullptr));
  require(SSL_CTX_use_certificate(context, read_certificate(leaf).get()) == 1 &&
              SSL_CTX_add1_chain_cert(context, read_certificate(authority).get()) == 1 &&
              SSL_CTX_use_PrivateKey(context, pkey.get()) == 1 && SSL_CTX_set_num_tickets(context, tickets) == 1,
          "preparing a libssl server");
}

bool prefers_x25519(const ScenarioName& names) {
  return names.groups != nullptr && std::strncmp(names.groups, "X25519", 6) == 0;
}

int group_of(const ScenarioName& names) {
  if (names.groups == nullptr) return NID_undef;
  return prefers_x25519(names) ? NID_X25519 : NID_X9_62_prime256v1;
}

std::shared_ptr<const tls::TicketKeys> make_ticket_keys() {
  auto keys = std::make_shared<tls::TicketKeys>();
  tls::TicketKey& key = keys->keys.emplace_back();
  key.keys.aead = crypto::Aead::aes_256_gcm;
  key.keys.id = tls::shared_key_id();
  require(fill_from_kernel(key.name) && fill_from_kernel(key.keys.key.writable()), "getrandom");
  keys->sealing = &key;
  return keys;
}

tls::ServerConfig make_config(const ScenarioName& names, const std::string& chain, const std::string& key) {
  auto certificates = crypto::load_certificate_chain(chain);
  require(certificates.ok(), "loading a chain");
  auto loaded = crypto::load_private_key(key);
  require(loaded.ok(), "loading a key");
  control::prepare_key(*loaded.value());
  tls::ServerConfig config;
  const tls::Credential credential = tls::make_credential(certificates.value().der, std::move(loaded.value()));
  config.identities = std::make_shared<tls::Identities>(tls::Identities{{{{credential}}}, {}, {}});
  config.tls12 = names.version == TLS1_2_VERSION;
  config.tls13 = names.version == TLS1_3_VERSION;
  config.cipher_suites = {tls::CipherSuite::tls_aes_128_gcm_sha256, tls::CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256,
                          tls::CipherSuite::ecdhe_rsa_aes_128_gcm_sha256};
  if (names.groups == nullptr) config.cipher_suites = {tls::CipherSuite::rsa_aes_128_gcm_sha256};
  config.groups = {crypto::NamedGroup::secp256r1};
  if (names.resumed == Resumed::by_ticket) {
    config.ticket_keys = make_ticket_keys();
    config.tickets = 1;
  }
  if (prefers_x25519(names)) config.groups.insert(config.groups.begin(), crypto::NamedGroup::x25519);
  return config;
}

}  // namespace

Scenario::Scenario(const ScenarioName& names)
    : resumed(names.resumed),
      client(make_context(TLS_client_method(), names)),
      group(group_of(names)),
      openssl_server(make_context(TLS_server_method(), names)) {
  const test::Issuer authority = test::make_authority("Lockstep benchmark CA");
  test::CertificateRequest request;
  request.key_pem = test::make_key(names.certificate);
  request.common_name = "example.org";
  const std::string leaf = test::make_certificate(request, &authority);
  set_certificate(openssl_server.get(), leaf, authority.certificate_pem, request.key_pem,
                  resumed == Resumed::by_ticket ? 1 : 0);
  lockstep_server = make_config(names, leaf + authority.certificate_pem, request.key_pem);
}

}  // namespace lockstep::bench

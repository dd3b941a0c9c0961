#include "tests/sim/credentials.h"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/key_file.h"
#include "tests/sim/deterministic_rand.h"
#include "tests/support/certificates.h"

namespace lockstep::sim {

namespace {

const test::Issuer& authority() {
  static const test::Issuer issuer = [] {
    test::CertificateRequest request;
    request.key_pem = test::make_key("RSA");
    request.common_name = "Simulated CA";
    request.alt_names.clear();
    request.key_usage = "critical,keyCertSign";
    request.extended_key_usage.clear();
    request.authority = true;
    return test::Issuer{test::make_certificate(request), request.key_pem};
  }();
  return issuer;
}

/// What is made once: the parts of a credential.
struct Material {
  std::string key_pem;
  std::string certificate_pem;
};

Material make_material(const std::string& type) {
  test::CertificateRequest request;
  request.key_pem = test::make_key(type);
  request.common_name = "example.org";
  request.alt_names = "DNS:example.org";
  return {request.key_pem, test::make_certificate(request, &authority())};
}

const std::array<Material, 2>& materials() {
  static const std::array<Material, 2> made = [] {
    seed_libcrypto(0);
    return std::array{make_material("RSA"), make_material("P-256")};
  }();
  return made;
}

tls::Credential credential(const Material& material) {
  auto chain = crypto::load_certificate_chain(material.certificate_pem);
  auto key = crypto::load_private_key(material.key_pem);
  if (!chain || !key) {
    std::fputs("cannot load certificates\n", stderr);
    std::exit(1);
  }
  return tls::make_credential(chain.value().der, std::move(key.value()));
}

}  // namespace

void make_certificates() {
  (void)materials();
}

std::shared_ptr<const tls::ServerConfig> tls_config() {
  auto config = std::make_shared<tls::ServerConfig>();
  tls::Identity identity;
  for (const Material& material : materials()) identity.credentials.push_back(credential(material));
  config->identities = std::make_shared<tls::Identities>(tls::Identities{{std::move(identity)}, {}, {}});
  config->cipher_suites = tls::default_cipher_suites();
  config->groups = tls::default_groups();
  config->handshake_timeout = seconds(300);  // a bad network, not a bad client
  return config;
}

void trust_authority(SSL_CTX* context) {
  const std::string& pem = authority().certificate_pem;
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate);
  X509_free(certificate);
  BIO_free(bio);
}

}  // namespace lockstep::sim

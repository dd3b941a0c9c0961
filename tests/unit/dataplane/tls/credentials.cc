#include "tests/unit/dataplane/tls/credentials.h"

#include <gtest/gtest.h>

#include <map>

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/key_file.h"
#include "tests/support/certificates.h"

namespace lockstep::tls::test {

namespace {

const lockstep::test::Issuer& authority() {
  static const lockstep::test::Issuer issuer = lockstep::test::make_authority("Lockstep test CA");
  return issuer;
}

Credential make(const std::string& type) {
  lockstep::test::CertificateRequest request;
  request.key_pem = lockstep::test::make_key(type);
  request.common_name = "example.org";
  request.alt_names = "DNS:example.org,DNS:*.example.org";
  const std::string pem = lockstep::test::make_certificate(request, &authority());
  return credential_of(pem + authority().certificate_pem, request.key_pem);
}

}  // namespace

Credential credential_of(const std::string& chain_pem, const std::string& key_pem) {
  auto chain = crypto::load_certificate_chain(chain_pem);
  EXPECT_TRUE(chain.ok()) << chain.error();
  auto key = crypto::load_private_key(key_pem);
  EXPECT_TRUE(key.ok()) << key.error();
  return make_credential(chain.value().der, std::move(key.value()));
}

const std::string& authority_pem() {
  return authority().certificate_pem;
}

const Credential& credential(const std::string& type) {
  static std::map<std::string, Credential> made;
  const auto found = made.find(type);
  return found != made.end() ? found->second : made.emplace(type, make(type)).first->second;
}

ServerConfig config_with(const std::vector<std::string>& types) {
  ServerConfig config;
  Identity identity;
  for (const std::string& type : types) identity.credentials.push_back(credential(type));
  config.identities = std::make_shared<Identities>(Identities{{std::move(identity)}, {}, {}});
  config.cipher_suites = default_cipher_suites();
  config.groups = default_groups();
  return config;
}

void change_identities(ServerConfig& config, const std::function<void(Identities&)>& change) {
  auto changed = std::make_shared<Identities>(*config.identities);
  change(*changed);
  config.identities = std::move(changed);
}

}  // namespace lockstep::tls::test

// Clients with certificates: libssl on the other side, verification by libcrypto.
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <ctime>
#include <map>

#include "crypto/openssl/engine.h"
#include "crypto/openssl/trust_store.h"
#include "crypto/record/engine.h"
#include "dataplane/tls/client_authentication.h"
#include "tests/support/certificates.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using lockstep::test::Issuer;

struct Client {
  std::string certificate;  // PEM, with what follows in the chain
  std::string key;
};

const std::string& key_of(const std::string& type) {
  static std::map<std::string, std::string> made;
  const auto found = made.find(type);
  if (found != made.end()) return found->second;
  const bool rsa = type.rfind("RSA", 0) == 0;
  const unsigned bits = type == "RSA-3072" ? 3072 : type == "RSA-4096" ? 4096 : 2048;
  return made.emplace(type, lockstep::test::make_key(rsa ? "RSA" : type, bits)).first->second;
}

const Issuer& authority() {
  static const Issuer issuer = lockstep::test::make_authority("Clients' CA");
  return issuer;
}

Client client_with(const std::string& type, const std::function<void(lockstep::test::CertificateRequest&)>& bend = {},
                   const Issuer& issuer = authority()) {
  lockstep::test::CertificateRequest request;
  request.key_pem = key_of(type);
  request.common_name = "Alice";
  request.alt_names = "";
  request.extended_key_usage = "clientAuth";
  if (bend) bend(request);
  return {lockstep::test::make_certificate(request, &issuer), request.key_pem};
}

void use(SSL* ssl, const Client& client) {
  if (client.certificate.empty()) return;
  BIO* const certificates = BIO_new_mem_buf(client.certificate.data(), static_cast<int>(client.certificate.size()));
  X509* const leaf = PEM_read_bio_X509(certificates, nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_use_certificate(ssl, leaf), 1);
  X509_free(leaf);
  while (X509* const next = PEM_read_bio_X509(certificates, nullptr, nullptr, nullptr)) SSL_add0_chain_cert(ssl, next);
  BIO_free(certificates);
  BIO* const bio = BIO_new_mem_buf(client.key.data(), static_cast<int>(client.key.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_use_PrivateKey(ssl, key), 1);
  EVP_PKEY_free(key);
  BIO_free(bio);
}

struct Visit {
  bool established = false;
  bool reused = false;
  bool known = false;
  std::string subject;
  Error error = Error::none;
  std::string failure;  // libssl's
  std::shared_ptr<SSL_SESSION> session;
};

class LibsslClientCertificate : public ::testing::TestWithParam<int> {
 protected:
  int version() const { return GetParam(); }

  void ask(bool required, const std::vector<std::string_view>& revocation_lists = {},
           const std::string& authorities = authority().certificate_pem) {
    const auto loaded = crypto::load_trust_store({.authorities = authorities, .revocation_lists = revocation_lists});
    ASSERT_TRUE(loaded) << loaded.error();
    config_.client_authentication = std::make_shared<const ClientAuthentication>(
        make_client_authentication(required, loaded.value().store, loaded.value().names));
  }

  Visit visit(const Client& client, const std::function<void(SSL*)>& setup = {},
              const std::shared_ptr<SSL_SESSION>& session = nullptr) {
    DriverOptions options;
    options.seed = ++seed_;
    Driver server(config_, *engine_, options);
    server.core().wall_clock_offset = seconds(std::time(nullptr));
    LibsslPeer peer(
        [&](SSL_CTX* context) {
          SSL_CTX_set_min_proto_version(context, version());
          SSL_CTX_set_max_proto_version(context, version());
        },
        [&](SSL* ssl) {
          SSL_set_tlsext_host_name(ssl, "example.org");
          use(ssl, client);
          if (setup) setup(ssl);
          if (session) SSL_set_session(ssl, session.get());
        });
    exchange(server, peer);
    if (server.established) {
      peer.write("ping");
      server.send("pong");
      exchange(server, peer);
      EXPECT_EQ(server.received, "ping");
      EXPECT_EQ(peer.received, "pong");
    }
    const SessionInfo info = server.session().info();
    Visit result;
    result.established = server.established;
    result.error = info.error;
    result.failure = peer.failure;
    result.reused = SSL_session_reused(peer.ssl()) == 1;
    result.known = info.client != nullptr;
    if (info.client != nullptr) result.subject = info.client->subject_text();
    peer.close();
    if (server.established) result.session = {SSL_get1_session(peer.ssl()), SSL_SESSION_free};
    return result;
  }
  void expect_refused(const Client& client, Error error, const std::string& alert) {
    const Visit visited = visit(client);
    EXPECT_FALSE(visited.established);
    EXPECT_EQ(visited.error, error) << name(visited.error);
    EXPECT_NE(visited.failure.find(alert), std::string::npos) << visited.failure;
  }

  std::uint64_t seed_ = 0;
  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ServerConfig config_ = config_with({"P-256", "RSA"});
};

INSTANTIATE_TEST_SUITE_P(Versions, LibsslClientCertificate, ::testing::Values(TLS1_3_VERSION, TLS1_2_VERSION),
                         [](const auto& suite) { return suite.param == TLS1_3_VERSION ? "Tls13" : "Tls12"; });

TEST_P(LibsslClientCertificate, OfEveryKeyTypeAuthenticates) {
  ask(true);
  for (const std::string type : {"RSA", "RSA-3072", "RSA-4096", "P-256", "P-384", "ED25519"}) {
    SCOPED_TRACE(type);
    if (type == "ED25519" && version() == TLS1_2_VERSION) continue;  // not asked for
    const Visit visited = visit(client_with(type));
    EXPECT_TRUE(visited.established) << visited.failure << ", " << describe(visited.error);
    EXPECT_EQ(visited.subject, "CN=Alice");
  }
}

TEST_P(LibsslClientCertificate, SignsWithAnySchemeThatIsAskedFor) {
  ask(true);
  const bool tls13 = version() == TLS1_3_VERSION;
  std::vector<std::string> schemes = {"RSA-PSS+SHA256", "RSA-PSS+SHA384"};
  for (const std::string more : {tls13 ? "RSA-PSS+SHA512" : "RSA+SHA256", tls13 ? "RSA-PSS+SHA512" : "RSA+SHA384"})
    schemes.push_back(more);
  for (const std::string& scheme : schemes) {
    const Visit visited =
        visit(client_with("RSA"), [&](SSL* ssl) { SSL_set1_client_sigalgs_list(ssl, scheme.c_str()); });
    EXPECT_TRUE(visited.established) << scheme << visited.failure << ", " << describe(visited.error);
  }
}

TEST_P(LibsslClientCertificate, WithEverySuiteAuthenticates) {
  ask(true);
  const std::vector<const char*> suites =
      version() == TLS1_3_VERSION
          ? std::vector<const char*>{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
          : std::vector<const char*>{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"};
  for (const char* const suite : suites) {
    const Visit visited = visit(client_with("P-256"), [&](SSL* ssl) {
      if (version() == TLS1_3_VERSION)
        SSL_set_ciphersuites(ssl, suite);
      else
        SSL_set_cipher_list(ssl, suite);
    });
    EXPECT_TRUE(visited.established) << suite << ": " << visited.failure << ", " << describe(visited.error);
  }
}

TEST_P(LibsslClientCertificate, OfAnIntermediateAuthorityIsTakenWithItsChain) {
  ask(true);
  lockstep::test::CertificateRequest request;
  request.key_pem = key_of("P-384");
  request.common_name = "Intermediate";
  request.alt_names = request.extended_key_usage = "";
  request.authority = true;
  const Issuer intermediate = {lockstep::test::make_certificate(request, &authority()), request.key_pem};
  Client client = client_with("P-256", {}, intermediate);
  expect_refused(client, Error::unknown_authority, "unknown ca");
  client.certificate += intermediate.certificate_pem;
  EXPECT_TRUE(visit(client).established);
}

TEST_P(LibsslClientCertificate, IsMissedWhereItIsRequired) {
  ask(true);
  if (version() == TLS1_3_VERSION)
    expect_refused({}, Error::certificate_required, "certificate required");
  else
    expect_refused({}, Error::certificate_required_tls12, "handshake failure");
}

TEST_P(LibsslClientCertificate, IsNotMissedWhereItIsNotRequired) {
  ask(false);
  const Visit without = visit({});
  EXPECT_TRUE(without.established) << without.failure;
  EXPECT_FALSE(without.known);
  EXPECT_EQ(visit(client_with("RSA")).subject, "CN=Alice");
}

TEST_P(LibsslClientCertificate, IsNotSentToWhoDoesNotAsk) {
  const Visit visited = visit(client_with("P-256"));
  EXPECT_TRUE(visited.established);
  EXPECT_FALSE(visited.known);
}

TEST_P(LibsslClientCertificate, OfAnotherAuthorityIsRefused) {
  ask(true);
  const Issuer other = lockstep::test::make_authority("Other CA");
  expect_refused(client_with("P-256", {}, other), Error::unknown_authority, "unknown ca");
  ask(false);
  expect_refused(client_with("P-256", {}, other), Error::unknown_authority, "unknown ca");
}

TEST_P(LibsslClientCertificate, OfAnAuthorityOfTheSameNameIsRefused) {
  ask(true);
  const Issuer same_name = lockstep::test::make_authority("Clients' CA");
  const Visit visited = visit(client_with("P-256", {}, same_name));
  EXPECT_FALSE(visited.established);
  EXPECT_TRUE(visited.error == Error::malformed_certificate || visited.error == Error::unknown_authority)
      << name(visited.error);
}

TEST_P(LibsslClientCertificate, OutsideItsTimeIsRefused) {
  ask(true);
  const auto expired = [](lockstep::test::CertificateRequest& request) {
    request.not_before = -7200;
    request.not_after = -3600;
  };
  expect_refused(client_with("P-256", expired), Error::expired_certificate, "certificate expired");
  const auto early = [](lockstep::test::CertificateRequest& request) { request.not_before = 3600; };
  expect_refused(client_with("P-256", early), Error::expired_certificate, "certificate expired");
}

TEST_P(LibsslClientCertificate, OfAnotherPurposeIsRefused) {
  ask(true);
  const auto server = [](lockstep::test::CertificateRequest& request) { request.extended_key_usage = "serverAuth"; };
  expect_refused(client_with("P-256", server), Error::unsupported_certificate, "unsupported certificate");
  const auto encipher = [](lockstep::test::CertificateRequest& request) { request.key_usage = "keyAgreement"; };
  expect_refused(client_with("P-256", encipher), Error::unsupported_certificate, "unsupported certificate");
}

TEST_P(LibsslClientCertificate, ThatWasRevokedIsRefused) {
  const Client client = client_with("P-256");
  const std::string list = lockstep::test::make_revocation_list(authority(), client.certificate);
  ask(true, {list});
  expect_refused(client, Error::revoked_certificate, "certificate revoked");
  EXPECT_TRUE(visit(client_with("P-256")).established);
}

TEST_P(LibsslClientCertificate, IsRememberedWhenASessionGoesOn) {
  ask(true);
  config_.ticket_keys = ticket_keys(1, random_);
  const Visit first = visit(client_with("P-256"));
  ASSERT_TRUE(first.established) << first.failure << describe(first.error);
  Visit again = visit({}, {}, first.session);
  ASSERT_TRUE(again.reused);
  EXPECT_EQ(again.subject, "CN=Alice");
  again = visit({}, {}, again.session);
  ASSERT_TRUE(again.reused);
  EXPECT_EQ(again.subject, "CN=Alice");
}

TEST_P(LibsslClientCertificate, IsAskedForAgainWhenTheSessionHadNone) {
  ask(false);
  config_.ticket_keys = ticket_keys(1, random_);
  const Visit first = visit({});
  ASSERT_TRUE(first.established);
  EXPECT_TRUE(visit({}, {}, first.session).reused);
  ask(true);
  const Visit again = visit(client_with("P-256"), {}, first.session);
  EXPECT_TRUE(again.established);
  EXPECT_FALSE(again.reused);
  EXPECT_EQ(again.subject, "CN=Alice");
}

TEST_P(LibsslClientCertificate, IsAskedForAgainInAnotherScope) {
  ask(true);
  config_.ticket_keys = ticket_keys(1, random_);
  const Visit first = visit(client_with("P-256"));
  ASSERT_TRUE(first.established);
  config_.resumption_scope[0] ^= 1;  // as a new bundle or list makes it
  EXPECT_FALSE(visit(client_with("P-256"), {}, first.session).reused);
}

}  // namespace
}  // namespace lockstep::tls::test

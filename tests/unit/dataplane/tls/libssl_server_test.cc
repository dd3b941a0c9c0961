// Our client with libssl as its server, chains verified by libcrypto.
#include <gtest/gtest.h>

#include <ctime>

#include "crypto/openssl/engine.h"
#include "crypto/openssl/trust_store.h"
#include "tests/support/certificates.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"

namespace lockstep::tls::test {
namespace {

using lockstep::test::CertificateRequest;
using lockstep::test::Issuer;

const Issuer& authority() {
  static const Issuer issuer = lockstep::test::make_authority("Servers' CA");
  return issuer;
}

class LibsslServer : public ::testing::Test {
 protected:
  LibsslServer() {
    const auto loaded = crypto::load_trust_store({.authorities = authority().certificate_pem});
    config_.trust = loaded.value().store;
    config_.server_name = config_.certified_name = "example.org";
    request_.key_pem = lockstep::test::make_key("P-256");
  }

  // Shakes hands with a server that shows what `request_` says; a word goes each way when that works.
  SessionInfo visit(const std::function<void(SSL_CTX*)>& setup_context = {},
                    const std::function<void(SSL*)>& setup = {}, const Issuer* issuer = &authority()) {
    if (client_ == nullptr || !stays_) client_ = std::make_unique<Driver>(config_, *engine_);
    if (stays_) client_->restart(config_);
    client_->core().wall_clock_offset = seconds(std::time(nullptr));
    const auto setup_with_keys = [&](SSL_CTX* context) {
      // All are one server: tickets of one are good for the next.
      std::array<unsigned char, 80> ticket_keys;
      ticket_keys.fill(0x5a);
      EXPECT_EQ(SSL_CTX_set_tlsext_ticket_keys(context, ticket_keys.data(), ticket_keys.size()), 1);
      if (setup_context) setup_context(context);
    };
    server_ = std::make_unique<LibsslPeer>(lockstep::test::make_certificate(request_, issuer), request_.key_pem,
                                           setup_with_keys, setup);
    exchange(*client_, *server_);
    if (client_->established && !server_->failed()) {
      EXPECT_TRUE(server_->established()) << server_->failure;
      server_->write("pong");
      client_->send("ping");
      exchange(*client_, *server_);
      EXPECT_EQ(server_->received, "ping");
      EXPECT_EQ(client_->received, "pong");
    }
    return client_->session().info();
  }
  // Gives us a certificate of the same authority.
  void show_certificate(const char* key) {
    CertificateRequest ours;
    ours.key_pem = lockstep::test::make_key(key);
    ours.extended_key_usage = "clientAuth";
    config_.identity.credentials = {credential_of(lockstep::test::make_certificate(ours, &authority()), ours.key_pem)};
  }
  static void tls12(SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); }
  // A server that wants a certificate.
  static std::function<void(SSL_CTX*)> asking(const char* suite = "TLS_AES_128_GCM_SHA256") {
    return [suite](SSL_CTX* context) {
      ASSERT_EQ(SSL_CTX_set_ciphersuites(context, suite), 1);
      trust(context, authority().certificate_pem);
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      const unsigned char scope[] = {1};
      SSL_CTX_set_session_id_context(context, scope, sizeof scope);
    };
  }
  void expect_refused(Error error, const Issuer* issuer = &authority()) {
    const SessionInfo info = visit({}, {}, issuer);
    EXPECT_FALSE(info.established);
    EXPECT_EQ(info.error, error) << name(info.error);
    EXPECT_FALSE(server_->failure.empty());
  }

  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ClientConfig config_;
  CertificateRequest request_;
  bool stays_ = false;  // the client's core with its sessions
  std::unique_ptr<Driver> client_;
  std::unique_ptr<LibsslPeer> server_;
};

TEST_F(LibsslServer, IsUnderstoodWithEverySuiteGroupAndCertificate) {
  for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    for (const char* group : {"X25519", "P-256", "P-384"}) {
      for (const char* key : {"RSA", "P-256", "P-384", "ED25519"}) {
        SCOPED_TRACE(std::string(suite) + " " + group + " " + key);
        static std::map<std::string, std::string> keys;
        std::string& pem = keys[key];
        if (pem.empty()) pem = lockstep::test::make_key(key);
        request_.key_pem = pem;
        const SessionInfo info = visit([&](SSL_CTX* context) {
          ASSERT_EQ(SSL_CTX_set_ciphersuites(context, suite), 1);
          ASSERT_EQ(SSL_CTX_set1_groups_list(context, group), 1);
        });
        ASSERT_TRUE(info.established) << describe(info.error);
        EXPECT_STREQ(name(info.cipher_suite), suite);
        EXPECT_EQ(info.hello_retry, std::string(group) != "X25519");
        EXPECT_STREQ(SSL_get_servername(server_->ssl(), TLSEXT_NAMETYPE_host_name), "example.org");
      }
    }
  }
}

TEST_F(LibsslServer, IsResumedWithEverySuiteAndGroup) {
  stays_ = true;
  for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    for (const char* group : {"X25519", "P-256", "P-384"}) {
      SCOPED_TRACE(std::string(suite) + " " + group);
      const auto setup = [&](SSL_CTX* context) {
        ASSERT_EQ(SSL_CTX_set_ciphersuites(context, suite), 1);
        ASSERT_EQ(SSL_CTX_set1_groups_list(context, group), 1);
      };
      config_.resumption_scope[0]++;
      for (int visits = 0; visits < 4; ++visits) {
        const SessionInfo info = visit(setup);
        ASSERT_TRUE(info.established) << describe(info.error);
        EXPECT_EQ(info.resumed, visits != 0);
        EXPECT_EQ(SSL_session_reused(server_->ssl()), visits != 0);
      }
    }
  }
}

TEST_F(LibsslServer, IsNotResumedAfterTheSuiteWentToAnotherHash) {
  stays_ = true;
  const auto with = [](const char* suite) {
    return [suite](SSL_CTX* context) { ASSERT_EQ(SSL_CTX_set_ciphersuites(context, suite), 1); };
  };
  EXPECT_TRUE(visit(with("TLS_AES_128_GCM_SHA256")).established);
  const SessionInfo info = visit(with("TLS_AES_256_GCM_SHA384"));
  EXPECT_TRUE(info.established) << describe(info.error);
  EXPECT_FALSE(info.resumed);
  EXPECT_TRUE(visit(with("TLS_AES_128_GCM_SHA256")).resumed);
}

TEST_F(LibsslServer, MayForgetItsTicketKeys) {
  stays_ = true;
  visit();
  const SessionInfo info = visit([](SSL_CTX* context) {
    std::array<unsigned char, 80> ticket_keys;
    ticket_keys.fill(0x5b);
    EXPECT_EQ(SSL_CTX_set_tlsext_ticket_keys(context, ticket_keys.data(), ticket_keys.size()), 1);
  });
  EXPECT_TRUE(info.established) << describe(info.error);
  EXPECT_FALSE(info.resumed);
  EXPECT_EQ(client_->counters().client_sessions_refused.value(), 1U);
}

TEST_F(LibsslServer, GetsTheShareOfTheFirstGroup) {
  config_.groups = {crypto::NamedGroup::secp256r1, crypto::NamedGroup::x25519};
  const SessionInfo info = visit();
  ASSERT_TRUE(info.established) << describe(info.error);
  EXPECT_EQ(info.group, crypto::NamedGroup::secp256r1);
  EXPECT_FALSE(info.hello_retry);
}

TEST_F(LibsslServer, MayShowAChain) {
  CertificateRequest between;
  between.key_pem = lockstep::test::make_key("P-256");
  between.common_name = "Between";
  between.alt_names = between.extended_key_usage = "";
  between.key_usage = "critical,keyCertSign";
  between.authority = true;
  const Issuer issuer = {lockstep::test::make_certificate(between, &authority()), between.key_pem};
  const std::string leaf = lockstep::test::make_certificate(request_, &issuer);
  client_ = std::make_unique<Driver>(config_, *engine_);
  client_->core().wall_clock_offset = seconds(std::time(nullptr));
  server_ = std::make_unique<LibsslPeer>(leaf + issuer.certificate_pem, request_.key_pem);
  exchange(*client_, *server_);
  EXPECT_TRUE(client_->established) << describe(client_->session().info().error);
}

TEST_F(LibsslServer, IsRefusedForAnotherName) {
  request_.alt_names = "DNS:example.com";
  expect_refused(Error::wrong_certificate_name);
  EXPECT_EQ(server_->failure, "sslv3 alert bad certificate");
}

TEST_F(LibsslServer, IsRefusedWhenExpired) {
  request_.not_before = -7200;
  request_.not_after = -3600;
  expect_refused(Error::expired_certificate);
}

TEST_F(LibsslServer, IsRefusedWithAnotherAuthority) {
  const Issuer other = lockstep::test::make_authority("Other CA");
  expect_refused(Error::unknown_authority, &other);
  EXPECT_EQ(server_->failure, "tlsv1 alert unknown ca");
}

TEST_F(LibsslServer, IsRefusedWithACertificateForClients) {
  request_.extended_key_usage = "clientAuth";
  expect_refused(Error::unsupported_certificate);
}

TEST_F(LibsslServer, MayBeKnownByAnAddress) {
  request_.alt_names = "IP:198.18.0.7";
  config_.server_name.clear();
  config_.certified_name = "198.18.0.7";
  EXPECT_TRUE(visit().established);
  config_.certified_name = "198.18.0.8";
  expect_refused(Error::wrong_certificate_name);
}

TEST_F(LibsslServer, IsBelievedWithoutVerification) {
  config_.trust = nullptr;
  request_.alt_names = "DNS:example.com";
  EXPECT_TRUE(visit({}, {}, nullptr).established);
}

TEST_F(LibsslServer, LearnsThatWeHaveNoCertificate) {
  const SessionInfo info = visit([](SSL_CTX* context) { SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr); });
  EXPECT_TRUE(info.established) << describe(info.error);
}

TEST_F(LibsslServer, LearnsWhoWeAre) {
  for (const char* key : {"RSA", "P-256", "P-384", "ED25519"}) {
    for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"}) {
      SCOPED_TRACE(std::string(key) + " " + suite);
      show_certificate(key);
      const SessionInfo info = visit(asking(suite));
      ASSERT_TRUE(info.established) << describe(info.error) << server_->failure;
      EXPECT_EQ(SSL_get_verify_result(server_->ssl()), X509_V_OK);
      X509* const shown = SSL_get1_peer_certificate(server_->ssl());
      EXPECT_NE(shown, nullptr);
      X509_free(shown);
    }
  }
}

TEST_F(LibsslServer, RemembersWhoWeAreWhenItIsResumed) {
  stays_ = true;
  show_certificate("P-256");
  for (int visits = 0; visits < 3; ++visits) {
    const SessionInfo info = visit(asking());
    ASSERT_TRUE(info.established) << describe(info.error) << server_->failure;
    EXPECT_EQ(info.resumed, visits != 0);
    X509* const shown = SSL_get1_peer_certificate(server_->ssl());
    EXPECT_NE(shown, nullptr);
    X509_free(shown);
  }
}

TEST_F(LibsslServer, LearnsThatWeHaveNothingItTakes) {
  show_certificate("ED25519");
  const SessionInfo info = visit([](SSL_CTX* context) {
    asking()(context);
    ASSERT_EQ(SSL_CTX_set1_client_sigalgs_list(context, "ECDSA+SHA256:RSA-PSS+SHA256"), 1);
  });
  // The client is done before the server looks.
  EXPECT_TRUE(info.established);
  EXPECT_EQ(server_->failure, "peer did not return a certificate");
}

TEST_F(LibsslServer, IsUnderstoodInTls12WithEverySuiteGroupAndCertificate) {
  const std::map<std::string, std::vector<const char*>> suites = {
      {"RSA", {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"}},
      {"P-256", {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}},
      {"P-384", {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"}},
      {"ED25519", {"ECDHE-ECDSA-AES128-GCM-SHA256"}}};
  for (const auto& [key, names] : suites) {
    request_.key_pem = lockstep::test::make_key(key);
    for (const char* suite : names) {
      for (const char* group : {"X25519", "P-256", "P-384"}) {
        SCOPED_TRACE(key + " " + suite + " " + group);
        const SessionInfo info = visit([&](SSL_CTX* context) {
          tls12(context);
          ASSERT_EQ(SSL_CTX_set_cipher_list(context, suite), 1);
          ASSERT_EQ(SSL_CTX_set1_groups_list(context, group), 1);
        });
        ASSERT_TRUE(info.established) << describe(info.error) << server_->failure;
        EXPECT_EQ(info.version, Version::tls12);
        EXPECT_STREQ(openssl_name(info.cipher_suite), suite);
        EXPECT_EQ(SSL_get_extms_support(server_->ssl()), 1);
        EXPECT_EQ(SSL_get_secure_renegotiation_support(server_->ssl()), 1);
        EXPECT_STREQ(SSL_get_servername(server_->ssl(), TLSEXT_NAMETYPE_host_name), "example.org");
      }
    }
  }
}

// A scheme of ECDSA names a hash in TLS 1.2, whatever the curve.
TEST_F(LibsslServer, SignsByAnyHashInTls12) {
  for (const char* schemes : {"ECDSA+SHA256", "ECDSA+SHA384"}) {
    for (const char* key : {"P-256", "P-384"}) {
      request_.key_pem = lockstep::test::make_key(key);
      const SessionInfo info = visit([&](SSL_CTX* context) {
        tls12(context);
        ASSERT_EQ(SSL_CTX_set1_sigalgs_list(context, schemes), 1);
      });
      EXPECT_TRUE(info.established) << schemes << key << describe(info.error) << server_->failure;
    }
  }
}

TEST_F(LibsslServer, IsResumedInTls12) {
  stays_ = true;
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"}) {
    config_.resumption_scope[0]++;
    for (int visits = 0; visits < 4; ++visits) {
      const SessionInfo info = visit([&](SSL_CTX* context) {
        tls12(context);
        ASSERT_EQ(SSL_CTX_set_cipher_list(context, suite), 1);
      });
      ASSERT_TRUE(info.established) << describe(info.error) << server_->failure;
      EXPECT_EQ(info.resumed, visits != 0);
      EXPECT_EQ(SSL_session_reused(server_->ssl()), visits != 0);
    }
  }
}

TEST_F(LibsslServer, MayGoFromTls12ToTls13AndBack) {
  stays_ = true;
  for (const bool older : {true, false, true, false}) {
    const SessionInfo info = visit([&](SSL_CTX* context) {
      if (older) tls12(context);
    });
    EXPECT_TRUE(info.established) << describe(info.error) << server_->failure;
    EXPECT_EQ(info.version, older ? Version::tls12 : Version::tls13);
  }
}

TEST_F(LibsslServer, IsRefusedWithoutExtendedMasterSecretInTls12) {
  const SessionInfo info = visit([](SSL_CTX* context) {
    tls12(context);
    SSL_CTX_set_options(context, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  });
  EXPECT_EQ(info.error, Error::no_extended_master_secret);
}

TEST_F(LibsslServer, IsRefusedWithTls11) {
  const SessionInfo info = visit([](SSL_CTX* context) {
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    SSL_CTX_set_security_level(context, 0);
  });
  EXPECT_FALSE(info.established);
}

TEST_F(LibsslServer, LearnsInTls12ThatWeHaveNoCertificate) {
  const SessionInfo info = visit([](SSL_CTX* context) {
    tls12(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  });
  EXPECT_TRUE(info.established) << describe(info.error) << server_->failure;
}

TEST_F(LibsslServer, MayNotRenegotiateInTls12) {
  visit(tls12);
  ASSERT_EQ(SSL_renegotiate(server_->ssl()), 1);
  SSL_do_handshake(server_->ssl());
  exchange(*client_, *server_);
  EXPECT_TRUE(client_->session().info().error == Error::none || client_->session().info().error == Error::peer_alert);
}

TEST_F(LibsslServer, MayChangeItsKeys) {
  visit();
  ASSERT_EQ(SSL_key_update(server_->ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
  const std::string text = pattern_text(100'000);
  server_->write(text);
  exchange(*client_, *server_);
  client_->send(text);
  exchange(*client_, *server_);
  EXPECT_EQ(client_->received, "pong" + text);
  EXPECT_EQ(server_->received, "ping" + text);
}

}  // namespace
}  // namespace lockstep::tls::test

// TLS 1.2 resumption by tickets with libssl on the other side: every server here is a core of its own; they share keys
// for tickets only.
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"
#include "dataplane/tls/cipher_suites.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using SharedSession = std::shared_ptr<SSL_SESSION>;

class LibsslResumption12 : public ::testing::Test {
 protected:
  struct Visit {
    bool reused = false;
    SharedSession session;
    std::string failure;
    Error error = Error::none;
  };
  // One connection, with data both ways.
  Visit visit(const SharedSession& session, CipherSuite suite, const std::function<void(SSL*)>& setup = {}) {
    DriverOptions options;
    options.seed = ++seed_;
    Driver server(config_, *engine_, options);
    server.core().wall_clock_offset = wall_clock_;
    LibsslPeer client({}, [&](SSL* ssl) {
      SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
      SSL_set_cipher_list(ssl, openssl_name(suite));
      SSL_set_tlsext_host_name(ssl, "example.org");
      if (setup) setup(ssl);
      if (session) SSL_set_session(ssl, session.get());
    });
    exchange(server, client);
    Visit result;
    result.failure = client.failure;
    result.error = server.session().info().error;
    if (!client.established() || !server.established) return result;
    const std::string up = pattern_text(40'001);
    client.write(up);
    server.send(up);
    exchange(server, client);
    EXPECT_TRUE(server.received == up);
    EXPECT_TRUE(client.received == up);
    result.reused = SSL_session_reused(client.ssl()) == 1;
    EXPECT_EQ(server.session().info().resumed, result.reused);
    client.close();  // libssl forgets sessions of connections that were not closed
    result.session = SharedSession(SSL_get1_session(client.ssl()), SSL_SESSION_free);
    return result;
  }

  std::uint64_t seed_ = 0;
  Duration wall_clock_ = seconds(1'700'000'000);
  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ServerConfig config_ = [this] {
    ServerConfig config = config_with({"P-256", "RSA"});
    config.cipher_suites = all_cipher_suites();
    config.ticket_keys = ticket_keys(1, random_);
    return config;
  }();
};

TEST_F(LibsslResumption12, GoesOnWithEverySuiteAgainAndAgain) {
  for (const CipherSuite suite : all_cipher_suites()) {
    if (find_traits(suite)->version != Version::tls12) continue;
    const Visit first = visit(nullptr, suite);
    EXPECT_FALSE(first.reused);
    ASSERT_TRUE(first.session) << name(suite) << ": " << first.failure;
    EXPECT_EQ(SSL_SESSION_has_ticket(first.session.get()), 1);
    EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(first.session.get()), 7200U);
    for (int i = 0; i < 2; ++i) {
      const Visit again = visit(first.session, suite);
      EXPECT_TRUE(again.reused) << name(suite) << ": " << again.failure;
    }
  }
}

TEST_F(LibsslResumption12, NegotiatesEncryptThenMacAnew) {
  constexpr CipherSuite kSuite = CipherSuite::rsa_aes_128_cbc_sha;
  const auto without = [](SSL* ssl) { SSL_set_options(ssl, SSL_OP_NO_ENCRYPT_THEN_MAC); };
  EXPECT_TRUE(visit(visit(nullptr, kSuite).session, kSuite, without).reused);
  EXPECT_TRUE(visit(visit(nullptr, kSuite, without).session, kSuite).reused);
}

// RFC 7627 section 5.3.
TEST_F(LibsslResumption12, NeedsExtendedMasterSecret) {
  constexpr CipherSuite kSuite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
  const auto without = [](SSL* ssl) { SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET); };
  const Visit first = visit(nullptr, kSuite, without);
  EXPECT_EQ(first.failure, "");
  ASSERT_TRUE(first.session);
  EXPECT_EQ(SSL_SESSION_has_ticket(first.session.get()), 0);
  const Visit dropped = visit(visit(nullptr, kSuite).session, kSuite, without);
  EXPECT_EQ(dropped.error, Error::extended_master_secret_dropped);
  EXPECT_NE(dropped.failure.find("handshake failure"), std::string::npos) << dropped.failure;
}

TEST_F(LibsslResumption12, StartsAnewWhenTheTicketIsTooOld) {
  constexpr CipherSuite kSuite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
  const Visit first = visit(nullptr, kSuite);
  wall_clock_ = wall_clock_ + config_.session_lifetime;
  EXPECT_TRUE(visit(first.session, kSuite).reused);
  wall_clock_ = wall_clock_ + seconds(2);
  const Visit late = visit(first.session, kSuite);
  EXPECT_FALSE(late.reused);
  EXPECT_EQ(late.failure, "");
  EXPECT_TRUE(visit(late.session, kSuite).reused) << "it got a new one";
}

TEST_F(LibsslResumption12, StartsAnewForAnotherName) {
  constexpr CipherSuite kSuite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
  const Visit first = visit(nullptr, kSuite);
  const Visit other = visit(first.session, kSuite, [](SSL* ssl) { SSL_set_tlsext_host_name(ssl, "www.example.org"); });
  EXPECT_FALSE(other.reused);
  EXPECT_EQ(other.error, Error::none);
}

TEST_F(LibsslResumption12, ServesClientsThatWantNoTickets) {
  const Visit visited = visit(nullptr, CipherSuite::ecdhe_rsa_aes_128_gcm_sha256,
                              [](SSL* ssl) { SSL_set_options(ssl, SSL_OP_NO_TICKET); });
  ASSERT_TRUE(visited.session) << visited.failure;
  EXPECT_EQ(SSL_SESSION_has_ticket(visited.session.get()), 0);
}

}  // namespace
}  // namespace lockstep::tls::test

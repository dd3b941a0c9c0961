// Resumption with libssl on the other side: every server here is a core of its own; they share keys for tickets only.
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"
#include "crypto/record/engine.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using Session13 = std::shared_ptr<SSL_SESSION>;

class LibsslResumption : public ::testing::Test {
 protected:
  // One connection, with data both ways.
  struct Visit {
    bool reused = false;
    SessionInfo info;
    Session13 session;  // from the last ticket
    std::string failure;
    Error error = Error::none;
    std::uint64_t issued = 0;
  };
  Visit visit(const Session13& session, const std::function<void(SSL*)>& setup = {}) {
    ++seed_;
    DriverOptions options;
    options.seed = seed_;
    Driver server(config_, *engine_, options);
    server.core().wall_clock_offset = wall_clock_;
    LibsslPeer client([](SSL_CTX* context) { SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION); },
                      [&](SSL* ssl) {
                        SSL_set_tlsext_host_name(ssl, "example.org");
                        if (setup) setup(ssl);
                        if (session) SSL_set_session(ssl, session.get());
                      });
    exchange(server, client);
    Visit result;
    result.error = server.session().info().error;
    result.failure = client.failure;
    if (!client.established() || !server.established) {
      ADD_FAILURE() << client.failure << ": " << describe(result.error) << ", " << server.session().info().phase;
      return result;
    }
    client.write("ping");
    server.send("pong");
    exchange(server, client);
    EXPECT_EQ(server.received, "ping");
    EXPECT_EQ(client.received, "pong");
    result.reused = SSL_session_reused(client.ssl()) == 1;
    result.info = server.session().info();
    result.info.server_name = result.info.alpn = {};
    result.issued = server.counters().tickets_issued.value();
    EXPECT_EQ(result.info.resumed, result.reused);
    client.close();  // libssl forgets sessions of connections that were not closed
    result.session = Session13(SSL_get1_session(client.ssl()), SSL_SESSION_free);
    return result;
  }
  static auto with_suite(const char* suite) {
    return [suite](SSL* ssl) { SSL_set_ciphersuites(ssl, suite); };
  }

  std::uint64_t seed_ = 0;
  Duration wall_clock_ = seconds(1'700'000'000);
  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  std::shared_ptr<TicketKeys> keys_ = ticket_keys(1, random_);
  ServerConfig config_ = [this] {
    ServerConfig config = config_with({"P-256"});
    config.ticket_keys = keys_;
    return config;
  }();
};

class LibsslResumptionSuites : public LibsslResumption, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, LibsslResumptionSuites,
                         ::testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                           "TLS_CHACHA20_POLY1305_SHA256"));

TEST_P(LibsslResumptionSuites, GoesOnOnAnotherCoreAgainAndAgain) {
  Visit last = visit(nullptr, with_suite(GetParam()));
  EXPECT_FALSE(last.reused);
  EXPECT_EQ(last.issued, 2U);
  for (int i = 0; i < 3; ++i) {
    last = visit(last.session, with_suite(GetParam()));
    EXPECT_TRUE(last.reused) << last.failure;
    EXPECT_EQ(last.issued, 1U);
    EXPECT_STREQ(name(last.info.cipher_suite), GetParam());
    EXPECT_NE(last.info.group, crypto::NamedGroup{}) << "with a key exchange";
  }
}

TEST_F(LibsslResumption, GoesOnWithAnotherSuiteOfTheSameHash) {
  const Visit first = visit(nullptr, with_suite("TLS_CHACHA20_POLY1305_SHA256"));
  const Visit second = visit(first.session, with_suite("TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"));
  EXPECT_TRUE(second.reused) << second.failure;
  EXPECT_EQ(second.info.cipher_suite, CipherSuite::tls_aes_128_gcm_sha256);
}

TEST_F(LibsslResumption, StartsAnewWhenTheSuiteHasAnotherHash) {
  const Visit first = visit(nullptr, with_suite("TLS_AES_256_GCM_SHA384"));
  const Visit second = visit(first.session, with_suite("TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"));
  EXPECT_FALSE(second.reused);
  EXPECT_EQ(second.error, Error::none);
  EXPECT_EQ(second.info.cipher_suite, CipherSuite::tls_aes_128_gcm_sha256);
}

TEST_F(LibsslResumption, OutlivesTheRotationOfKeysAsLongAsTheOldOneIsKept) {
  const Visit first = visit(nullptr);
  const auto rotated = ticket_keys(1, random_);
  const auto copy = [](TicketKeys& to, const TicketKey& key) {
    TicketKey& kept = to.keys.emplace_back();
    kept.name = key.name;
    kept.keys.aead = key.keys.aead;
    kept.keys.id = key.keys.id;
    kept.keys.key.assign(key.keys.key.expose());
  };
  copy(*rotated, *keys_->sealing);
  config_.ticket_keys = rotated;
  const Visit second = visit(first.session);
  EXPECT_TRUE(second.reused) << "the previous key opens";

  const auto later = ticket_keys(1, random_);
  copy(*later, *rotated->sealing);
  config_.ticket_keys = later;
  EXPECT_TRUE(visit(second.session).reused) << "a ticket of the second key";
  EXPECT_FALSE(visit(first.session).reused) << "the first key is gone";
}

TEST_F(LibsslResumption, WorksAfterARetry) {
  const auto groups = [](SSL* ssl) { SSL_set1_groups_list(ssl, "X25519:P-384"); };
  const Visit first = visit(nullptr, groups);
  config_.groups = {crypto::NamedGroup::secp384r1};
  for (const char* suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"}) {
    const auto setup = [&](SSL* ssl) {
      groups(ssl);
      SSL_set_ciphersuites(ssl, suite);
    };
    const Visit fresh = visit(nullptr, setup);
    const Visit second = visit(fresh.session, setup);
    EXPECT_TRUE(second.reused) << second.failure;
    EXPECT_TRUE(second.info.hello_retry);
    EXPECT_EQ(second.info.group, crypto::NamedGroup::secp384r1);
  }
}

TEST_F(LibsslResumption, DropsPsksOfAnotherHashInTheSecondHello) {
  const Visit first = visit(nullptr, with_suite("TLS_AES_256_GCM_SHA384"));
  config_.groups = {crypto::NamedGroup::secp384r1};
  const Visit second = visit(first.session, [](SSL* ssl) {
    SSL_set1_groups_list(ssl, "X25519:P-384");
    SSL_set_ciphersuites(ssl, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
  });
  EXPECT_FALSE(second.reused);
  EXPECT_EQ(second.error, Error::none) << second.failure;
  EXPECT_TRUE(second.info.hello_retry);
}

TEST_F(LibsslResumption, DoesWithoutKeyExchangeOnlyByPolicy) {
  // libssl allows both ways then, and we prefer the exchange.
  const auto allow = [](SSL* ssl) { SSL_set_options(ssl, SSL_OP_ALLOW_NO_DHE_KEX); };
  const Visit first = visit(nullptr, allow);
  config_.psk_ke = true;
  const Visit second = visit(first.session, allow);
  EXPECT_TRUE(second.reused);
  EXPECT_NE(second.info.group, crypto::NamedGroup{});
  // Without a group in common the PSK does by itself.
  config_.groups = {crypto::NamedGroup::secp384r1};
  const Visit third = visit(second.session, [&](SSL* ssl) {
    allow(ssl);
    SSL_set1_groups_list(ssl, "X25519");
  });
  EXPECT_TRUE(third.reused) << third.failure;
  EXPECT_EQ(third.info.group, crypto::NamedGroup{});
}

TEST_F(LibsslResumption, EndsWithTheLifetime) {
  config_.session_lifetime = seconds(100);
  const Visit first = visit(nullptr);
  EXPECT_EQ(SSL_SESSION_get_ticket_lifetime_hint(first.session.get()), 100U);
  wall_clock_ = wall_clock_ + seconds(100);
  EXPECT_TRUE(visit(first.session).reused);
  wall_clock_ = wall_clock_ + milliseconds(1);
  EXPECT_FALSE(visit(first.session).reused);
}

TEST_F(LibsslResumption, AllowsAgesThatAreOff) {
  // The client's clock says that no time has passed (RFC 8446 section 4.2.11.1: that matters to early data).
  const Visit first = visit(nullptr);
  wall_clock_ = wall_clock_ + seconds(3000);
  EXPECT_TRUE(visit(first.session).reused);
}

TEST_F(LibsslResumption, BelongsToOneServerName) {
  const Visit first = visit(nullptr);
  EXPECT_FALSE(visit(first.session, [](SSL* ssl) { SSL_set_tlsext_host_name(ssl, "www.example.org"); }).reused);
  EXPECT_TRUE(visit(first.session).reused);
}

TEST_F(LibsslResumption, BelongsToOneScope) {
  const Visit first = visit(nullptr);
  config_.resumption_scope.fill(1);
  EXPECT_FALSE(visit(first.session).reused);
}

TEST_F(LibsslResumption, IsNotOfferedWithoutTickets) {
  config_.tickets = 0;
  const Visit first = visit(nullptr);
  EXPECT_EQ(first.issued, 0U);
  EXPECT_EQ(SSL_SESSION_is_resumable(first.session.get()), 0);
}

TEST_F(LibsslResumption, SharesTicketsBetweenEngines) {
  // Records by libcrypto on one core and by ipsec-mb on the other.
  const Visit first = visit(nullptr);
  auto ipsec_mb = crypto::make_ipsec_mb_engine(64);
  ASSERT_TRUE(ipsec_mb.ok());
  class Mixed final : public crypto::Engine {
   public:
    Mixed(crypto::Engine& records, crypto::Engine& rest) : records_(records), rest_(rest) {}
    const char* name() const override { return "mixed"; }
    bool supports(crypto::JobClass) const override { return true; }
    void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override {
      const bool record = jobs[0]->kind == crypto::JobKind::seal || jobs[0]->kind == crypto::JobKind::open;
      (record ? records_ : rest_).run(jobs, done);
    }
    void forget(std::uint64_t id) override {
      records_.forget(id);
      rest_.forget(id);
    }

   private:
    crypto::Engine& records_;
    crypto::Engine& rest_;
  };
  auto other = crypto::make_openssl_engine(random_);
  std::unique_ptr<crypto::Engine> kept = std::exchange(engine_, nullptr);
  engine_ = std::make_unique<Mixed>(*ipsec_mb.value(), *other);
  const Visit second = visit(first.session);
  EXPECT_TRUE(second.reused) << second.failure;
  engine_ = std::move(kept);
  EXPECT_TRUE(visit(second.session).reused);
}

}  // namespace
}  // namespace lockstep::tls::test

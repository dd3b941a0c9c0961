// TLS 1.2 resumption by session identifiers (RFC 5246 section 7.3) with libssl on the other side, on cores that ask
// each other.
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"
#include "dataplane/tls/cipher_suites.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using SharedSession = std::shared_ptr<SSL_SESSION>;
constexpr CipherSuite kSuite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;

enum class End : std::uint8_t { closed, without_close_notify, damaged };

class LibsslSessionId : public ::testing::Test {
 protected:
  struct Visit {
    bool reused = false;
    SharedSession session;
  };

  LibsslSessionId() {
    for (std::uint16_t core = 0; core < 2; ++core) {
      DriverOptions options;
      options.seed = core + 1U;
      options.limits = limits_;
      options.limits.core = core;
      engines_.push_back(crypto::make_openssl_engine(random_));
      cores_.push_back(std::make_unique<Driver>(config_, *engines_.back(), options));
      cores_.back()->other_core = [this](crypto::RemoteJob& job) {
        ++questions_;
        if (!reachable_ || job.core >= cores_.size()) return false;
        answer(cores_[job.core]->core(), job, cores_[job.core]->now);
        return true;
      };
    }
  }

  // A connection to one of the cores, with data both ways.
  Visit visit(std::size_t core, const SharedSession& session, CipherSuite suite = kSuite, End end = End::closed,
              const std::function<void(SSL*)>& setup = {}) {
    Driver& server = *cores_[core];
    server.restart(config_);
    LibsslPeer client({}, [&](SSL* ssl) {
      SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
      SSL_set_options(ssl, SSL_OP_NO_TICKET);
      SSL_set_cipher_list(ssl, openssl_name(suite));
      SSL_set_tlsext_host_name(ssl, "example.org");
      if (setup) setup(ssl);
      if (session) SSL_set_session(ssl, session.get());
    });
    exchange(server, client);
    Visit result;
    EXPECT_TRUE(client.established() && server.established) << client.failure;
    if (!client.established()) return result;
    client.write("ping");
    server.send("pong");
    exchange(server, client);
    EXPECT_EQ(server.received, "ping");
    EXPECT_EQ(client.received, "pong");
    result.reused = SSL_session_reused(client.ssl()) == 1;
    EXPECT_EQ(server.session().info().resumed, result.reused);
    SSL_set_shutdown(client.ssl(), SSL_SENT_SHUTDOWN);  // libssl forgets sessions of connections that were not closed
    result.session = SharedSession(SSL_get1_session(client.ssl()), SSL_SESSION_free);
    finish(server, client, end);
    return result;
  }

  static void finish(Driver& server, LibsslPeer& client, End end) {
    if (end == End::closed) {
      SSL_set_shutdown(client.ssl(), 0);
      client.close();
      exchange(server, client);
    } else if (end == End::damaged) {
      server.feed(Buffer{23, 3, 3, 0, 40, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8,
                         9,  0, 1, 2, 3,  4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0});
      server.run();
      EXPECT_EQ(server.session().info().error, Error::bad_record);
    }
    server.fin();
    server.run();
  }

  CoreLimits limits_ = {.cached_sessions = 50, .handshakes = 4, .large_messages = 2, .record_jobs = 64};
  bool reachable_ = true;
  int questions_ = 0;
  Random random_ = Random::from_number(42);
  std::vector<std::unique_ptr<crypto::Engine>> engines_;
  ServerConfig config_ = [this] {
    ServerConfig config = config_with({"P-256", "RSA"});
    config.cipher_suites = all_cipher_suites();
    return config;
  }();
  std::vector<std::unique_ptr<Driver>> cores_;
};

TEST_F(LibsslSessionId, GoesOnWithEverySuiteAgainAndAgain) {
  for (const CipherSuite suite : all_cipher_suites()) {
    if (find_traits(suite)->version != Version::tls12) continue;
    const Visit first = visit(0, nullptr, suite);
    EXPECT_FALSE(first.reused);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(visit(0, first.session, suite).reused) << name(suite);
  }
  EXPECT_EQ(questions_, 0);
}

TEST_F(LibsslSessionId, GoesOnOnAnotherCore) {
  const Visit first = visit(0, nullptr);
  EXPECT_TRUE(visit(1, first.session).reused);
  EXPECT_EQ(questions_, 1);
}

TEST_F(LibsslSessionId, StartsAnewWhenTheOtherCoreCannotBeAsked) {
  const Visit first = visit(0, nullptr);
  reachable_ = false;
  const Visit second = visit(1, first.session);
  EXPECT_FALSE(second.reused);
  EXPECT_TRUE(visit(1, second.session).reused) << "it is now remembered here";
}

TEST_F(LibsslSessionId, StartsAnewWhenTheSessionIsTooOld) {
  const Visit first = visit(0, nullptr);
  cores_[0]->now = cores_[0]->now + config_.session_lifetime;
  EXPECT_FALSE(visit(0, first.session).reused);
}

TEST_F(LibsslSessionId, StartsAnewForAnotherNameOrService) {
  const Visit first = visit(0, nullptr);
  EXPECT_FALSE(visit(0, first.session, kSuite, End::closed, [](SSL* ssl) {
                 SSL_set_tlsext_host_name(ssl, "www.example.org");
               }).reused);
  config_.resumption_scope.fill(7);
  EXPECT_FALSE(visit(0, first.session).reused);
}

// RFC 7627 section 5.3.
TEST_F(LibsslSessionId, StartsAnewForAClientThatNowKnowsExtendedMasterSecret) {
  const Visit first =
      visit(0, nullptr, kSuite, End::closed, [](SSL* ssl) { SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET); });
  EXPECT_FALSE(visit(0, first.session).reused);
}

// RFC 5246 section 7.2.2.
TEST_F(LibsslSessionId, IsForgottenWhenItsConnectionFailsOnAnyCore) {
  const Visit here = visit(0, nullptr, kSuite, End::damaged);
  EXPECT_FALSE(visit(0, here.session).reused);
  const Visit there = visit(0, nullptr);
  EXPECT_TRUE(visit(1, there.session, kSuite, End::damaged).reused);
  EXPECT_FALSE(visit(0, there.session).reused);
}

TEST_F(LibsslSessionId, OfAFailedConnectionLivesOnWhenItsCoreCannotBeTold) {
  const Visit first = visit(0, nullptr);
  Driver& server = *cores_[1];
  cores_[1]->other_core = [this](crypto::RemoteJob& job) {
    if (job.question == crypto::RemoteJob::Question::forget_session) return false;
    answer(cores_[0]->core(), job, cores_[0]->now);
    return true;
  };
  EXPECT_TRUE(visit(1, first.session, kSuite, End::damaged).reused);
  EXPECT_EQ(server.counters().sessions_not_forgotten.value(), 1U);
}

// RFC 5246 section 7.2.1.
TEST_F(LibsslSessionId, SurvivesAMissingCloseNotify) {
  const Visit first = visit(0, nullptr, kSuite, End::without_close_notify);
  EXPECT_TRUE(visit(0, first.session).reused);
}

// RFC 5077 section 3.4.
TEST_F(LibsslSessionId, IsNotGivenToClientsThatTakeTickets) {
  config_.ticket_keys = ticket_keys(1, random_);
  visit(0, nullptr, kSuite, End::closed, [](SSL* ssl) { SSL_clear_options(ssl, SSL_OP_NO_TICKET); });
  EXPECT_EQ(cores_[0]->core().sessions.size(), 0U);
  visit(0, nullptr);
  EXPECT_EQ(cores_[0]->core().sessions.size(), 1U);
}

TEST_F(LibsslSessionId, IsNotRememberedBeforeTheClientsFinished) {
  Driver& server = *cores_[0];
  server.restart(config_);
  LibsslPeer client({}, [&](SSL* ssl) {
    SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
  });
  client.step();
  server.feed(client.take_output());
  server.run();
  EXPECT_EQ(server.core().sessions.size(), 0U);
}

// RFC 7627 section 5.3.
TEST_F(LibsslSessionId, IsNotGivenWithoutExtendedMasterSecret) {
  const auto without = [](SSL* ssl) { SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET); };
  const Visit first = visit(0, nullptr, kSuite, End::closed, without);
  ASSERT_TRUE(first.session);
  unsigned size = 1;
  SSL_SESSION_get_id(first.session.get(), &size);
  EXPECT_EQ(size, 0U);
}

// RFC 8446 appendix D.4: who speaks TLS 1.3, too, sends an identifier in any case.
TEST_F(LibsslSessionId, ThatIsNoneOfOursAsksNobodyButTheCoreItNames) {
  SharedSession session = visit(0, nullptr).session;
  std::array<std::uint8_t, 32> id;
  id.fill(0xab);
  SSL_SESSION_set1_id(session.get(), id.data(), id.size());
  EXPECT_FALSE(visit(0, session).reused);
  EXPECT_EQ(questions_, 1) << "of a core that does not exist";
}

}  // namespace
}  // namespace lockstep::tls::test

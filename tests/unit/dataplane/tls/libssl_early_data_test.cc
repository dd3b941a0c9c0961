// Early data with libssl on the other side, on cores that ask each other, and on other machines.
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using SharedSession = std::shared_ptr<SSL_SESSION>;

// One process: cores that share what the control plane made.
struct Machine {
  Machine(const ServerConfig& config_in, Random& random) : config(config_in) {
    for (std::uint16_t core = 0; core < 2; ++core) {
      DriverOptions options;
      options.seed = core + 1U;
      options.limits.core = core;
      options.limits.cores = 2;
      options.limits.early_data_hellos = 100;
      engines.push_back(crypto::make_openssl_engine(random));
      cores.push_back(std::make_unique<Driver>(config, *engines.back(), options));
      cores.back()->other_core = [this](crypto::RemoteJob& job) {
        answer(cores[job.core]->core(), job, cores[job.core]->now);
        return true;
      };
    }
  }
  ServerConfig config;
  std::vector<std::unique_ptr<crypto::Engine>> engines;
  std::vector<std::unique_ptr<Driver>> cores;
};

class LibsslEarlyData : public ::testing::Test {
 protected:
  ServerConfig config(std::uint8_t instance) {
    ServerConfig made = config_with({"P-256"});
    auto keys = std::make_shared<TicketKeys>();
    TicketKey& key = keys->keys.emplace_back();
    key.name.fill(3);
    key.keys.aead = crypto::Aead::aes_256_gcm;
    key.keys.id = shared_key_id();
    key.keys.key.assign(Buffer(32, 5));
    keys->sealing = &key;
    keys->instance.fill(instance);
    made.ticket_keys = keys;
    made.max_early_data = 16384;
    return made;
  }

  struct Visit {
    int status = 0;  // SSL_EARLY_DATA_*
    SharedSession session;
    Buffer hello_and_early_data;
    std::string received;
  };
  // A connection to one core; data both ways after the handshake, and `early` before it.
  static Visit visit(Driver& server, const ServerConfig& config, const SharedSession& session,
                     const std::string& early = {}, const std::function<void(SSL*)>& setup = {}) {
    server.restart(config);
    LibsslPeer client([](SSL_CTX* context) { SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION); },
                      [&](SSL* ssl) {
                        SSL_set_tlsext_host_name(ssl, "example.org");
                        if (setup) setup(ssl);
                        if (session) SSL_set_session(ssl, session.get());
                      });
    Visit result;
    if (!early.empty()) {
      std::size_t written = 0;
      EXPECT_EQ(SSL_write_early_data(client.ssl(), early.data(), early.size(), &written), 1);
      result.hello_and_early_data = client.take_output();
      server.feed(result.hello_and_early_data);
    }
    exchange(server, client);
    EXPECT_TRUE(client.established() && server.established)
        << client.failure << ": " << describe(server.session().info().error);
    if (!client.established()) return result;
    client.write("late");
    server.send("pong");
    exchange(server, client);
    EXPECT_EQ(client.received, "pong");
    EXPECT_EQ(SSL_session_reused(client.ssl()), session ? 1 : 0);
    result.received = server.received;
    result.status = SSL_get_early_data_status(client.ssl());
    EXPECT_EQ(server.session().info().early_data, result.status == SSL_EARLY_DATA_ACCEPTED);
    client.close();
    result.session = SharedSession(SSL_get1_session(client.ssl()), SSL_SESSION_free);
    return result;
  }
  // Somebody sends what a client sent before. Whether the server takes the early data.
  static bool replay(Driver& server, const ServerConfig& config, const Buffer& sent) {
    server.restart(config);
    server.feed(sent);
    server.run();
    EXPECT_TRUE(server.session().info().resumed);
    return server.session().info().early_data || !server.received.empty();
  }

  Random random_ = Random::from_number(42);
};

class LibsslEarlyDataSuites : public LibsslEarlyData, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, LibsslEarlyDataSuites,
                         ::testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                           "TLS_CHACHA20_POLY1305_SHA256"));

TEST_P(LibsslEarlyDataSuites, IsTakenAgainAndAgainWithNewTickets) {
  Machine machine(config(1), random_);
  const auto suite = [](SSL* ssl) { SSL_set_ciphersuites(ssl, GetParam()); };
  Visit last = visit(*machine.cores[0], machine.config, nullptr, {}, suite);
  EXPECT_EQ(SSL_SESSION_get_max_early_data(last.session.get()), 16384U);
  for (int i = 0; i < 8; ++i) {
    last = visit(*machine.cores[i % 2], machine.config, last.session, "early and ", suite);
    EXPECT_EQ(last.status, SSL_EARLY_DATA_ACCEPTED);
    EXPECT_EQ(last.received, "early and late");
  }
}

TEST_F(LibsslEarlyData, MayBeMuch) {
  Machine machine(config(1), random_);
  const Visit first = visit(*machine.cores[0], machine.config, nullptr);
  const std::string early = pattern_text(16384);
  EXPECT_EQ(visit(*machine.cores[0], machine.config, first.session, early).received, early + "late");
}

TEST_F(LibsslEarlyData, IsPassedOverWhenItIsRefused) {
  Machine machine(config(1), random_);
  const Visit first = visit(*machine.cores[0], machine.config, nullptr);
  machine.config.max_early_data = 0;
  const Visit second = visit(*machine.cores[0], machine.config, first.session, pattern_text(16384));
  EXPECT_EQ(second.status, SSL_EARLY_DATA_REJECTED);
  EXPECT_EQ(second.received, "late");
}

TEST_F(LibsslEarlyData, WhatWasRecordedIsTakenOnNoCoreAgain) {
  Machine machine(config(1), random_);
  Visit last = visit(*machine.cores[0], machine.config, nullptr);
  for (int i = 0; i < 6; ++i) {
    last = visit(*machine.cores[i % 2], machine.config, last.session, "early and ");
    ASSERT_EQ(last.status, SSL_EARLY_DATA_ACCEPTED);
    for (int times = 0; times < 2; ++times)
      for (const auto& core : machine.cores) EXPECT_FALSE(replay(*core, machine.config, last.hello_and_early_data));
  }
  const std::uint64_t replayed = machine.cores[0]->counters().early_data_replayed.value() +
                                 machine.cores[1]->counters().early_data_replayed.value();
  EXPECT_EQ(replayed, 24U);
}

TEST_F(LibsslEarlyData, WhatTheServerNeverSawIsTakenOnceByWhomeverIsFirst) {
  Machine machine(config(1), random_);
  const Visit first = visit(*machine.cores[0], machine.config, nullptr);
  // Recorded by a server that refuses, as if it had been lost on the way.
  Machine elsewhere(config(2), random_);
  const Buffer sent = visit(*elsewhere.cores[0], elsewhere.config, first.session, "early and ").hello_and_early_data;
  EXPECT_TRUE(replay(*machine.cores[0], machine.config, sent));
  EXPECT_FALSE(replay(*machine.cores[0], machine.config, sent));
  EXPECT_FALSE(replay(*machine.cores[1], machine.config, sent));
}

TEST_F(LibsslEarlyData, IsNotTakenAfterARestartNorByAnotherMachine) {
  Machine machine(config(1), random_);
  const Visit first = visit(*machine.cores[0], machine.config, nullptr);
  // Both have the same ticket keys, and no memory of what was.
  Machine restarted(config(2), random_);
  const Visit second = visit(*restarted.cores[0], restarted.config, first.session, "early and ");
  EXPECT_EQ(second.status, SSL_EARLY_DATA_REJECTED);
  EXPECT_EQ(second.received, "late");
  EXPECT_FALSE(replay(*restarted.cores[1], restarted.config, second.hello_and_early_data));
  EXPECT_EQ(restarted.cores[0]->counters().early_data_foreign.value(), 1U);
  EXPECT_EQ(visit(*restarted.cores[1], restarted.config, second.session, "early and ").status, SSL_EARLY_DATA_ACCEPTED);
}

TEST_F(LibsslEarlyData, ThatIsReplayedTooLateIsRefusedThoughItWasForgotten) {
  Machine machine(config(1), random_);
  const Visit first = visit(*machine.cores[0], machine.config, nullptr);
  const Visit second = visit(*machine.cores[0], machine.config, first.session, "early and ");
  ASSERT_EQ(second.status, SSL_EARLY_DATA_ACCEPTED);
  for (const int seconds_later : {5, 15, 25, 1000}) {
    for (const auto& core : machine.cores) {
      core->now = Instant{1'000'000'000} + seconds(seconds_later);
      EXPECT_FALSE(replay(*core, machine.config, second.hello_and_early_data)) << seconds_later;
    }
  }
}

TEST_F(LibsslEarlyData, IsAnsweredBeforeTheClientHasFinished) {
  Machine machine(config(1), random_);
  const Visit first = visit(*machine.cores[0], machine.config, nullptr);
  Driver& server = *machine.cores[0];
  server.restart(machine.config);
  LibsslPeer client({}, [&](SSL* ssl) {
    SSL_set_tlsext_host_name(ssl, "example.org");
    SSL_set_session(ssl, first.session.get());
  });
  std::size_t written = 0;
  ASSERT_EQ(SSL_write_early_data(client.ssl(), "question", 8, &written), 1);
  server.feed(client.take_output());
  server.run();
  EXPECT_EQ(server.received, "question");
  EXPECT_FALSE(server.established);
  server.send("answer");
  server.run();
  client.feed(server.take_output());
  client.step();
  EXPECT_EQ(client.received, "answer");
  EXPECT_FALSE(server.established);
  exchange(server, client);
  EXPECT_TRUE(server.established);
}

}  // namespace
}  // namespace lockstep::tls::test

// Data, key updates and closing with libssl on the other side.
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"

namespace lockstep::tls::test {
namespace {

class LibsslData : public ::testing::TestWithParam<const char*> {
 protected:
  struct Pair {
    Pair(const ServerConfig& config, crypto::Engine& engine, const char* suite, const DriverOptions& options = {},
         const std::function<void(SSL*)>& setup = {})
        : server(config, engine, options), client({}, [&](SSL* ssl) {
            const bool tls13 = std::string(suite).substr(0, 4) == "TLS_";
            SSL_set_max_proto_version(ssl, tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
            tls13 ? SSL_set_ciphersuites(ssl, suite) : SSL_set_cipher_list(ssl, suite);
            if (setup) setup(ssl);
          }) {
      exchange(server, client);
      EXPECT_TRUE(client.established()) << client.failure;
    }
    Driver server;
    LibsslPeer client;
  };

  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ServerConfig config_ = config_with({"RSA"});
};

INSTANTIATE_TEST_SUITE_P(Suites, LibsslData,
                         ::testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                           "TLS_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
                                           "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"));

TEST_P(LibsslData, CarriesMegabytesBothWays) {
  Pair pair(config_, *engine_, GetParam());
  const std::string up = pattern_text(3'000'000);
  const std::string down = pattern_text(2'500'001);
  pair.client.write(up);
  pair.server.send(down, 1448);
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.received, up);
  EXPECT_EQ(pair.client.received, down);
  EXPECT_EQ(pair.server.unreleased(), 0U);
  EXPECT_EQ(pair.server.undisposed(), 0U);
}

TEST_P(LibsslData, CutsRecordsWherePlaintextLiesInManyPieces) {
  Pair pair(config_, *engine_, GetParam());
  const std::string down = pattern_text(100'000);
  pair.server.send(down, 100);
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.client.received, down);
}

TEST_P(LibsslData, CarriesPaddedRecords) {
  for (const std::uint16_t multiple : {std::uint16_t{1}, std::uint16_t{100}, std::uint16_t{4096}, kMaxRecordPadding}) {
    config_.record_padding = multiple;
    Pair pair(config_, *engine_, GetParam());
    const std::string down = pattern_text(200'000);
    pair.server.send(down.substr(0, 1));
    exchange(pair.server, pair.client);
    pair.server.send(down.substr(1), 1448);
    exchange(pair.server, pair.client);
    EXPECT_EQ(pair.client.received, down) << multiple;
    pair.server.shutdown();
    exchange(pair.server, pair.client);
    EXPECT_TRUE(pair.client.peer_closed());
  }
}

TEST_P(LibsslData, RespectsTheBudget) {
  DriverOptions options;
  options.budget = 1000;
  Pair pair(config_, *engine_, GetParam(), options);
  const std::string down = pattern_text(10'000);
  pair.server.send(down);
  while (pair.server.unreleased() != 0) {
    ASSERT_TRUE(pair.server.step());
    const Buffer output = pair.server.take_output();
    EXPECT_LE(output.size(), 1000U);
    pair.client.feed(output);
  }
  pair.client.step();
  EXPECT_EQ(pair.client.received, down);
}

TEST_P(LibsslData, ReadsRecordsInSmallPieces) {
  DriverOptions options;
  options.piece = 700;
  Pair pair(config_, *engine_, GetParam(), options);
  const std::string up = pattern_text(200'000);
  pair.client.write(up);
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.received, up);
}

TEST_P(LibsslData, ReadsTinyRecords) {
  Pair pair(config_, *engine_, GetParam());
  std::string all;
  for (int i = 0; i < 500; ++i) {
    const std::string word = pattern_text(static_cast<std::size_t>(1 + i % 9));
    pair.client.write(word);
    all += word;
  }
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.received, all);
}

TEST_P(LibsslData, AnswersCloseNotify) {
  Pair pair(config_, *engine_, GetParam());
  pair.client.write("last words");
  pair.client.close();
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.received, "last words");
  EXPECT_TRUE(pair.server.peer_closed);
  EXPECT_EQ(pair.server.close, Close::none);
  // The answer is still under way.
  pair.server.send("answer");
  exchange(pair.server, pair.client);
  pair.server.shutdown();
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.close, Close::after_output);
  EXPECT_EQ(pair.client.received, "answer");
  EXPECT_TRUE(pair.client.peer_closed());
  EXPECT_EQ(pair.server.session().info().error, Error::none);
}

TEST_P(LibsslData, EndsItsDirectionAndGoesOnReceiving) {
  Pair pair(config_, *engine_, GetParam());
  pair.server.send("all there is");
  pair.server.run();
  pair.server.shutdown();
  exchange(pair.server, pair.client);
  EXPECT_TRUE(pair.server.output_ended);
  EXPECT_EQ(pair.server.close, Close::none);
  EXPECT_EQ(pair.client.received, "all there is");
  EXPECT_TRUE(pair.client.peer_closed());
  pair.client.write("more");
  pair.client.close();
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.received, "more");
  EXPECT_EQ(pair.server.close, Close::after_output);
}

TEST_P(LibsslData, ForgetsItsKeysAtTheEnd) {
  std::multiset<std::uint64_t> forgotten;
  {
    Pair pair(config_, *engine_, GetParam());
    pair.client.write("x");
    exchange(pair.server, pair.client);
    pair.server.abandon();
    forgotten = pair.server.forgotten;
  }
  // Both directions, and in TLS 1.3 the handshake's and the application's.
  const bool tls13 = std::string(GetParam()).substr(0, 4) == "TLS_";
  EXPECT_EQ(forgotten.size(), tls13 ? 4U : 2U);
  for (const std::uint64_t id : forgotten) EXPECT_EQ(forgotten.count(id), 1U);
}

class LibsslKeyUpdate : public LibsslData {};
INSTANTIATE_TEST_SUITE_P(Suites, LibsslKeyUpdate,
                         ::testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                           "TLS_CHACHA20_POLY1305_SHA256"));

TEST_P(LibsslKeyUpdate, FollowsThePeersKeys) {
  Pair pair(config_, *engine_, GetParam());
  for (int i = 0; i < 5; ++i) {
    pair.client.write("before" + pattern_text(50'000));
    ASSERT_EQ(SSL_key_update(pair.client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    pair.client.write("after" + pattern_text(50'000));
  }
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.received.size(), 5 * (100'000U + 11));
  EXPECT_EQ(pair.server.counters().key_updates_received.value(), 5U);
  EXPECT_EQ(pair.server.counters().key_updates_sent.value(), 0U);
}

TEST_P(LibsslKeyUpdate, AnswersRequests) {
  Pair pair(config_, *engine_, GetParam());
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(SSL_key_update(pair.client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    pair.client.write("ping");
    pair.server.send(pattern_text(100'000), 1448);
    exchange(pair.server, pair.client);
  }
  EXPECT_EQ(pair.server.received, "pingpingping");
  EXPECT_EQ(pair.client.received.size(), 300'000U);
  EXPECT_EQ(pair.server.counters().key_updates_sent.value(), 3U);
}

TEST_F(LibsslKeyUpdate, ReplacesWornOutKeysOfBothDirections) {
  DriverOptions options;
  options.limits.records_before_key_update = 10;
  Pair pair(config_, *engine_, "TLS_AES_128_GCM_SHA256", options);
  pair.server.send(pattern_text(1'000'000));
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.client.received.size(), 1'000'000U);
  EXPECT_EQ(pair.server.counters().key_updates_sent.value(), 6U);
  // 31 records up: after the tenth of each key the client is asked to change it.
  for (int i = 0; i < 31; ++i) {
    pair.client.write(pattern_text(1000));
    exchange(pair.server, pair.client);
  }
  EXPECT_EQ(pair.server.received.size(), 31'000U);
  EXPECT_GE(pair.server.counters().key_updates_received.value(), 2U);
}

TEST_F(LibsslKeyUpdate, SurvivesPeersThatPadTheirRecords) {
  Pair pair(config_, *engine_, "TLS_AES_128_GCM_SHA256", {}, [](SSL* ssl) { SSL_set_block_padding(ssl, 512); });
  for (int i = 0; i < 5; ++i) {
    pair.client.write(pattern_text(40'000));
    ASSERT_EQ(SSL_key_update(pair.client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
  }
  pair.client.write("end");
  exchange(pair.server, pair.client);
  EXPECT_EQ(pair.server.received.size(), 200'003U);
}

TEST_F(LibsslData, RefusesRenegotiationAndGoesOn) {
  Pair pair(config_, *engine_, "ECDHE-RSA-AES128-GCM-SHA256");
  pair.client.write("before");
  exchange(pair.server, pair.client);
  ASSERT_EQ(SSL_renegotiate(pair.client.ssl()), 1);
  pair.client.step();
  SSL_do_handshake(pair.client.ssl());
  pair.server.feed(pair.client.take_output());
  pair.server.run();
  pair.client.feed(pair.server.take_output());
  pair.server.send("still here");
  pair.server.run();
  EXPECT_EQ(pair.server.session().info().error, Error::none);
  EXPECT_EQ(pair.server.close, Close::none);
  EXPECT_EQ(pair.server.unreleased(), 0U);
  // libssl itself gives up at the warning; its error says that it came.
  pair.client.step();
  EXPECT_NE(pair.client.failure.find("renegotiation"), std::string::npos) << pair.client.failure;
}

}  // namespace
}  // namespace lockstep::tls::test

// Our client with our server: all suites and groups, any chunking.
#include <gtest/gtest.h>

#include <ctime>

#include "crypto/openssl/engine.h"
#include "crypto/openssl/trust_store.h"
#include "dataplane/tls/cipher_suites.h"
#include "dataplane/tls/coroutine.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/harness.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

// Carries bytes to and fro until both are quiet.
void join_sessions(Driver& client, Driver& server) {
  for (bool moved = true; moved;) {
    client.run();
    const Buffer up = client.take_output();
    if (!up.empty()) server.feed(up);
    server.run();
    const Buffer down = server.take_output();
    if (!down.empty()) client.feed(down);
    moved = !up.empty() || !down.empty();
  }
}

class ClientSession : public ::testing::Test {
 protected:
  ClientSession() {
    const auto loaded = crypto::load_trust_store({.authorities = authority_pem()});
    client_config_.trust = loaded.value().store;
    client_config_.server_name = client_config_.certified_name = "www.example.org";
  }
  std::unique_ptr<Driver> make_client(const DriverOptions& options = {.seed = 2}) {
    auto client = std::make_unique<Driver>(client_config_, *engine_, options);
    client->core().wall_clock_offset = seconds(std::time(nullptr));
    return client;
  }

  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ServerConfig server_config_ = config_with({"P-256"});
  ClientConfig client_config_;
};

TEST_F(ClientSession, AgreesWithOurServerOnAllSuitesAndGroups) {
  for (const CipherSuite suite : {CipherSuite::tls_aes_128_gcm_sha256, CipherSuite::tls_aes_256_gcm_sha384,
                                  CipherSuite::tls_chacha20_poly1305_sha256}) {
    for (const crypto::NamedGroup group : default_groups()) {
      server_config_.cipher_suites = {suite};
      server_config_.groups = {group};
      Driver server(server_config_, *engine_);
      const auto client = make_client();
      join_sessions(*client, server);
      ASSERT_TRUE(client->established) << describe(client->session().info().error);
      ASSERT_TRUE(server.established) << describe(server.session().info().error);
      const SessionInfo ours = client->session().info();
      const SessionInfo theirs = server.session().info();
      EXPECT_EQ(ours.cipher_suite, suite);
      EXPECT_EQ(ours.group, group);
      EXPECT_EQ(ours.signature_scheme, theirs.signature_scheme);
      EXPECT_EQ(ours.server_name, "www.example.org");
      EXPECT_EQ(theirs.server_name, "www.example.org");
      EXPECT_EQ(ours.hello_retry, group != crypto::NamedGroup::x25519);
      EXPECT_EQ(theirs.hello_retry, ours.hello_retry);
    }
  }
}

TEST_F(ClientSession, TakesItsInputCutAnywhere) {
  server_config_.groups = {crypto::NamedGroup::secp256r1};
  for (const std::size_t piece : {1, 2, 7, 100}) {
    Driver server(server_config_, *engine_);
    const auto client = make_client({.seed = 2, .piece = piece, .join = true});
    join_sessions(*client, server);
    ASSERT_TRUE(client->established) << describe(client->session().info().error);
    const std::string text = pattern_text(40'000);
    server.send(text);
    client->send(text);
    join_sessions(*client, server);
    EXPECT_EQ(client->received, text);
    EXPECT_EQ(server.received, text);
  }
}

TEST_F(ClientSession, ChangesKeysBeforeTheyWearOut) {
  DriverOptions options = {.seed = 2};
  options.limits.records_before_key_update = 3;
  Driver server(server_config_, *engine_, options);
  const auto client = make_client(options);
  join_sessions(*client, server);
  const std::string text = pattern_text(200'000);
  server.send(text);
  client->send(text);
  join_sessions(*client, server);
  EXPECT_EQ(client->received, text);
  EXPECT_EQ(server.received, text);
  EXPECT_GT(client->counters().key_updates_sent.value(), 2U);
  EXPECT_GT(client->counters().key_updates_received.value(), 2U);
}

TEST_F(ClientSession, AgreesOnAnApplicationProtocol) {
  server_config_.alpn = {"http/1.1"};
  client_config_.alpn = {"h2", "http/1.1"};
  Driver server(server_config_, *engine_);
  const auto client = make_client();
  join_sessions(*client, server);
  EXPECT_EQ(client->session().info().alpn, "http/1.1");
}

TEST_F(ClientSession, GoesOnWithOurServersTickets) {
  server_config_.ticket_keys = ticket_keys(1, random_);
  client_config_.alpn = server_config_.alpn = {"h2"};
  for (const CipherSuite suite : {CipherSuite::tls_aes_128_gcm_sha256, CipherSuite::tls_aes_256_gcm_sha384}) {
    for (const std::size_t piece : {0, 1, 100}) {
      server_config_.cipher_suites = {suite};
      const auto client = make_client({.seed = 2, .piece = piece, .join = true});
      for (int visits = 0; visits < 3; ++visits) {
        if (visits != 0) client->restart(client_config_);
        Driver server(server_config_, *engine_);
        server.core().wall_clock_offset = client->core().wall_clock_offset;
        join_sessions(*client, server);
        ASSERT_TRUE(client->established) << describe(client->session().info().error);
        EXPECT_EQ(client->session().info().resumed, visits != 0);
        EXPECT_EQ(server.session().info().resumed, visits != 0);
        EXPECT_EQ(client->session().info().alpn, "h2");
        const std::string text = pattern_text(30'000);
        server.send(text);
        client->send(text);
        join_sessions(*client, server);
        EXPECT_EQ(client->received, text);
        EXPECT_EQ(server.received, text);
      }
      EXPECT_LE(client->core().largest_frame, FrameStorage::kSize);
    }
  }
}

TEST_F(ClientSession, AgreesWithOurServerInTls12) {
  server_config_ = config_with({"P-256", "RSA"});
  server_config_.tls13 = false;
  client_config_.alpn = server_config_.alpn = {"h2"};
  for (const CipherSuite suite : default_cipher_suites()) {
    if (find_traits(suite)->version != Version::tls12) continue;
    for (const crypto::NamedGroup group : default_groups()) {
      server_config_.cipher_suites = {suite};
      server_config_.groups = {group};
      Driver server(server_config_, *engine_);
      const auto client = make_client();
      join_sessions(*client, server);
      ASSERT_TRUE(client->established) << name(suite) << describe(client->session().info().error);
      EXPECT_EQ(client->session().info().version, Version::tls12);
      EXPECT_EQ(client->session().info().cipher_suite, suite);
      EXPECT_EQ(client->session().info().group, group);
      EXPECT_EQ(client->session().info().alpn, "h2");
      EXPECT_EQ(client->session().info().signature_scheme, server.session().info().signature_scheme);
      EXPECT_LE(client->core().largest_frame, FrameStorage::kSize);
    }
  }
}

TEST_F(ClientSession, GoesOnWithOurServerInTls12) {
  server_config_.tls13 = false;
  for (const bool tickets : {false, true}) {
    for (const std::size_t piece : {0, 1, 100}) {
      server_config_.ticket_keys = tickets ? ticket_keys(1, random_) : nullptr;
      const auto client = make_client({.seed = 2, .piece = piece, .join = true});
      Driver server(server_config_, *engine_);
      server.core().wall_clock_offset = client->core().wall_clock_offset;
      for (int visits = 0; visits < 3; ++visits) {
        if (visits != 0) {
          client->restart(client_config_);
          server.restart(server_config_);
        }
        join_sessions(*client, server);
        ASSERT_TRUE(client->established) << describe(client->session().info().error);
        EXPECT_EQ(client->session().info().resumed, visits != 0);
        EXPECT_EQ(server.session().info().resumed, visits != 0);
        const std::string text = pattern_text(30'000);
        server.send(text);
        client->send(text);
        join_sessions(*client, server);
        EXPECT_EQ(client->received, text);
        EXPECT_EQ(server.received, text);
      }
    }
  }
}

TEST_F(ClientSession, ClosesBothWays) {
  Driver server(server_config_, *engine_);
  const auto client = make_client();
  join_sessions(*client, server);
  client->shutdown();
  join_sessions(*client, server);
  EXPECT_TRUE(server.peer_closed);
  server.shutdown();
  join_sessions(*client, server);
  EXPECT_TRUE(client->peer_closed);
  EXPECT_EQ(client->close, Close::after_output);
  EXPECT_EQ(client->session().info().error, Error::none);
}

TEST_F(ClientSession, FitsIntoItsFrame) {
  Driver server(server_config_, *engine_);
  const auto client = make_client();
  join_sessions(*client, server);
  EXPECT_GT(client->core().largest_frame, 1000U);
  EXPECT_LE(client->core().largest_frame, FrameStorage::kSize);
}

}  // namespace
}  // namespace lockstep::tls::test

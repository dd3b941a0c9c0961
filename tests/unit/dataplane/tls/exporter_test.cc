// Keying material that is exported, and secrets that are logged, beside libssl's (RFC 8446 section 7.5, RFC 5705).
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"
#include "dataplane/tls/ticket_keys.h"
#include "tests/support/vectors.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

// What libssl's callback was told, line by line.
std::vector<std::string>& lines_of_libssl() {
  static std::vector<std::string> lines;
  return lines;
}

const char* label_of(SecretName name) {
  switch (name) {
    case SecretName::client_random:
      return "CLIENT_RANDOM";
    case SecretName::client_early_traffic_secret:
      return "CLIENT_EARLY_TRAFFIC_SECRET";
    case SecretName::client_handshake_traffic_secret:
      return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
    case SecretName::server_handshake_traffic_secret:
      return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
    case SecretName::client_traffic_secret_0:
      return "CLIENT_TRAFFIC_SECRET_0";
    case SecretName::server_traffic_secret_0:
      return "SERVER_TRAFFIC_SECRET_0";
    case SecretName::exporter_secret:
      return "EXPORTER_SECRET";
  }
  return "";
}

std::vector<std::string> sorted(std::vector<std::string> lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> lines_of(const Driver& server) {
  std::vector<std::string> lines;
  for (const Driver::LoggedSecret& each : server.logged)
    lines.push_back(std::string(label_of(each.name)) + " " + lockstep::test::to_hex(each.client_random) + " " +
                    lockstep::test::to_hex(each.secret));
  return sorted(lines);
}

class Exporters : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    lines_of_libssl().clear();
    config_.ticket_keys = ticket_keys(1, random_);
    config_.exporters = true;
  }
  bool tls13() const { return std::string(GetParam()).substr(0, 4) == "TLS_"; }
  std::unique_ptr<LibsslPeer> client(SSL_SESSION* session = nullptr, bool extended_master_secret = true) const {
    return std::make_unique<LibsslPeer>(
        [](SSL_CTX* context) {
          SSL_CTX_set_keylog_callback(context, [](const SSL*, const char* line) {
            // Of early data libssl logs one secret more, which nobody needs to decrypt.
            if (std::string_view(line).substr(0, 5) != "EARLY") lines_of_libssl().emplace_back(line);
          });
        },
        [=, this](SSL* ssl) {
          SSL_set_max_proto_version(ssl, tls13() ? TLS1_3_VERSION : TLS1_2_VERSION);
          tls13() ? SSL_set_ciphersuites(ssl, GetParam()) : SSL_set_cipher_list(ssl, GetParam());
          if (!extended_master_secret) SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
          if (session != nullptr) SSL_set_session(ssl, session);
        });
  }
  // By a job, as whoever wants to know would do it.
  std::optional<Buffer> exported(Driver& server, std::string_view label, std::optional<std::string_view> context,
                                 std::size_t size) {
    crypto::ExportJob job;
    if (!server.session().prepare_export(job)) return std::nullopt;
    Buffer out(size);
    const Buffer label_bytes = text(label);
    const Buffer context_bytes = text(context.value_or(""));
    job.label = label_bytes;
    job.has_context = context.has_value();
    job.context = context_bytes;
    job.out = out;
    run(*engine_, job);
    return job.ok() ? std::optional(out) : std::nullopt;
  }
  static Buffer of_libssl(SSL* ssl, std::string_view label, std::optional<std::string_view> context, std::size_t size) {
    Buffer out(size);
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(context ? context->data() : "");
    EXPECT_EQ(SSL_export_keying_material(ssl, out.data(), size, label.data(), label.size(), bytes,
                                         context ? context->size() : 0, context ? 1 : 0),
              1);
    return out;
  }
  void expect_same_exports(Driver& server, LibsslPeer& peer) {
    const std::string long_context = pattern_text(crypto::ExportJob::kMaxContext);
    for (const std::size_t size : {1U, 32U, 48U, 500U}) {
      for (const std::optional<std::string_view> context :
           {std::optional<std::string_view>(), std::optional<std::string_view>(""),
            std::optional<std::string_view>("context"), std::optional<std::string_view>(long_context)}) {
        for (const std::string_view label : {"EXPORTER-Channel-Binding", "EXPERIMENTAL"})
          EXPECT_EQ(exported(server, label, context, size), of_libssl(peer.ssl(), label, context, size))
              << label << ", " << size;
      }
    }
  }

  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ServerConfig config_ = config_with({"RSA"});
};

INSTANTIATE_TEST_SUITE_P(Suites, Exporters,
                         ::testing::Values("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                           "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"));

TEST_P(Exporters, GiveBothSidesTheSame) {
  Driver server(config_, *engine_);
  const auto peer = client();
  exchange(server, *peer);
  ASSERT_TRUE(peer->established()) << peer->failure;
  expect_same_exports(server, *peer);
  EXPECT_EQ(server.core().exporters.in_use(), 1U);
  EXPECT_TRUE(server.logged.empty());
}

TEST_P(Exporters, GiveBothSidesTheSameInAResumedSession) {
  Driver server(config_, *engine_);
  const auto first = client();
  exchange(server, *first);
  first->close();
  exchange(server, *first);
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(SSL_get1_session(first->ssl()),
                                                                          SSL_SESSION_free);
  server.restart(config_);
  const auto second = client(session.get());
  exchange(server, *second);
  ASSERT_TRUE(server.session().info().resumed);
  expect_same_exports(server, *second);
}

TEST_P(Exporters, AreNotThereUnlessConfigured) {
  config_.exporters = false;
  Driver server(config_, *engine_);
  const auto peer = client();
  exchange(server, *peer);
  ASSERT_TRUE(peer->established());
  EXPECT_FALSE(exported(server, "EXPERIMENTAL", {}, 32));
  EXPECT_EQ(server.core().exporters.in_use(), 0U);
}

TEST_P(Exporters, AreNotThereBeforeTheSessionIsEstablished) {
  Driver server(config_, *engine_);
  EXPECT_FALSE(exported(server, "EXPERIMENTAL", {}, 32));
  const auto peer = client();
  peer->step();
  server.feed(peer->take_output());
  server.run();
  EXPECT_FALSE(exported(server, "EXPERIMENTAL", {}, 32));
}

TEST_P(Exporters, WithoutRoomLetTheConnectionGoOn) {
  DriverOptions options;
  options.limits.exporters = 0;
  Driver server(config_, *engine_, options);
  const auto peer = client();
  exchange(server, *peer);
  EXPECT_TRUE(server.established);
  EXPECT_FALSE(exported(server, "EXPERIMENTAL", {}, 32));
  EXPECT_EQ(server.counters().pool_full.value(), 1U);
}

TEST_P(Exporters, RefuseWhatIsTooLong) {
  Driver server(config_, *engine_);
  const auto peer = client();
  exchange(server, *peer);
  EXPECT_TRUE(exported(server, std::string(crypto::ExportJob::kMaxLabel, 'l'), {}, 32));
  EXPECT_FALSE(exported(server, std::string(crypto::ExportJob::kMaxLabel + 1, 'l'), {}, 32));
  EXPECT_FALSE(exported(server, "l", std::string(crypto::ExportJob::kMaxContext + 1, 'c'), 32));
}

// RFC 7627 section 5.4.
TEST_P(Exporters, NeedExtendedMasterSecretInTls12) {
  if (tls13()) return;
  Driver server(config_, *engine_);
  const auto peer = client(nullptr, false);
  exchange(server, *peer);
  ASSERT_TRUE(server.established);
  EXPECT_FALSE(exported(server, "EXPERIMENTAL", {}, 32));
}

TEST_P(Exporters, AreNotNeededToLogSecrets) {
  config_.exporters = false;
  config_.log_secrets = true;
  Driver server(config_, *engine_);
  const auto first = client();
  exchange(server, *first);
  first->close();
  exchange(server, *first);
  EXPECT_EQ(server.logged.size(), tls13() ? 5U : 1U);
  EXPECT_EQ(lines_of(server), sorted(lines_of_libssl()));
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(SSL_get1_session(first->ssl()),
                                                                          SSL_SESSION_free);
  server.restart(config_);
  const auto second = client(session.get());
  exchange(server, *second);
  ASSERT_TRUE(server.session().info().resumed);
  EXPECT_EQ(lines_of(server), sorted(lines_of_libssl()));
}

TEST_P(Exporters, LogTheSecretOfEarlyDataThatIsTaken) {
  if (!tls13()) return;
  config_.log_secrets = true;
  config_.max_early_data = 1000;
  DriverOptions options;
  options.limits.early_data_hellos = 16;
  Driver server(config_, *engine_, options);
  const auto first = client();
  exchange(server, *first);
  first->close();
  exchange(server, *first);
  const std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)> session(SSL_get1_session(first->ssl()),
                                                                          SSL_SESSION_free);
  server.restart(config_);
  const auto second = client(session.get());
  std::size_t written = 0;
  ASSERT_EQ(SSL_write_early_data(second->ssl(), "early", 5, &written), 1);
  exchange(server, *second);
  ASSERT_TRUE(server.session().info().early_data);
  EXPECT_EQ(server.logged.size(), 5U + 6U);
  EXPECT_EQ(lines_of(server), sorted(lines_of_libssl()));
}

}  // namespace
}  // namespace lockstep::tls::test

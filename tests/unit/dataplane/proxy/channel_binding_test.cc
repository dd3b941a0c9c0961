// RFC 9266: the backend is told what the client's end of the connection derives, too.
#include <gtest/gtest.h>

#include "dataplane/proxy/proxy_protocol.h"
#include "tests/unit/dataplane/proxy/client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::proxy::test {
namespace {

constexpr std::uint16_t kBackend = 8001;

class ChannelBindings : public ::testing::Test {
 protected:
  void begin(const WorldOptions& options = {}) {
    world_ = std::make_unique<World>(options);
    world_->listen(kBackend);
    world_->apply(service(true));
  }
  ServiceConfig service(bool exporters) {
    ServiceConfig made = proxied_service({kBackend}, Mode::tls);
    auto config = std::make_shared<tls::ServerConfig>(*made.tls);
    config->ticket_keys = tls::test::ticket_keys(1, random_);
    config->exporters = exporters;
    made.tls = config;
    made.proxy_protocol = true;
    made.channel_binding = true;
    return made;
  }
  // What the backend got as the client's binding; empty: nothing.
  std::string told(const Stream& backend) const {
    EXPECT_TRUE(world_->until([&] { return backend.received.ends_with("hello"); }));
    const std::string start = {static_cast<char>(kTypeChannelBinding), 0, static_cast<char>(kChannelBinding)};
    const std::size_t size = backend.received.size() - 5;
    const std::size_t at = size - kChannelBinding - start.size();
    return backend.received.substr(at, start.size()) == start
               ? backend.received.substr(size - kChannelBinding, kChannelBinding)
               : std::string();
  }
  std::unique_ptr<TlsStream> visit(int version, SSL_SESSION* session = nullptr) {
    auto client = std::make_unique<TlsStream>(*world_, version, kPort, session);
    client->send("hello");
    return client;
  }
  // The job for the binding is held, with those behind it.
  std::unique_ptr<TlsStream> visit_until_the_backend_is_connected() {
    WorldOptions options;
    options.scripted = true;
    begin(options);
    auto client = visit(TLS1_3_VERSION);
    for (int i = 0; i < 1000 && world_->accepted(kBackend).empty(); ++i) {
      world_->script().release(world_->script().held() > 0 ? 1 : 0);
      world_->run(milliseconds(1));
    }
    EXPECT_EQ(world_->accepted(kBackend).size(), 1U);
    return client;
  }

  Random random_ = Random::from_number(1);
  std::unique_ptr<World> world_;
};

TEST_F(ChannelBindings, AreTheClients) {
  begin();
  const auto client = visit(TLS1_3_VERSION);
  const std::string binding = told(world_->backend(kBackend));
  EXPECT_EQ(binding.size(), kChannelBinding);
  EXPECT_EQ(binding, client->exported("EXPORTER-Channel-Binding", kChannelBinding));
}

TEST_F(ChannelBindings, AreNewForEachConnectionOfASession) {
  begin();
  auto first = visit(TLS1_3_VERSION);
  const std::string before = told(world_->backend(kBackend));
  first->close();
  world_->backend(kBackend).end = true;
  EXPECT_TRUE(world_->until([&] { return world_->lines.size() == 1; }));
  const auto session = first->session();
  const auto second = visit(TLS1_3_VERSION, session.get());
  EXPECT_TRUE(world_->until([&] { return world_->accepted(kBackend).size() == 2; }));
  const std::string after = told(*world_->accepted(kBackend)[1]);
  EXPECT_TRUE(second->resumed());
  EXPECT_EQ(after, second->exported("EXPORTER-Channel-Binding", kChannelBinding));
  EXPECT_NE(after, before);
}

TEST_F(ChannelBindings, AreNotToldOfTls12) {
  begin();
  const auto client = visit(TLS1_2_VERSION);
  EXPECT_EQ(told(world_->backend(kBackend)), "");
}

// As when a reload switches them on while a handshake is under way.
TEST_F(ChannelBindings, ThatCannotBeMadeEndTheConnection) {
  begin();
  world_->apply(service(false));
  const auto client = visit(TLS1_3_VERSION);
  EXPECT_TRUE(world_->until([&] { return world_->lines.size() == 1; }));
  EXPECT_STREQ(world_->lines[0].reason.data(), "no_memory");
  EXPECT_TRUE(world_->accepted(kBackend).empty());
}

TEST_F(ChannelBindings, AreWaitedForBeforeAnythingReachesTheBackend) {
  const auto client = visit_until_the_backend_is_connected();
  const Stream* const backend = world_->accepted(kBackend)[0];
  ASSERT_GT(world_->script().held(), 0U);
  world_->run(milliseconds(20));
  EXPECT_EQ(backend->received, "");
  EXPECT_TRUE(world_->until([&] {
    world_->script().release_all();
    return backend->received.ends_with("hello");
  }));
  EXPECT_EQ(told(*backend), client->exported("EXPORTER-Channel-Binding", kChannelBinding));
}

TEST_F(ChannelBindings, OutliveAConnectionThatEndsWhileTheyAreMade) {
  const auto client = visit_until_the_backend_is_connected();
  ASSERT_GT(world_->script().held(), 0U);
  client->silent = true;
  world_->reset(client->stream);
  EXPECT_TRUE(world_->until([&] { return world_->lines.size() == 1; }));
  world_->script().release_all();
  world_->run(milliseconds(20));
  EXPECT_EQ(world_->proxy().connections(), 0U);
  EXPECT_EQ(world_->script().held(), 0U);
}

}  // namespace
}  // namespace lockstep::proxy::test

// Sessions that go on: what the access line says, and what becomes of keys for tickets when they are replaced.
#include <gtest/gtest.h>

#include "tests/unit/dataplane/proxy/client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::proxy::test {
namespace {

using tls::TicketKeys;

ServiceConfig service_with(const std::shared_ptr<const TicketKeys>& keys) {
  ServiceConfig service = builtin_service(Builtin::echo, Mode::tls);
  auto config = std::make_shared<tls::ServerConfig>(*service.tls);
  config->ticket_keys = keys;
  service.tls = config;
  return service;
}

class Resumption : public ::testing::Test {
 protected:
  // A connection from beginning to end.
  std::shared_ptr<SSL_SESSION> visit(World& world, SSL_SESSION* offered, bool& resumed) {
    TlsStream client(world, TLS1_3_VERSION, kPort, offered);
    const std::size_t lines = world.lines.size();
    client.send("hello");
    EXPECT_TRUE(world.until([&] { return client.received == "hello"; }));
    resumed = client.resumed();
    client.close();
    EXPECT_TRUE(world.until([&] { return world.lines.size() == lines + 1; }));
    return client.session();
  }
  Random random_ = Random::from_number(1);
};

TEST_F(Resumption, IsToldInTheAccessLine) {
  World world;
  world.apply(service_with(tls::test::ticket_keys(1, random_)));
  bool resumed = true;
  const auto session = visit(world, nullptr, resumed);
  EXPECT_FALSE(resumed);
  EXPECT_FALSE(world.lines.back().resumed);
  EXPECT_NE(world.lines.back().signature_scheme, 0);
  visit(world, session.get(), resumed);
  EXPECT_TRUE(resumed);
  EXPECT_TRUE(world.lines.back().resumed);
  EXPECT_EQ(world.lines.back().signature_scheme, 0) << "nothing was signed";
  EXPECT_EQ(world.proxy().tls_counters().handshakes_resumed.value(), 1U);
}

TEST_F(Resumption, GoesByTheWallClock) {
  World world;
  world.apply(service_with(tls::test::ticket_keys(1, random_)));
  bool resumed = true;
  const auto session = visit(world, nullptr, resumed);
  world.proxy().set_wall_clock_offset(seconds(784111777) + hours(3));
  visit(world, session.get(), resumed);
  EXPECT_FALSE(resumed) << "the clock was set: the ticket is too old";
  EXPECT_EQ(world.proxy().tls_counters().tickets_expired.value(), 1U);
}

TEST_F(Resumption, KeysThatWereReplacedAreForgottenByTheEngines) {
  WorldOptions options;
  options.scripted = true;
  World world(options);
  world.hooks.push_back([&] { world.script().release_all(); });
  const auto first = tls::test::ticket_keys(2, random_);
  world.apply(service_with(first));
  bool resumed = false;
  visit(world, nullptr, resumed);

  const auto second = tls::test::ticket_keys(1, random_);
  tls::TicketKey& kept = second->keys.emplace_back();
  kept.name = first->keys[0].name;
  kept.keys.id = first->keys[0].keys.id;
  world.apply(service_with(second));
  EXPECT_EQ(world.script().forgotten().count(first->keys[0].keys.id), 0U) << "it is still there";
  EXPECT_EQ(world.script().forgotten().count(first->keys[1].keys.id), 1U);
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  for (const tls::TicketKey& key : second->keys) EXPECT_EQ(world.script().forgotten().count(key.keys.id), 1U);
}

TEST_F(Resumption, KeysAreNotForgottenWhileAHandshakeMayUseThem) {
  WorldOptions options;
  options.scripted = true;
  World world(options);
  const auto keys = tls::test::ticket_keys(1, random_);
  world.apply(service_with(keys));
  TlsStream client(world);
  EXPECT_TRUE(world.until([&] { return world.script().held() > 0; }));
  world.apply(service_with(tls::test::ticket_keys(1, random_)));
  EXPECT_EQ(world.script().forgotten().count(keys->sealing->keys.id), 0U);
  world.hooks.push_back([&] { world.script().release_all(); });
  EXPECT_TRUE(world.until([&] { return world.script().forgotten().count(keys->sealing->keys.id) == 1; }));
  EXPECT_TRUE(client.established());
}

}  // namespace
}  // namespace lockstep::proxy::test

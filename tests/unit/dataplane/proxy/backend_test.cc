// Choosing, trying and leaving backends, as seen from outside.
#include <gtest/gtest.h>

#include "crypto/base/bytes.h"
#include "tests/unit/dataplane/proxy/client.h"

namespace lockstep::proxy::test {
namespace {

/// What the last access line says.
std::string last_reason(World& world) {
  return world.lines.empty() ? "none" : world.lines.back().reason.data();
}

const Proxy::BackendStatus& status_of(const std::vector<Proxy::BackendStatus>& all, const std::string& name) {
  for (const Proxy::BackendStatus& one : all)
    if (one.backend == name) return one;
  static const Proxy::BackendStatus kNone;
  ADD_FAILURE() << "no backend " << name;
  return kNone;
}

TEST(Backends, ShareConnectionsInTurn) {
  World world;
  world.listen(8001);
  world.listen(8002);
  world.apply(proxied_service({8001, 8002}));
  for (std::size_t i = 1; i <= 3; ++i) {
    world.connect();
    world.connect();
    EXPECT_TRUE(world.until([&] { return world.accepted(8001).size() == i && world.accepted(8002).size() == i; }));
  }
  const auto status = world.proxy().backend_status();
  EXPECT_EQ(status_of(status, "b8001").connections, 3U);
  EXPECT_EQ(status_of(status, "b8002").total, 3U);
}

TEST(Backends, WithFewestConnectionsComeFirst) {
  World world;
  world.listen(8001);
  world.listen(8002);
  ServiceConfig service = proxied_service({8001, 8002});
  service.balance = Balance::least_connections;
  world.apply(service);
  Stream& first = world.connect();
  EXPECT_TRUE(world.until([&] { return world.accepted(8001).size() == 1; }));
  Stream& second = world.connect();
  EXPECT_TRUE(world.until([&] { return world.accepted(8002).size() == 1; }));
  world.reset(second);
  EXPECT_TRUE(world.until([&] { return world.lines.size() == 1; }));
  world.connect();
  EXPECT_TRUE(world.until([&] { return world.accepted(8002).size() == 2; }));
  EXPECT_FALSE(first.over());
}

TEST(Backends, ThatRefuseAreReplacedByTheNext) {
  World world;
  world.listen(8002);
  world.apply(proxied_service({8001, 8002}));
  Stream& client = world.connect();
  client.to_send = "hello";
  EXPECT_TRUE(
      world.until([&] { return !world.accepted(8002).empty() && world.accepted(8002)[0]->received == "hello"; }));
  EXPECT_EQ(world.proxy().counters().backend_retries.value(), 1U);
  EXPECT_EQ(world.proxy().counters().backend_connect_failures.value(), 1U);
  EXPECT_EQ(status_of(world.proxy().backend_status(), "b8001").failures, 1U);
}

TEST(Backends, ThatDoNotAnswerAreReplacedInTime) {
  World world;
  world.listen(8002);
  ServiceConfig service = proxied_service({8002});
  service.backends.insert(service.backends.begin(), {"silent", {World::silent_address(), 80}});
  service.connect_timeout = milliseconds(700);
  world.apply(service);
  world.connect();
  world.run(milliseconds(600));
  EXPECT_TRUE(world.accepted(8002).empty());
  world.run(milliseconds(200));
  EXPECT_EQ(world.accepted(8002).size(), 1U);
}

TEST(Backends, AreTriedAsOftenAsConfigured) {
  World world;
  ServiceConfig service = proxied_service({8001, 8002, 8003, 8004});
  service.connect_retries = 1;
  world.apply(service);
  Stream& client = world.connect();
  EXPECT_TRUE(world.until([&] { return client.reset(); }))
      << "an answer that cannot be had must not look like an empty one";
  EXPECT_EQ(world.proxy().counters().backend_connects.value(), 2U);
  EXPECT_EQ(last_reason(world), "backend_refused");
  EXPECT_EQ(world.lines.back().backend_close, tcp::CloseReason::refused);
}

TEST(Backends, ThatStaySilentAreNamedInTheAccessLine) {
  World world;
  ServiceConfig service = proxied_service({});
  service.backends = {{"silent", {World::silent_address(), 80}}};
  world.apply(service);
  Stream& client = world.connect();
  EXPECT_TRUE(world.until([&] { return client.reset(); }));
  EXPECT_EQ(last_reason(world), "backend_timed_out");
  EXPECT_STREQ(world.lines.back().backend.data(), "silent");
}

TEST(Backends, MayBeNone) {
  World world;
  world.apply(proxied_service({}));
  Stream& client = world.connect();
  EXPECT_TRUE(world.until([&] { return client.reset(); }));
  EXPECT_EQ(last_reason(world), "no_backend");
}

TEST(Backends, AreEjectedAfterFailuresAndReturnAfterATrial) {
  World world;
  world.listen(8002);
  ServiceConfig service = proxied_service({8001, 8002});
  service.eject_after = 2;
  service.eject_for = seconds(5);
  world.apply(service);
  for (int i = 0; i < 6; ++i) {
    world.connect();
    world.run(milliseconds(10));
  }
  EXPECT_EQ(world.accepted(8002).size(), 6U);
  EXPECT_EQ(world.proxy().counters().backend_connect_failures.value(), 2U) << "nobody asks an ejected backend";
  ASSERT_EQ(world.backend_events.size(), 1U);
  EXPECT_TRUE(world.backend_events[0].ejected);
  EXPECT_STREQ(world.backend_events[0].backend.data(), "b8001");
  EXPECT_STREQ(world.backend_events[0].service.data(), "service");
  EXPECT_EQ(world.backend_events[0].failures, 2U);
  EXPECT_TRUE(status_of(world.proxy().backend_status(), "b8001").ejected);

  world.listen(8001);
  world.run(seconds(5));
  world.connect();
  world.connect();
  EXPECT_TRUE(world.until([&] { return world.accepted(8001).size() == 1; }));
  ASSERT_EQ(world.backend_events.size(), 2U);
  EXPECT_FALSE(world.backend_events[1].ejected);
  EXPECT_EQ(world.proxy().counters().backend_ejections.value(), 1U);
  EXPECT_FALSE(status_of(world.proxy().backend_status(), "b8001").ejected);
}

TEST(Backends, AreTriedNeverthelessWhenAllAreEjected) {
  World world;
  ServiceConfig service = proxied_service({8001});
  service.eject_after = 1;
  world.apply(service);
  world.connect();
  EXPECT_TRUE(world.until([&] { return !world.backend_events.empty(); }));
  world.listen(8001);
  world.connect();
  EXPECT_TRUE(world.until([&] { return world.accepted(8001).size() == 1; }));
  EXPECT_FALSE(status_of(world.proxy().backend_status(), "b8001").ejected);
}

TEST(Backends, OfAClientThatLeftAreLeft) {
  World world;
  ServiceConfig service = proxied_service({});
  service.backends = {{"silent", {World::silent_address(), 80}}};
  world.apply(service);
  Stream& client = world.connect();
  EXPECT_TRUE(world.until([&] { return world.proxy().counters().backend_connects.value() == 1; }));
  world.reset(client);
  EXPECT_TRUE(world.until([&] { return world.lines.size() == 1; }));
  EXPECT_EQ(last_reason(world), "client_reset");
  EXPECT_EQ(status_of(world.proxy().backend_status(), "silent").connections, 0U);
}

TEST(Backends, LearnTheClientsAddressFromThePROXYHeader) {
  World world;
  world.listen(8001);
  ServiceConfig service = proxied_service({8001});
  service.proxy_protocol = true;
  world.apply(service);
  Stream& client = world.connect();
  client.to_send = "hello";
  Stream& backend = world.backend(8001);
  EXPECT_TRUE(world.until([&] { return backend.received.size() == 28 + 5; }));
  Reader reader(Bytes(reinterpret_cast<const std::uint8_t*>(backend.received.data()), backend.received.size()));
  reader.bytes(12);
  EXPECT_EQ(reader.u8(), 0x21);
  EXPECT_EQ(reader.u8(), 0x11);
  EXPECT_EQ(reader.u16(), 12);
  EXPECT_EQ(reader.u32(), World::peer_address().as_v4());
  EXPECT_EQ(reader.u32(), World::proxy_address().as_v4());
  reader.u16();
  EXPECT_EQ(reader.u16(), kPort);
  EXPECT_EQ(backend.received.substr(28), "hello");
}

TEST(Backends, LearnTheServerNameFromThePROXYHeaderOverTls) {
  World world;
  world.listen(8001);
  ServiceConfig service = proxied_service({8001}, Mode::tls);
  service.proxy_protocol = true;
  world.apply(service);
  TlsStream client(world);
  client.send("hello");
  Stream& backend = world.backend(8001);
  EXPECT_TRUE(world.until([&] { return backend.received.size() > 28 && backend.received.ends_with("hello"); }));
  EXPECT_NE(backend.received.find("example.org"), std::string::npos);
  EXPECT_NE(backend.received.find("TLSv1.3"), std::string::npos);
}

TEST(Backends, GetThePROXYHeaderEvenIfTheClientSaysNothing) {
  World world;
  world.listen(8001);
  ServiceConfig service = proxied_service({8001});
  service.proxy_protocol = true;
  world.apply(service);
  Stream& client = world.connect();
  client.end = true;
  Stream& backend = world.backend(8001);
  EXPECT_TRUE(world.until([&] { return backend.ended; }));
  EXPECT_EQ(backend.received.size(), 28U);
}

}  // namespace
}  // namespace lockstep::proxy::test

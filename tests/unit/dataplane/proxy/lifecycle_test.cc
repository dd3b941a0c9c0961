// How connections end, limits, draining, and configurations that change under live connections.
#include <gtest/gtest.h>
#include <rte_mempool.h>

#include <cstring>

#include "tests/unit/dataplane/proxy/client.h"

namespace lockstep::proxy::test {
namespace {

std::string last_reason(World& world) {
  return world.lines.empty() ? "none" : world.lines.back().reason.data();
}
bool has_lines(World& world, std::size_t count, Duration limit = seconds(30)) {
  return world.until([&] { return world.lines.size() == count; }, limit);
}
std::uint64_t refused(World& world) {
  return world.proxy().counters().connections_refused.value();
}

TEST(Endings, IdleConnectionsTimeOut) {
  World world;
  ServiceConfig service = builtin_service(Builtin::echo);
  service.idle_timeout = seconds(10);
  world.apply(service);
  Stream& client = world.connect();
  world.run(seconds(8));
  client.to_send = "still here";
  world.run(seconds(8));
  EXPECT_TRUE(world.lines.empty());
  EXPECT_TRUE(has_lines(world, 1, seconds(3)));
  EXPECT_EQ(last_reason(world), "idle_timeout");
  EXPECT_TRUE(client.reset());
}

TEST(Endings, SlowReadersAreNotIdle) {
  World world;
  ServiceConfig service = builtin_service(Builtin::chargen);
  service.chargen_bytes = 260'000;
  service.idle_timeout = seconds(5);
  world.apply(service);
  Stream& client = world.connect();
  for (int i = 0; i < 10; ++i) {  // the proxy has nothing more to give to TCP, but the client goes on reading
    client.hold = true;
    world.run(seconds(4));
    client.hold = false;
    world.until([&, before = client.received.size()] { return client.received.size() > before; }, seconds(1));
  }
  client.hold = false;
  EXPECT_TRUE(world.until([&] { return client.ended; }));
  EXPECT_EQ(client.received.size(), 260'000U);
  EXPECT_NE(last_reason(world), "idle_timeout");
}

TEST(Endings, UnfinishedHandshakesTimeOut) {
  World world;
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  Stream& silent = world.connect();
  EXPECT_TRUE(has_lines(world, 1, seconds(20)));
  EXPECT_EQ(world.lines.back().tls_error, tls::Error::handshake_timeout);
  EXPECT_FALSE(world.lines.back().established);
  EXPECT_TRUE(silent.ended || silent.reset());
}

TEST(Endings, ProtocolErrorsAreAnsweredByAnAlert) {
  World world;
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  Stream& client = world.connect();
  client.to_send = std::string("\x16\x03\x01\x00\x05\x63\x00\x00\x01\x00", 10);
  EXPECT_TRUE(world.until([&] { return client.ended; }));
  ASSERT_EQ(client.received.size(), 7U);
  EXPECT_EQ(client.received[0], 21) << "alert";
  client.end = true;
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(last_reason(world), "tls_error");
  EXPECT_NE(world.lines.back().tls_error, tls::Error::none);
}

TEST(Endings, LingerUntilTheClientEndsOrForAWhile) {
  World world;
  world.apply(builtin_service(Builtin::daytime));
  Stream& polite = world.connect();
  EXPECT_TRUE(world.until([&] { return polite.ended; }));
  polite.to_send = "late words";
  world.run(milliseconds(100));
  EXPECT_FALSE(polite.over()) << "late bytes are not answered by a reset";
  polite.end = true;
  EXPECT_TRUE(has_lines(world, 1, seconds(1)));
  Stream& stubborn = world.connect();
  EXPECT_TRUE(world.until([&] { return stubborn.ended; }));
  EXPECT_TRUE(has_lines(world, 2, seconds(3)));
  EXPECT_EQ(world.proxy().counters().connections_finished.value(), 2U);
}

TEST(Endings, BrokenStreamsReachTheBackendAsReset) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, Mode::tls));
  TlsStream client(world);
  client.send("first record");
  Stream& backend = world.backend(8080);
  EXPECT_TRUE(world.until([&] { return backend.received == "first record"; }));
  client.stream.to_send = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  EXPECT_TRUE(world.until([&] { return backend.reset(); }));
  EXPECT_TRUE(world.until([&] { return client.stream.ended; }));
  client.stream.end = true;
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(last_reason(world), "tls_error");
  EXPECT_EQ(world.lines.back().tls_error, tls::Error::bad_record);
}

TEST(Endings, TruncationBetweenRecordsEndsTheBackendsInput) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, Mode::tls));
  TlsStream client(world);
  client.send("whole");
  Stream& backend = world.backend(8080);
  EXPECT_TRUE(world.until([&] { return backend.received == "whole"; }));
  client.stream.end = true;
  EXPECT_TRUE(world.until([&] { return backend.ended; }));
  EXPECT_FALSE(backend.reset());
  backend.end = true;
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(last_reason(world), "truncated");
  EXPECT_EQ(world.lines.back().tls_error, tls::Error::truncated);
}

TEST(Endings, TruncationWithinARecordResetsTheBackend) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, Mode::tls));
  TlsStream client(world);
  client.send("whole");
  Stream& backend = world.backend(8080);
  EXPECT_TRUE(world.until([&] { return backend.received == "whole"; }));
  client.stream.to_send = std::string("\x17\x03\x03\x00\x20xyz", 8);
  client.stream.end = true;
  EXPECT_TRUE(world.until([&] { return backend.reset(); }));
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(last_reason(world), "truncated");
}

TEST(Endings, AccessLinesTellWhatWasNegotiated) {
  World world;
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  TlsStream client(world);
  client.send("12345");
  client.close();
  EXPECT_TRUE(has_lines(world, 1));
  const AccessEvent& event = world.lines.back();
  EXPECT_STREQ(event.server_name.data(), "example.org");
  EXPECT_EQ(event.version, 0x0304);
  EXPECT_NE(event.cipher_suite, 0);
  EXPECT_NE(event.group, 0);
  EXPECT_NE(event.signature_scheme, 0);
  EXPECT_EQ(event.client.remote.ip, World::peer_address());
  EXPECT_EQ(event.client.local, (SocketAddress{World::proxy_address(), kPort}));
  EXPECT_GT(event.handshake, Duration{});
  EXPECT_GE(event.duration, event.handshake);
}

TEST(Limits, OfAServiceRefuseMore) {
  World world;
  ServiceConfig service = builtin_service(Builtin::echo);
  service.max_connections = 2;
  world.apply(service);
  world.connect();
  Stream& second = world.connect();
  world.run(milliseconds(10));
  Stream& third = world.connect();
  EXPECT_TRUE(world.until([&] { return third.reset(); }));
  EXPECT_EQ(refused(world), 1U);
  second.end = true;
  EXPECT_TRUE(has_lines(world, 1));
  Stream& fourth = world.connect();
  fourth.to_send = "x";
  EXPECT_TRUE(world.until([&] { return fourth.received == "x"; }));
}

TEST(Limits, OfTheWorkerRefuseMore) {
  WorldOptions options;
  options.limits.max_connections = 3;
  World world(options);
  world.apply(builtin_service(Builtin::echo));
  for (int i = 0; i < 3; ++i) world.connect();
  world.run(milliseconds(10));
  Stream& more = world.connect();
  EXPECT_TRUE(world.until([&] { return more.reset(); }));
  EXPECT_EQ(refused(world), 1U);
  EXPECT_EQ(world.proxy().connections(), 3U);
}

TEST(Drain, StopsAcceptingAndEndsIdleConnectionsAtOnce) {
  World world;
  world.apply(builtin_service(Builtin::http, Mode::tls));
  TlsStream client(world);
  client.send("GET /bytes/10 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(world.until([&] { return client.received.ends_with("abcdefghij"); }));
  world.proxy().drain(world.now(), world.now() + seconds(60));
  EXPECT_TRUE(world.until([&] { return client.closed(); }, seconds(1)));
  Stream& late = world.connect();
  EXPECT_TRUE(world.until([&] { return late.over(); }));
  client.close();
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(world.proxy().connections(), 0U);
}

TEST(Drain, LetsAnAnswerUnderWayFinish) {
  World world;
  world.apply(builtin_service(Builtin::http));
  Stream& client = world.connect();
  client.hold = true;
  client.to_send = "GET /bytes/3000000 HTTP/1.1\r\nHost: x\r\n\r\n";
  world.run(seconds(1));
  world.proxy().drain(world.now(), world.now() + seconds(600));
  world.run(seconds(1));
  client.hold = false;
  EXPECT_TRUE(world.until([&] { return client.ended; }));
  EXPECT_GT(client.received.size(), 3'000'000U);
  client.end = true;
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(last_reason(world), "finished");
}

TEST(Drain, ServesClientsThatWereShakingHandsOnce) {
  WorldOptions options;
  options.scripted = true;
  World world(options);
  world.apply(builtin_service(Builtin::http, Mode::tls));
  TlsStream client(world);
  client.send("GET /bytes/10 HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(world.until([&] { return world.script().held() > 0; }));
  world.proxy().drain(world.now(), world.now() + seconds(60));
  world.hooks.push_back([&] { world.script().release_all(); });
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_NE(client.received.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(client.received.ends_with("abcdefghij"));
  client.close();
  EXPECT_TRUE(has_lines(world, 1));
}

TEST(Drain, WaitsForTheAnswersOfBackends) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}));
  Stream& client = world.connect();
  client.to_send = "request";
  Stream& backend = world.backend(8080);
  EXPECT_TRUE(world.until([&] { return backend.received == "request"; }));
  world.proxy().drain(world.now(), world.now() + seconds(60));
  world.run(seconds(10));
  EXPECT_TRUE(world.lines.empty()) << "the backend has not answered yet";
  backend.to_send = "answer";
  EXPECT_TRUE(world.until([&] { return client.ended && backend.ended; }, seconds(5)));
  EXPECT_EQ(client.received, "answer");
  client.end = true;
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(last_reason(world), "drained");
  EXPECT_EQ(world.proxy().counters().connections_finished.value(), 1U);
}

TEST(Drain, AbortsWhatIsLeftAtItsLimit) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}));
  Stream& client = world.connect();
  client.to_send = "request";
  Stream& backend = world.backend(8080);
  world.run(seconds(1));
  world.proxy().drain(world.now(), world.now() + seconds(5));
  world.run(seconds(4));
  EXPECT_FALSE(client.over());
  EXPECT_TRUE(world.until([&] { return client.reset() && backend.reset(); }, seconds(2)));
  EXPECT_EQ(last_reason(world), "drain_limit");
}

TEST(Reload, LeavesConnectionsAndListenersAlone) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}));
  Stream& client = world.connect();
  Stream& backend = world.backend(8080);
  for (int i = 0; i < 10; ++i) {
    world.apply(proxied_service({8080}));
    client.to_send += "x";
    world.run(milliseconds(10));
  }
  EXPECT_TRUE(world.until([&] { return backend.received == "xxxxxxxxxx"; }));
  EXPECT_EQ(world.snapshots(), 1U);
}

TEST(Reload, OpensAndClosesListeners) {
  World world;
  world.apply(builtin_service(Builtin::echo));
  ServiceConfig moved = builtin_service(Builtin::echo);
  moved.listen = {{World::proxy_address(), 444}};
  world.apply(moved);
  Stream& old_port = world.connect(kPort);
  Stream& new_port = world.connect(444);
  new_port.to_send = "x";
  EXPECT_TRUE(world.until([&] { return old_port.over() && new_port.received == "x"; }));
  EXPECT_EQ(world.proxy().counters().listen_failures.value(), 0U);
}

TEST(Reload, ConnectionsOutliveTheirServiceAndBackend) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}));
  Stream& client = world.connect();
  Stream& backend = world.backend(8080);
  world.apply(std::vector<ServiceConfig>{});
  EXPECT_TRUE(world.proxy().backend_status().empty());
  client.to_send = "still";
  backend.to_send = "here";
  EXPECT_TRUE(world.until([&] { return client.received == "here" && backend.received == "still"; }));
  client.end = backend.end = true;
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_STREQ(world.lines.back().service.data(), "service");
}

TEST(Reload, HandshakesPinTheirEpochUntilTheyAreOver) {
  WorldOptions options;
  options.scripted = true;
  World world(options);
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  TlsStream client(world);
  EXPECT_TRUE(world.until([&] { return world.script().held() > 0; }));
  for (int i = 0; i < 5; ++i) world.apply(builtin_service(Builtin::echo, Mode::tls));
  EXPECT_EQ(world.proxy().oldest_pinned(), 1U);
  world.hooks.push_back([&] { world.script().release_all(); });
  EXPECT_TRUE(world.until([&] { return client.established() && world.proxy().oldest_pinned() == world.epoch(); }));
  EXPECT_EQ(world.snapshots(), 1U);
  client.send("works");
  EXPECT_TRUE(world.until([&] { return client.received == "works"; }));
}

TEST(Reload, GhostsPinTheirEpochUntilTheirLastJobIsBack) {
  WorldOptions options;
  options.scripted = true;
  World world(options);
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  TlsStream client(world);
  EXPECT_TRUE(world.until([&] { return world.script().held() > 0; }));
  world.reset(client.stream);
  EXPECT_TRUE(has_lines(world, 1));
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  EXPECT_EQ(world.proxy().counters().ghosts.value(), 1U);
  EXPECT_EQ(world.proxy().connections(), 1U);
  EXPECT_EQ(world.proxy().oldest_pinned(), 1U);
  world.script().release_all();
  world.run(milliseconds(10));
  EXPECT_EQ(world.proxy().counters().ghosts.value(), 0U);
  EXPECT_EQ(world.proxy().connections(), 0U);
  EXPECT_EQ(world.proxy().oldest_pinned(), 2U);
}

TEST(Ghosts, KeepTheirBytesUntilTheirJobsAreBack) {
  WorldOptions options;
  options.scripted = true;
  World world(options);
  world.apply(builtin_service(Builtin::discard, Mode::tls));
  TlsStream client(world);
  bool hold = false;
  world.hooks.push_back([&] {
    if (!hold) world.script().release_all();
  });
  EXPECT_TRUE(world.until([&] { return client.established(); }));
  world.run(milliseconds(10));
  hold = true;
  client.send(noise(1000));
  EXPECT_TRUE(world.until([&] { return world.script().held() == 1; }));
  world.reset(client.stream);
  EXPECT_TRUE(has_lines(world, 1));
  // Whoever gets a buffer now must not find the job's plaintext in it.
  std::vector<MbufPtr> taken;
  while (MbufPtr one = world.pools().packet()) {
    std::memset(rte_pktmbuf_append(one.get(), MbufPools::kPacketRoom), 0x55, MbufPools::kPacketRoom);
    taken.push_back(std::move(one));
  }
  world.script().release_all();
  world.run(milliseconds(10));
  EXPECT_EQ(world.proxy().connections(), 0U);
  for (const MbufPtr& one : taken)
    for (const std::uint8_t byte : bytes_of(*one)) ASSERT_EQ(byte, 0x55);
}

TEST(Reload, ThousandTimesWithHandshakesInFlight) {
  WorldOptions options;
  options.seed = 7;
  World world(options);
  world.listen(8080);
  world.apply(proxied_service({8080}, Mode::tls));
  std::list<TlsStream> clients;
  std::size_t expected = 0;
  int pinned = 0;
  for (int i = 0; i < 1000; ++i) {
    if (i % 4 == 0) {
      clients.emplace_back(world, i % 8 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
      clients.back().send("request");
      ++expected;
    }
    if (i % 12 == 3) {
      world.reset(clients.back().stream);
      clients.pop_back();
    }
    world.apply(proxied_service({8080}, Mode::tls));
    world.run(microseconds(70));
    if (world.proxy().oldest_pinned() != world.epoch()) ++pinned;
    for (Stream* const backend : world.accepted(8080)) {
      if (backend->received != "request" || backend->end) continue;
      backend->to_send = "answer";
      backend->end = true;
    }
    for (TlsStream& client : clients)
      if (client.closed()) client.close();
  }
  EXPECT_TRUE(world.until([&] {
    for (Stream* const backend : world.accepted(8080)) {
      if (backend->received != "request" || backend->end) continue;
      backend->to_send = "answer";
      backend->end = true;
    }
    for (TlsStream& client : clients)
      if (client.closed()) client.close();
    return world.lines.size() == expected - refused(world);
  }));
  for (TlsStream& client : clients) EXPECT_EQ(client.received, "answer");
  EXPECT_GT(pinned, 500) << "of 1000 reloads most were to happen during a handshake";
  EXPECT_EQ(world.proxy().oldest_pinned(), world.epoch());
  EXPECT_EQ(world.snapshots(), 1U);
}

class JobOrder : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, JobOrder, testing::Range<std::uint64_t>(1, 9));

TEST_P(JobOrder, DoesNotMatterToTheBytes) {
  WorldOptions options;
  options.seed = GetParam();
  World world(options);
  world.listen(8080);
  world.apply(proxied_service({8080}, Mode::tls));
  TlsStream client(world, GetParam() % 2 == 0 ? TLS1_3_VERSION : TLS1_2_VERSION);
  const std::string up = noise(400'000);
  const std::string down = noise(300'000);
  client.send(up);
  client.close();
  Stream& backend = world.backend(8080);
  backend.to_send = down;
  backend.end = true;
  EXPECT_TRUE(world.until([&] { return backend.ended && client.closed() && backend.received.size() == up.size(); }));
  EXPECT_TRUE(same(backend.received, up));
  EXPECT_TRUE(same(client.received, down));
  EXPECT_TRUE(has_lines(world, 1));
  EXPECT_EQ(last_reason(world), "finished");
}

TEST_P(JobOrder, DoesNotMatterWhenEverythingIsCutOff) {
  WorldOptions options;
  options.seed = GetParam();
  World world(options);
  world.listen(8080);
  world.apply(proxied_service({8080}, Mode::tls));
  std::list<TlsStream> clients;
  Random random = Random::from_number(GetParam());
  for (int i = 0; i < 30; ++i) {
    clients.emplace_back(world);
    clients.back().send(noise(100'000));
  }
  for (int i = 0; i < 30; ++i) {
    world.run(microseconds(random.below(2000)));
    for (Stream* const backend : world.accepted(8080)) {
      if (backend->to_send.empty()) backend->to_send = noise(50'000);
      if (random.below(40) == 0 && !backend->gone) world.reset(*backend);
    }
    TlsStream& chosen = *std::next(clients.begin(), random.below(30));
    if (!chosen.stream.gone) world.reset(chosen.stream);
  }
  for (TlsStream& client : clients)
    if (!client.stream.gone) world.reset(client.stream);
  EXPECT_TRUE(has_lines(world, 30));
  EXPECT_TRUE(world.until([&] { return world.proxy().connections() == 0; }));
  EXPECT_EQ(world.proxy().counters().ghosts.value(), 0U);
}

}  // namespace
}  // namespace lockstep::proxy::test

// Bytes from clients to their far sides and back, over TCP and TLS.
#include <gtest/gtest.h>
#include <rte_mempool.h>

#include <array>

#include "crypto/base/sha2.h"
#include "tests/unit/dataplane/proxy/client.h"

namespace lockstep::proxy::test {
namespace {

class Relay : public testing::TestWithParam<Transport> {
 protected:
  Mode mode() const { return mode_of(GetParam()); }
  /// The one access line, which has to come.
  AccessEvent line(World& world) {
    EXPECT_TRUE(world.until([&] { return !world.lines.empty(); })) << "no access line";
    EXPECT_EQ(world.lines.size(), 1U);
    return world.lines.empty() ? AccessEvent{} : world.lines.front();
  }
};
INSTANTIATE_TEST_SUITE_P(Over, Relay, testing::Values(Transport::tcp, Transport::tls12, Transport::tls13),
                         [](const auto& chosen) { return name_of(chosen.param); });

TEST_P(Relay, EchoSendsBackAndEndsWithTheClient) {
  World world;
  world.apply(builtin_service(Builtin::echo, mode()));
  Client client(world, GetParam());
  const std::string text = noise(300'000);
  client.send(text);
  client.close();
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_TRUE(same(client.received(), text));
  const AccessEvent event = line(world);
  EXPECT_STREQ(event.reason.data(), "finished");
  EXPECT_EQ(event.bytes_received, text.size());
  EXPECT_EQ(event.bytes_sent, text.size());
  EXPECT_TRUE(event.established);
  EXPECT_EQ(event.mode, mode());
}

TEST_P(Relay, DiscardTakesAllAndSaysNothing) {
  World world;
  world.apply(builtin_service(Builtin::discard, mode()));
  Client client(world, GetParam());
  client.send(noise(1'000'000));
  client.close();
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(line(world).bytes_received, 1'000'000U);
}

TEST_P(Relay, DaytimeClosesFirst) {
  World world;
  world.apply(builtin_service(Builtin::daytime, mode()));
  Client client(world, GetParam());
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_EQ(client.received(), "Sunday, November 6, 1994 08:49:37-UTC\r\n");
  client.close();
  EXPECT_STREQ(line(world).reason.data(), "finished");
  EXPECT_FALSE(client.stream().reset());
}

TEST_P(Relay, ChargenSendsItsBytesAndCloses) {
  World world;
  ServiceConfig service = builtin_service(Builtin::chargen, mode());
  service.chargen_bytes = 2'000'000;
  world.apply(service);
  Client client(world, GetParam());
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_EQ(client.received().size(), 2'000'000U);
  EXPECT_EQ(client.received().substr(0, 5), " !\"#$");
  client.close();
  line(world);
}

TEST_P(Relay, HttpAnswersOverOneConnection) {
  World world;
  world.apply(builtin_service(Builtin::http, mode()));
  Client client(world, GetParam());
  const std::string body = noise(700'000);
  client.send(
      "GET /bytes/1000000 HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\n" +
      body + "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_NE(client.received().find("xyzabc"), std::string::npos);
  std::array<std::uint8_t, 32> digest{};
  digest_of(Hash::sha256, Bytes(reinterpret_cast<const std::uint8_t*>(body.data()), body.size()), digest);
  std::string hex;
  for (const std::uint8_t byte : digest) {
    hex += "0123456789abcdef"[byte >> 4U];
    hex += "0123456789abcdef"[byte & 15U];
  }
  EXPECT_NE(client.received().find("{\"length\":700000,\"sha256\":\"" + hex), std::string::npos);
  EXPECT_NE(client.received().find("</html>"), std::string::npos);
  EXPECT_GT(client.received().size(), 1'000'000U);
  client.close();
  line(world);
}

TEST_P(Relay, CarriesBothDirectionsOfABackendConnection) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  const std::string up = noise(3'000'000);
  const std::string down = noise(2'000'001);
  client.send(up);
  Stream& backend = world.backend(8080);
  backend.to_send = down;
  EXPECT_TRUE(
      world.until([&] { return backend.received.size() == up.size() && client.received().size() == down.size(); }));
  EXPECT_TRUE(same(backend.received, up));
  EXPECT_TRUE(same(client.received(), down));
  client.close();
  backend.end = true;
  EXPECT_TRUE(world.until([&] { return client.closed() && backend.ended; }));
  const AccessEvent event = line(world);
  EXPECT_STREQ(event.reason.data(), "finished");
  EXPECT_STREQ(event.service.data(), "service");
  EXPECT_STREQ(event.backend.data(), "b8080");
  EXPECT_EQ(event.backend_address.port, 8080);
  EXPECT_EQ(event.bytes_received, up.size());
  EXPECT_EQ(event.bytes_sent, down.size());
}

TEST_P(Relay, ClientsEndDoesNotCutTheAnswer) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  client.send("request");
  client.close();
  Stream& backend = world.backend(8080);
  EXPECT_TRUE(world.until([&] { return backend.ended; }));
  EXPECT_EQ(backend.received, "request");
  world.run(seconds(5));
  backend.to_send = noise(1'000'000);
  EXPECT_TRUE(world.until([&] { return client.received().size() == 1'000'000; }));
  EXPECT_FALSE(client.closed());
  backend.end = true;
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_STREQ(line(world).reason.data(), "finished");
}

TEST_P(Relay, BackendsEndDoesNotCutTheRequest) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  Stream& backend = world.backend(8080);
  backend.to_send = "answer";
  backend.end = true;
  EXPECT_TRUE(world.until([&] { return client.closed(); }));
  EXPECT_EQ(client.received(), "answer");
  client.send(noise(1'000'000));
  EXPECT_TRUE(world.until([&] { return backend.received.size() == 1'000'000; }));
  client.close();
  EXPECT_TRUE(world.until([&] { return backend.ended; }));
  EXPECT_STREQ(line(world).reason.data(), "finished");
}

TEST_P(Relay, ClientsResetReachesTheBackend) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  Stream& backend = world.backend(8080);
  world.reset(client.stream());
  EXPECT_TRUE(world.until([&] { return backend.reset(); }));
  const AccessEvent event = line(world);
  EXPECT_STREQ(event.reason.data(), "client_reset");
  EXPECT_EQ(event.client_close, tcp::CloseReason::peer_reset);
  EXPECT_EQ(world.proxy().counters().connections_failed.value(), 1U);
}

TEST_P(Relay, BackendsResetReachesTheClient) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  Stream& backend = world.backend(8080);
  world.reset(backend);
  EXPECT_TRUE(world.until([&] { return client.stream().reset(); }));
  EXPECT_STREQ(line(world).reason.data(), "backend_reset");
}

TEST_P(Relay, AnswerOfABackendThatEndedReachesTheClientThoughItsRestWasRefused) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  Stream& backend = world.backend(8080);
  client.stream().hold = true;
  backend.to_send = noise(100'000);
  backend.end = true;
  world.run(seconds(1));
  world.reset(backend);
  world.run(seconds(1));
  client.send("more of the request");
  client.stream().hold = false;
  EXPECT_TRUE(world.until([&] { return client.closed() && client.received().size() == 100'000; }));
  EXPECT_TRUE(same(client.received(), noise(100'000)));
  client.close();
  line(world);
}

TEST_P(Relay, SlowBackendClosesTheClientsWindow) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  Stream& backend = world.backend(8080);
  backend.hold = true;
  const std::string up = noise(4'000'000);
  client.send(up);
  world.run(seconds(20));
  const Counters& counters = world.proxy().counters();
  const std::uint64_t taken = counters.bytes_from_clients.value();
  // The backend's window, the send buffer, and what may wait between.
  EXPECT_LE(taken, 4U * 256 * 1024);
  EXPECT_LE(rte_mempool_in_use_count(world.pools().packets()), 8191U / 4);
  world.run(seconds(20));
  EXPECT_EQ(counters.bytes_from_clients.value(), taken) << "nothing moves while nothing is read";
  backend.hold = false;
  EXPECT_TRUE(world.until([&] { return backend.received.size() == up.size(); }));
  EXPECT_TRUE(same(backend.received, up));
}

TEST_P(Relay, SlowClientClosesTheBackendsWindow) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  Client client(world, GetParam());
  Stream& backend = world.backend(8080);
  client.stream().hold = true;
  const std::string down = noise(4'000'000);
  backend.to_send = down;
  world.run(seconds(20));
  const std::uint64_t given = world.proxy().counters().bytes_to_clients.value();
  EXPECT_LE(given, 3U * 256 * 1024);
  EXPECT_LE(rte_mempool_in_use_count(world.pools().records()), 64U);
  world.run(seconds(20));
  EXPECT_EQ(world.proxy().counters().bytes_to_clients.value(), given);
  client.stream().hold = false;
  EXPECT_TRUE(world.until([&] { return client.received().size() == down.size(); }));
  EXPECT_TRUE(same(client.received(), down));
}

TEST_P(Relay, EchoStopsReadingWhileItsOutputIsBlocked) {
  World world;
  world.apply(builtin_service(Builtin::echo, mode()));
  Client client(world, GetParam());
  EXPECT_TRUE(world.until([&] { return client.established(); }));
  client.stream().hold = true;
  const std::string text = noise(4'000'000);
  client.send(text);
  world.run(seconds(20));
  EXPECT_LE(world.proxy().counters().bytes_from_clients.value(), 4U * 256 * 1024);
  client.stream().hold = false;
  EXPECT_TRUE(world.until([&] { return client.received().size() == text.size(); }));
  EXPECT_TRUE(same(client.received(), text));
}

TEST_P(Relay, ClientsEarlyBytesWaitForTheBackend) {
  World world;
  ServiceConfig service = proxied_service({}, mode());
  service.connect_retries = 1;
  service.connect_timeout = seconds(2);
  service.backends = {{"silent", {World::silent_address(), 80}}, {"b8080", {World::peer_address(), 8080}}};
  world.listen(8080);
  world.apply(service);
  Client client(world, GetParam());
  const std::string up = noise(600'000);
  client.send(up);
  client.close();
  world.run(seconds(1));
  EXPECT_EQ(world.proxy().counters().bytes_from_clients.value(), 0U) << "they stay in TCP's receive chain";
  Stream& backend = world.backend(8080);
  EXPECT_TRUE(world.until([&] { return backend.ended; }));
  EXPECT_TRUE(same(backend.received, up));
}

TEST_P(Relay, LosesNothingWhenRecordBuffersRunOut) {
  World world({.pools = {.packets = 8191, .records = 15, .clones = 8191}});
  world.apply(builtin_service(Builtin::http, mode()));
  std::list<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(world, GetParam());
    clients.back().send("GET /bytes/300000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  for (Client& client : clients) {
    EXPECT_TRUE(world.until([&] { return client.closed(); }, seconds(120)));
    EXPECT_GT(client.received().size(), 300'000U);
    client.close();
  }
  EXPECT_TRUE(world.until([&] { return world.lines.size() == 20; }));
  EXPECT_EQ(world.proxy().counters().connections_failed.value(), 0U);
}

TEST_P(Relay, LosesNothingWhenReferencesRunOut) {
  World world({.pools = {.packets = 8191, .records = 255, .clones = 300}});
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  std::vector<MbufPtr> taken;
  Client client(world, GetParam());
  Stream& backend = world.backend(8080);
  while (MbufPtr one = MbufPtr(rte_pktmbuf_alloc(world.pools().clones()))) taken.push_back(std::move(one));
  const std::string up = noise(500'000);
  client.send(up);
  world.run(milliseconds(500));
  taken.clear();
  EXPECT_TRUE(world.until([&] { return backend.received.size() == up.size(); }, seconds(200)));
  EXPECT_TRUE(same(backend.received, up));
}

TEST_P(Relay, ServesManyClientsAtOnce) {
  World world;
  world.listen(8080);
  world.apply(proxied_service({8080}, mode()));
  std::list<Client> clients;
  for (std::size_t i = 0; i < 40; ++i) {
    clients.emplace_back(world, GetParam());
    clients.back().send(noise(1000 + i));
  }
  EXPECT_TRUE(world.until([&] {
    std::size_t complete = 0;
    for (Stream* const backend : world.accepted(8080)) {
      if (backend->received.size() < 1000 || backend->end) continue;
      backend->to_send = backend->received;
      backend->end = true;
    }
    for (Client& client : clients) {
      if (!client.closed()) continue;
      client.close();
      ++complete;
    }
    return complete == clients.size() && world.lines.size() == clients.size();
  }));
  for (const AccessEvent& event : world.lines) EXPECT_STREQ(event.reason.data(), "finished");
}

}  // namespace
}  // namespace lockstep::proxy::test

// Backends that speak TLS: what was decrypted is encrypted again.
#include <gtest/gtest.h>

#include <ctime>

#include "crypto/openssl/trust_store.h"
#include "tests/support/certificates.h"
#include "tests/unit/dataplane/proxy/client.h"
#include "tests/unit/dataplane/proxy/tls_backend.h"
#include "tests/unit/dataplane/tls/credentials.h"

namespace lockstep::proxy::test {
namespace {

using lockstep::test::CertificateRequest;
using lockstep::test::Issuer;

constexpr std::uint16_t kBackend = 8443;

const Issuer& authority() {
  static const Issuer issuer = lockstep::test::make_authority("Backends' CA");
  return issuer;
}

class BackendTls : public ::testing::TestWithParam<Transport> {
 protected:
  BackendTls() {
    request_.key_pem = lockstep::test::make_key("P-256");
    tls_.trust = crypto::load_trust_store({.authorities = authority().certificate_pem}).value().store;
    tls_.server_name = tls_.certified_name = "example.org";
  }
  World& world() {
    if (world_ == nullptr) {
      world_ = std::make_unique<World>(options_);
      world_->proxy().set_wall_clock_offset(seconds(std::time(nullptr)) - Duration{world_->now().ns});
    }
    return *world_;
  }
  void apply(const std::vector<std::uint16_t>& ports = {kBackend}, bool proxy_protocol = false) {
    for (const std::uint16_t port : ports) world().listen(port);
    ServiceConfig service = proxied_service(ports, mode_of(GetParam()));
    service.backend_tls = std::make_shared<const tls::ClientConfig>(tls_);
    service.proxy_protocol = proxy_protocol;
    world().apply(service);
  }
  std::unique_ptr<TlsBackend> backend(std::uint16_t port = kBackend, std::size_t index = 0, std::size_t skip = 0,
                                      const Issuer& issuer = authority()) {
    return std::make_unique<TlsBackend>(world(), port, lockstep::test::make_certificate(request_, &issuer),
                                        request_.key_pem, index, skip);
  }

  WorldOptions options_;
  CertificateRequest request_;
  tls::ClientConfig tls_;
  std::unique_ptr<World> world_;
};

TEST_P(BackendTls, GetsWhatTheClientSaysAndIsAnswered) {
  apply();
  Client client(world(), GetParam());
  client.send("ping");
  const auto server = backend();
  EXPECT_TRUE(world().until([&] { return server->received == "ping"; })) << server->failure;
  EXPECT_EQ(server->server_name(), "example.org");
  server->send("pong");
  EXPECT_TRUE(world().until([&] { return client.received() == "pong"; }));
  client.close();
  EXPECT_TRUE(world().until([&] { return server->closed() && server->stream.ended; }));
  server->close();
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_STREQ(world().lines[0].reason.data(), "finished");
  EXPECT_EQ(world().lines[0].bytes_received, 4U);
  EXPECT_EQ(world().lines[0].bytes_sent, 4U);
}

TEST_P(BackendTls, HearsThatADrainedConnectionIsOver) {
  apply();
  Client client(world(), GetParam());
  client.send("ping");
  const auto server = backend();
  server->send("pong");
  EXPECT_TRUE(world().until([&] { return client.received() == "pong"; }));
  world().proxy().drain(world().now(), world().now() + seconds(60));
  EXPECT_TRUE(world().until([&] { return server->closed() && server->stream.ended; }, seconds(5)));
  client.close();
  server->close();
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_STREQ(world().lines[0].reason.data(), "drained");
}

TEST_P(BackendTls, IsResumedByTheNextConnection) {
  apply();
  for (std::size_t i = 0; i < 3; ++i) {
    Client client(world(), GetParam());
    client.send("ping");
    const auto server = backend(kBackend, i);
    EXPECT_TRUE(world().until([&] { return server->received == "ping"; })) << server->failure;
    EXPECT_EQ(server->resumed(), i != 0);
    server->send("pong");
    EXPECT_TRUE(world().until([&] { return client.received() == "pong"; }));
    server->close();
    client.close();
    EXPECT_TRUE(world().until([&] { return world().lines.size() == i + 1; }));
    EXPECT_EQ(world().lines[i].backend_handshake, i == 0 ? BackendHandshake::full : BackendHandshake::resumed);
  }
}

TEST_P(BackendTls, IsNotResumedWithTheTicketsOfAnother) {
  constexpr std::uint16_t kOther = kBackend + 1;
  apply({kBackend, kOther});
  for (const std::uint16_t port : {kBackend, kOther, kBackend, kOther}) {
    Client client(world(), GetParam());
    client.send("ping");
    const std::size_t earlier = world().lines.size() / 2;
    const auto server = backend(port, earlier);
    EXPECT_TRUE(world().until([&] { return server->received == "ping"; })) << server->failure;
    EXPECT_EQ(server->resumed(), earlier != 0);
    server->send("pong");
    EXPECT_TRUE(world().until([&] { return client.received() == "pong"; }));
    server->close();
    client.close();
    const std::size_t lines = world().lines.size();
    EXPECT_TRUE(world().until([&] { return world().lines.size() == lines + 1; }));
  }
}

TEST_P(BackendTls, CarriesMuchBothWays) {
  apply();
  Client client(world(), GetParam());
  const std::string up = noise(1'500'000);
  const std::string down = noise(1'400'000);
  client.send(up);
  const auto server = backend();
  server->send(down);
  EXPECT_TRUE(world().until([&] { return server->received.size() == up.size(); }));
  EXPECT_TRUE(world().until([&] { return client.received().size() == down.size(); }));
  EXPECT_TRUE(same(server->received, up));
  EXPECT_TRUE(same(client.received(), down));
  server->close();
  client.close();
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_STREQ(world().lines[0].reason.data(), "finished");
}

TEST_P(BackendTls, WorksInAnyOrderOfJobs) {
  options_.seed = 7;
  apply();
  Client client(world(), GetParam());
  const std::string text = noise(300'000);
  client.send(text);
  const auto server = backend();
  server->send(text);
  EXPECT_TRUE(world().until([&] { return client.received().size() == text.size(); }));
  EXPECT_TRUE(world().until([&] { return server->received.size() == text.size(); }));
  EXPECT_TRUE(same(server->received, text));
  EXPECT_TRUE(same(client.received(), text));
}

TEST_P(BackendTls, HearsOfTheClientInFrontOfTls) {
  apply({kBackend}, true);
  Client client(world(), GetParam());
  client.send("ping");
  // The signature tells how long the header is: 16 bytes, and what the last two of them say.
  const auto server = backend(kBackend, 0, 16);
  EXPECT_TRUE(world().until([&] { return server->plain.size() == 16; }));
  EXPECT_EQ(server->plain.substr(0, 12), std::string("\r\n\r\n\0\r\nQUIT\n", 12));
}

TEST_P(BackendTls, WithoutATrustedCertificateIsNotJoined) {
  const Issuer other = lockstep::test::make_authority("Other CA");
  apply();
  Client client(world(), GetParam());
  client.send("secret");
  const auto server = backend(kBackend, 0, 0, other);
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_STREQ(world().lines[0].reason.data(), "backend_tls_error");
  EXPECT_EQ(world().lines[0].backend_tls_error, tls::Error::unknown_authority);
  EXPECT_TRUE(world().until([&] { return server->failed; }));
  EXPECT_EQ(server->failure, "tlsv1 alert unknown ca");
  EXPECT_EQ(server->received, "");
  EXPECT_EQ(world().proxy().counters().backend_connect_failures.value(), 1U);
}

TEST_P(BackendTls, OfAnotherNameIsReplacedByTheNext) {
  apply({kBackend, kBackend + 1});
  Client client(world(), GetParam());
  client.send("ping");
  request_.alt_names = "DNS:example.com";
  const auto wrong = backend(kBackend);
  EXPECT_TRUE(world().until([&] { return wrong->failed; }));
  request_.alt_names = "DNS:example.org";
  const auto right = backend(kBackend + 1);
  EXPECT_TRUE(world().until([&] { return right->received == "ping"; }));
  EXPECT_EQ(wrong->received, "");
}

// RFC 8446 section 4.4.2.4: it says so when the handshake is over for us.
TEST_P(BackendTls, ThatRefusesOurCertificateIsEjected) {
  tls_.identity = {{tls::test::credential("P-256")}};
  apply();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(world().proxy().backend_status().at(0).ejected);
    Client client(world(), GetParam());
    client.send("ping");
    const auto server = backend(kBackend, i);
    server->refuse_certificates();
    EXPECT_TRUE(world().until([&] { return world().lines.size() == i + 1; }));
    EXPECT_STREQ(world().lines[i].reason.data(), "backend_tls_error");
    EXPECT_EQ(server->received, "");
  }
  EXPECT_TRUE(world().proxy().backend_status().at(0).ejected);
  EXPECT_EQ(world().proxy().backend_status().at(0).failures, 3U);
}

TEST_P(BackendTls, ThatTakesOurCertificateAndAnswersReturns) {
  tls_.identity = {{tls::test::credential("P-256")}};
  apply();
  for (std::size_t i = 0; i < 4; ++i) {
    Client client(world(), GetParam());
    client.send("ping");
    const auto server = backend(kBackend, i);
    if (i < 3) {
      server->refuse_certificates();
      EXPECT_TRUE(world().until([&] { return world().lines.size() == i + 1; }));
      continue;
    }
    server->take_any_certificate();
    EXPECT_TRUE(world().until([&] { return server->received == "ping"; })) << server->failure;
    EXPECT_TRUE(world().proxy().backend_status().at(0).ejected) << "it has not said anything yet";
    server->send("pong");
    EXPECT_TRUE(world().until([&] { return client.received() == "pong"; }));
    EXPECT_FALSE(world().proxy().backend_status().at(0).ejected);
  }
}

TEST_P(BackendTls, ThatResetsInPlaceOfAnAnswerToOurCertificateHasFailed) {
  tls_.identity = {{tls::test::credential("P-256")}};
  apply();
  Client client(world(), GetParam());
  client.send("ping");
  const auto server = backend();
  server->take_any_certificate();
  EXPECT_TRUE(world().until([&] { return server->received == "ping"; })) << server->failure;
  world().reset(server->stream);
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_EQ(world().proxy().backend_status().at(0).failures, 1U);
}

TEST_P(BackendTls, HasNotFailedWhenThereIsNoRoomForItsHandshake) {
  options_.limits.tls.handshakes = 1;
  apply();
  Client first(world(), GetParam());
  first.send("ping");
  EXPECT_TRUE(world().until([&] { return world().accepted(kBackend).size() == 1; }));
  world().run(milliseconds(5));  // it says nothing
  Client second(world(), GetParam());
  second.send("ping");
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_STREQ(world().lines[0].reason.data(), "no_memory");
  EXPECT_EQ(world().proxy().backend_status().at(0).failures, 0U);
}

TEST_P(BackendTls, MayBeAnybodyWithoutTrust) {
  tls_.trust = nullptr;
  request_.alt_names = "DNS:example.com";
  apply();
  Client client(world(), GetParam());
  client.send("ping");
  const auto server = backend(kBackend, 0, 0, lockstep::test::make_authority("Other CA"));
  EXPECT_TRUE(world().until([&] { return server->received == "ping"; }));
}

TEST_P(BackendTls, ThatEndsWithoutCloseNotifyBreaksTheAnswer) {
  apply();
  Client client(world(), GetParam());
  client.send("ping");
  const auto server = backend();
  server->send("half an answer");
  EXPECT_TRUE(world().until([&] { return client.received() == "half an answer"; }));
  server->stream.end = true;
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_STREQ(world().lines[0].reason.data(), "backend_truncated");
  EXPECT_EQ(world().lines[0].backend_tls_error, tls::Error::truncated);
}

TEST_P(BackendTls, ThatDoesNotSpeakTlsIsNotJoined) {
  apply();
  Client client(world(), GetParam());
  client.send("secret");
  Stream& plain = world().backend(kBackend);
  plain.to_send = "220 mail.example.org\r\n";
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_EQ(world().lines[0].backend_tls_error, tls::Error::not_tls);
}

TEST_P(BackendTls, ThatFallsSilentInTheHandshakeIsLeftInTime) {
  apply();
  Client client(world(), GetParam());
  client.send("secret");
  world().backend(kBackend).hold = true;
  EXPECT_TRUE(world().until([&] { return world().lines.size() == 1; }));
  EXPECT_STREQ(world().lines[0].reason.data(), "backend_timed_out");
}

TEST_P(BackendTls, KeepsItsConfigurationOverReloads) {
  apply();
  Client client(world(), GetParam());
  client.send("ping");
  EXPECT_TRUE(world().until([&] { return world().accepted(kBackend).size() == 1; }));
  world().apply(std::vector<ServiceConfig>{});
  world().apply(std::vector<ServiceConfig>{});
  const auto server = backend();
  EXPECT_TRUE(world().until([&] { return server->received == "ping"; }));
  world().run(milliseconds(10));
  EXPECT_EQ(world().snapshots(), 1U);
}

TEST_P(BackendTls, LeavesNothingBehindWhenTheClientGoesWithJobsInFlight) {
  options_.seed = 3;
  apply();
  for (std::size_t i = 0; i < 30; ++i) {
    Client client(world(), GetParam());
    client.send(noise(20'000));
    const auto server = backend(kBackend, i);
    server->send(noise(20'000));
    world().run(microseconds(static_cast<std::int64_t>(400 * i)));
    world().reset(client.stream());
    EXPECT_TRUE(world().until([&] { return world().lines.size() == i + 1; }));
  }
  world().run(seconds(1));
  EXPECT_EQ(world().proxy().counters().ghosts.value(), 0U);
}

INSTANTIATE_TEST_SUITE_P(All, BackendTls, ::testing::Values(Transport::tcp, Transport::tls12, Transport::tls13),
                         [](const auto& one) { return name_of(one.param); });

}  // namespace
}  // namespace lockstep::proxy::test

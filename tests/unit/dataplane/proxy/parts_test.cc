// The smaller parts: balancing and ejection, the PROXY header, epochs, the queue.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "dataplane/proxy/pins.h"
#include "dataplane/proxy/proxy_protocol.h"
#include "dataplane/proxy/serve_queue.h"
#include "dataplane/proxy/service.h"

namespace lockstep::proxy {
namespace {

constexpr Instant kStart{1'000'000'000};

ServiceConfig three_backends() {
  ServiceConfig config;
  config.name = "s";
  config.mode = Mode::tcp;
  for (const char* const name : {"a", "b", "c"})
    config.backends.push_back({name, {IpAddress::v4(0x0a000001), static_cast<std::uint16_t>(8000 + name[0])}});
  return config;
}

class Balancing : public testing::Test {
 protected:
  void configure() { service_.configure(config_, ids_); }
  std::string choose(std::vector<std::uint32_t> tried = {}, Instant now = kStart) {
    Backend* const backend = service_.choose(tried, now);
    if (backend == nullptr) return "none";
    service_.begin(*backend);
    last_ = backend;
    return backend->name;
  }
  /// The next `count` choices.
  std::string order(int count, Instant now = kStart) {
    std::string names;
    for (; count > 0; --count) names += choose({}, now);
    return names;
  }
  /// A connect to the backend `name` fails `times` times.
  Standing fail(const std::string& name, unsigned times, Instant now = kStart) {
    Standing standing = Standing::unchanged;
    for (const auto& backend : service_.backends()) {
      if (backend->name != name) continue;
      for (; times > 0; --times) {
        service_.begin(*backend);
        standing = service_.failed(*backend, now);
        service_.end(*backend);
      }
      break;
    }
    return standing;
  }
  ServiceConfig config_ = three_backends();
  std::uint32_t ids_ = 1;
  Service service_;
  Backend* last_ = nullptr;
};

TEST_F(Balancing, GoesRound) {
  configure();
  EXPECT_EQ(order(7), "abcabca");
}

TEST_F(Balancing, TakesTheBackendWithTheFewestConnections) {
  config_.balance = Balance::least_connections;
  configure();
  EXPECT_EQ(order(3), "abc");
  Backend* const c = last_;
  EXPECT_EQ(choose(), "a");
  service_.end(*c);
  EXPECT_EQ(choose(), "c");
}

TEST_F(Balancing, TriesEachBackendOnce) {
  configure();
  std::vector<std::uint32_t> tried;
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(choose(tried), "none");
    tried.push_back(last_->id);
  }
  EXPECT_EQ(choose(tried), "none");
}

TEST_F(Balancing, EjectsABackendAfterConsecutiveFailures) {
  configure();
  EXPECT_EQ(fail("b", 2), Standing::unchanged);
  EXPECT_EQ(fail("b", 1), Standing::ejected);
  EXPECT_EQ(order(3), "aca");
}

TEST_F(Balancing, CountsFailuresSinceTheLastSuccessOnly) {
  configure();
  fail("a", 2);
  EXPECT_EQ(choose(), "a");
  EXPECT_EQ(service_.succeeded(*last_), Standing::unchanged);
  EXPECT_EQ(fail("a", 2), Standing::unchanged);
}

TEST_F(Balancing, NeverEjectsWhenToldSo) {
  config_.eject_after = 0;
  configure();
  EXPECT_EQ(fail("a", 100), Standing::unchanged);
}

TEST_F(Balancing, SendsOneTrialToAnEjectedBackend) {
  configure();
  fail("a", 3);
  const Instant later = kStart + config_.eject_for;
  EXPECT_EQ(choose({}, later), "a") << "the trial";
  Backend* const trial = last_;
  EXPECT_EQ(order(3, later), "bcb") << "no second one";
  EXPECT_EQ(service_.succeeded(*trial), Standing::returned);
  EXPECT_EQ(order(2, later), "ca");
}

TEST_F(Balancing, EjectsAgainWhenTheTrialFails) {
  configure();
  fail("a", 3);
  const Instant later = kStart + config_.eject_for;
  EXPECT_EQ(fail("a", 1, later), Standing::unchanged) << "it was out already";
  EXPECT_EQ(order(3, later), "bcb");
  EXPECT_EQ(order(2, later + config_.eject_for), "ca");
}

TEST_F(Balancing, TriesAgainAfterATrialThatWasGivenUp) {
  config_.backends.resize(1);
  config_.backends.push_back({"b", {IpAddress::v4(0x0a000002), 80}});
  configure();
  fail("a", 3);
  const Instant later = kStart + config_.eject_for;
  while (choose({}, later) != "a") {
  }
  service_.given_up(*last_);
  service_.end(*last_);
  EXPECT_EQ(order(2, later), "ba");
}

TEST_F(Balancing, TakesTheLongestEjectedWhenAllAre) {
  configure();
  fail("b", 3, kStart);
  fail("c", 3, kStart + seconds(1));
  fail("a", 3, kStart + seconds(2));
  EXPECT_EQ(choose({}, kStart + seconds(3)), "b");
}

TEST_F(Balancing, KeepsTheStateOfBackendsOverReloads) {
  configure();
  fail("b", 3);
  EXPECT_EQ(choose(), "a");
  config_.backends.push_back({"d", {IpAddress::v4(0x0a000009), 80}});
  configure();
  EXPECT_EQ(order(3), "cda");
  EXPECT_EQ(service_.backends()[0]->total, 2U);
}

TEST_F(Balancing, StartsAfreshWhenABackendMoves) {
  configure();
  fail("b", 3);
  config_.backends[1].address.port = 1;
  configure();
  EXPECT_EQ(order(2), "ab");
}

TEST_F(Balancing, KeepsARemovedBackendUntilItsLastConnectionEnds) {
  configure();
  EXPECT_EQ(choose(), "a");
  Backend* const a = last_;
  config_.backends.erase(config_.backends.begin());
  configure();
  EXPECT_EQ(service_.backends().size(), 3U);
  EXPECT_EQ(order(3), "cbc");
  service_.end(*a);
  EXPECT_EQ(service_.backends().size(), 2U);
}

FlowTuple flow(const char* local, const char* remote) {
  return {*SocketAddress::parse(local), *SocketAddress::parse(remote)};
}

std::vector<std::uint8_t> header_for(const FlowTuple& client, const tls::SessionInfo* session, Bytes binding = {}) {
  std::vector<std::uint8_t> header(kMaxProxyHeader);
  header.resize(write_proxy_header(client, session, binding, header));
  return header;
}

TEST(ProxyHeader, CarriesIpv4Addresses) {
  const std::vector<std::uint8_t> expected = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49,
                                              0x54, 0x0a, 0x21, 0x11, 0x00, 0x0c, 192,  0,    2,    7,
                                              198,  18,   0,    1,    0xc0, 0x01, 0x01, 0xbb};
  EXPECT_EQ(header_for(flow("198.18.0.1:443", "192.0.2.7:49153"), nullptr), expected);
}

TEST(ProxyHeader, CarriesIpv6Addresses) {
  const std::vector<std::uint8_t> header = header_for(flow("[2001:db8::1]:443", "[2001:db8::2]:49153"), nullptr);
  ASSERT_EQ(header.size(), 16U + 36U);
  EXPECT_EQ(header[13], 0x21);
  EXPECT_EQ(header[15], 36);
  EXPECT_EQ(header[16 + 15], 2) << "source first";
  EXPECT_EQ(header[32 + 15], 1);
}

TEST(ProxyHeader, CarriesWhatTlsNegotiated) {
  tls::SessionInfo info;
  info.version = tls::Version::tls13;
  info.cipher_suite = tls::CipherSuite::tls_aes_128_gcm_sha256;
  info.server_name = "example.org";
  info.alpn = "h2";
  const std::vector<std::uint8_t> header = header_for(flow("198.18.0.1:443", "192.0.2.7:49153"), &info);
  Reader reader(Bytes(header).subspan(14));
  Reader body(reader.vector16());
  EXPECT_TRUE(reader.finished());
  body.bytes(12);
  const auto text = [](Bytes bytes) { return std::string(bytes.begin(), bytes.end()); };
  EXPECT_EQ(body.u8(), 0x01);
  EXPECT_EQ(text(body.vector16()), "h2");
  EXPECT_EQ(body.u8(), 0x02);
  EXPECT_EQ(text(body.vector16()), "example.org");
  EXPECT_EQ(body.u8(), 0x20);
  Reader ssl(body.vector16());
  EXPECT_TRUE(body.finished());
  EXPECT_EQ(ssl.u8(), 0x01);
  EXPECT_NE(ssl.u32(), 0U) << "no client certificate was verified";
  EXPECT_EQ(ssl.u8(), 0x21);
  EXPECT_EQ(text(ssl.vector16()), "TLSv1.3");
  EXPECT_EQ(ssl.u8(), 0x23);
  EXPECT_EQ(text(ssl.vector16()), "TLS_AES_128_GCM_SHA256");
  EXPECT_TRUE(ssl.finished());
}

/// The value of the PP2_TYPE_SSL of `session`, which has no other values.
std::vector<std::uint8_t> ssl_value(const tls::SessionInfo& session) {
  const std::vector<std::uint8_t> header = header_for(flow("198.18.0.1:443", "192.0.2.7:49153"), &session);
  return {header.begin() + 16 + 12 + 3, header.end()};
}

TEST(ProxyHeader, TellsWhoTheClientIs) {
  tls::ClientIdentity client;
  client.verdict = crypto::ChainVerdict::valid;
  const std::string_view subject = "CN=Alice,O=x";
  client.subject_size = static_cast<std::uint8_t>(subject.size());
  std::copy(subject.begin(), subject.end(), client.subject.begin());
  tls::SessionInfo info;
  info.version = tls::Version::tls12;
  info.cipher_suite = tls::CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
  info.client = &client;
  const std::vector<std::uint8_t> full = ssl_value(info);
  Reader ssl(full);
  EXPECT_EQ(ssl.u8(), 0x07) << "TLS, a certificate on this connection and in this session";
  EXPECT_EQ(ssl.u32(), 0U) << "verified";
  const auto text = [](Bytes bytes) { return std::string(bytes.begin(), bytes.end()); };
  EXPECT_EQ(ssl.u8(), 0x21);
  EXPECT_EQ(text(ssl.vector16()), "TLSv1.2");
  EXPECT_EQ(ssl.u8(), 0x22);
  EXPECT_EQ(text(ssl.vector16()), "Alice");
  EXPECT_EQ(ssl.u8(), 0x23);
  EXPECT_EQ(text(ssl.vector16()), "ECDHE-RSA-AES128-GCM-SHA256");
  EXPECT_TRUE(ssl.finished());

  info.resumed = true;
  EXPECT_EQ(ssl_value(info)[0], 0x05) << "in this session only";
}

TEST(ProxyHeader, FitsWithTheLongestNames) {
  const std::string longest(255, 'x');
  tls::SessionInfo info;
  info.cipher_suite = tls::CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256;
  info.server_name = longest;
  info.alpn = longest;
  tls::ClientIdentity client;
  const std::string subject = "CN=" + std::string(252, 'y');
  client.subject_size = static_cast<std::uint8_t>(subject.size());
  std::copy(subject.begin(), subject.end(), client.subject.begin());
  info.client = &client;
  const std::array<std::uint8_t, kChannelBinding> binding{};
  EXPECT_GT(header_for(flow("[2001:db8::1]:443", "[2001:db8::2]:49153"), &info, binding).size(),
            16U + 36U + 2U * 258U + 252U + kChannelBinding);
}

TEST(Pins, HoldTheCurrentEpoch) {
  Pins pins;
  pins.begin(7);
  EXPECT_EQ(pins.oldest(), 7U);
  pins.begin(8);
  EXPECT_EQ(pins.oldest(), 8U);
}

TEST(Pins, HoldAnEpochUntilItsLastReferenceIsGone) {
  Pins pins;
  pins.begin(1);
  const std::uint64_t first = pins.take();
  const std::uint64_t second = pins.take();
  pins.begin(2);
  const std::uint64_t third = pins.take();
  pins.begin(3);
  EXPECT_EQ(pins.oldest(), 1U);
  pins.drop(first);
  EXPECT_EQ(pins.oldest(), 1U);
  pins.drop(second);
  EXPECT_EQ(pins.oldest(), 2U);
  pins.drop(third);
  EXPECT_EQ(pins.oldest(), 3U);
}

TEST(ServeQueue, HoldsEachHandleOnce) {
  ServeQueue queue(4);
  queue.push({2, 1});
  queue.push({0, 1});
  queue.push({2, 1});
  EXPECT_EQ(queue.pop(), (Handle{2, 1}));
  EXPECT_EQ(queue.pop(), (Handle{0, 1}));
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(ServeQueue, GivesAPlaceToTheSlotsNewTenant) {
  ServeQueue queue(2);
  queue.push({1, 1});
  queue.push({1, 2});
  queue.push({0, 5});
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(queue.pop(), (Handle{1, 2}));
}

}  // namespace
}  // namespace lockstep::proxy

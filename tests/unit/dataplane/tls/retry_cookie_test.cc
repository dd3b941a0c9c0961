// HelloRetryRequest with a cookie (RFC 8446 section 4.2.2): the server keeps nothing until the second hello.
#include <gtest/gtest.h>

#include "dataplane/tls/retry_state.h"
#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

// The cookie of a HelloRetryRequest; empty when there is none.
Buffer cookie_in(const Buffer& hello_retry_request) {
  Reader reader(hello_retry_request);
  reader.bytes(4 + 2 + 32);
  reader.vector8();
  reader.bytes(3);
  for (Reader extensions(reader.vector16()); extensions.remaining() != 0;) {
    const std::uint16_t type = extensions.u16();
    Reader body(extensions.vector16());
    if (type != static_cast<std::uint16_t>(ExtensionType::cookie)) continue;
    const Bytes cookie = body.vector16();
    return {cookie.begin(), cookie.end()};
  }
  return {};
}

class RetryCookie : public ::testing::Test {
 protected:
  RetryCookie() {
    scene_.config.groups = {crypto::NamedGroup::secp384r1};
    scene_.config.retry_cookie = true;
    scene_.config.ticket_keys = keys_;
    scene_.protection = Protection::tls13;
  }

  static Hello second_hello(const Buffer& cookie) {
    Hello second = hello13();
    Buffer key(97, 0x42);
    key[0] = 4;
    second.set(ExtensionType::key_share, vector16(key_share(kP384, key)));
    if (!cookie.empty()) second.set(ExtensionType::cookie, vector16(cookie));
    return second;
  }
  // Up to where the second hello is due.
  Buffer cookie(const Hello& first = hello13()) {
    scene_.handshake(first.whole());
    return cookie_in(scene_.records().front().content);
  }
  void finish() {
    scene_.client.protect(Protection::tls13, NoneClient::kHandshake13);
    scene_.handshake(NoneClient::finished13());
  }
  Driver& server() { return scene_.server(); }
  SessionInfo info() { return server().session().info(); }
  const Counters& counters() { return server().counters(); }

  Random random_ = Random::from_number(3);
  std::shared_ptr<TicketKeys> keys_ = ticket_keys(2, random_);
  Scene scene_;
};

TEST_F(RetryCookie, CarriesTheHandshakeOn) {
  const Buffer mine = cookie();
  ASSERT_FALSE(mine.empty());
  scene_.handshake(second_hello(mine).whole());
  finish();
  EXPECT_TRUE(server().established) << describe(info().error);
  EXPECT_TRUE(info().hello_retry);
  EXPECT_EQ(info().group, crypto::NamedGroup::secp384r1);
  EXPECT_EQ(counters().handshakes_started.value(), 1U);
  EXPECT_EQ(counters().handshakes_in_progress.value(), 0U);
  EXPECT_EQ(counters().hello_retry_requests.value(), 1U);
}

TEST_F(RetryCookie, LeavesNoHandshakeBehindWhileTheClientIsAwaited) {
  EXPECT_FALSE(cookie().empty());
  EXPECT_EQ(counters().handshakes_in_progress.value(), 0U);
  EXPECT_STREQ(info().phase, "retried_hello");
}

TEST_F(RetryCookie, IsNotSentWithoutTicketKeys) {
  scene_.config.ticket_keys = nullptr;
  EXPECT_TRUE(cookie().empty());
  EXPECT_EQ(counters().handshakes_in_progress.value(), 1U);
  scene_.handshake(second_hello({}).whole());
  finish();
  EXPECT_TRUE(server().established) << describe(info().error);
}

TEST_F(RetryCookie, GoesBetweenHellosThatTheClientSeparatesByChangeCipherSpec) {
  const Buffer mine = cookie();
  scene_.send(change_cipher_spec, {1});
  scene_.handshake(second_hello(mine).whole());
  finish();
  EXPECT_TRUE(server().established) << describe(info().error);
}

TEST_F(RetryCookie, LetsEarlyDataOfTheFirstHelloBePassedOver) {
  Hello first = hello13();
  first.set(ExtensionType::early_data, {});
  first.set(ExtensionType::pre_shared_key, offered_psks({Buffer(100, 1)}));
  const Buffer mine = cookie(first);
  for (int i = 0; i < 2; ++i) {
    scene_.client.protect(Protection::tls13, NoneClient::kEarly13);
    scene_.send(application_data, text("early"));
  }
  scene_.client.protect(Protection::none, 0);
  scene_.handshake(second_hello(mine).whole());
  finish();
  EXPECT_TRUE(server().established) << describe(info().error);
}

TEST_F(RetryCookie, DoesNotLetOtherRecordsBePassedOver) {
  cookie();
  scene_.client.protect(Protection::tls13, NoneClient::kEarly13);
  scene_.send(application_data, text("early"));
  EXPECT_EQ(info().error, Error::unexpected_record_type);
}

TEST_F(RetryCookie, HasToComeBack) {
  cookie();
  scene_.handshake(second_hello({}).whole());
  EXPECT_EQ(info().error, Error::missing_extension);
}

TEST_F(RetryCookie, HasToComeBackUnchanged) {
  Buffer mine = cookie();
  mine.back() ^= 1;
  scene_.handshake(second_hello(mine).whole());
  EXPECT_EQ(info().error, Error::bad_cookie);
}

TEST_F(RetryCookie, OfAnotherServiceIsRefused) {
  Scene other;
  other.config = scene_.config;
  other.config.resumption_scope.fill(9);
  other.handshake(hello13().whole());
  cookie();
  scene_.handshake(second_hello(cookie_in(other.records().front().content)).whole());
  EXPECT_EQ(info().error, Error::bad_cookie);
}

TEST_F(RetryCookie, CannotBeATicket) {
  ServerConfig config = scene_.config;
  TicketOffer offer(config);
  cookie();
  scene_.handshake(second_hello(offer.ticket(*keys_->sealing)).whole());
  EXPECT_EQ(info().error, Error::bad_cookie);
}

TEST_F(RetryCookie, TheHelloHasToBeTheSame) {
  const Buffer mine = cookie();
  Hello second = second_hello(mine);
  second.random[0] ^= 1;
  scene_.handshake(second.whole());
  EXPECT_EQ(info().error, Error::hello_changed_after_retry);
}

TEST_F(RetryCookie, TheVersionHasToBeTheSame) {
  const Buffer mine = cookie();
  scene_.handshake(second_hello(mine).remove(ExtensionType::supported_versions).whole());
  EXPECT_EQ(info().error, Error::hello_changed_after_retry);
}

TEST_F(RetryCookie, APskMayNotJoinIt) {
  const Buffer mine = cookie();
  Hello second = second_hello(mine);
  second.set(ExtensionType::pre_shared_key, offered_psks({Buffer(100, 1)}));
  scene_.handshake(second.whole());
  EXPECT_EQ(info().error, Error::hello_changed_after_retry);
}

TEST_F(RetryCookie, AClientThatDoesNotComeBackHasFailed) {
  cookie();
  server().timeout(server().now + seconds(60));
  EXPECT_EQ(info().error, Error::handshake_timeout);
  EXPECT_EQ(counters().handshakes_failed.value(), 1U);
}

TEST_F(RetryCookie, ADyingConnectionHasFailedToo) {
  cookie();
  server().abandon();
  EXPECT_EQ(counters().handshakes_failed.value(), 1U);
}

TEST(RetryState, IsReadAsItWasWritten) {
  RetryState written;
  written.scope.fill(1);
  written.suite = CipherSuite::tls_aes_256_gcm_sha384;
  written.group = crypto::NamedGroup::x25519;
  written.offered_psk = true;
  written.unchanging.fill(2);
  written.digest.fill(3);
  std::array<std::uint8_t, RetryState::kMaxSize> buffer;
  const Bytes bytes = written.write(buffer);
  RetryState state;
  ASSERT_TRUE(state.read(bytes));
  EXPECT_EQ(state.scope, written.scope);
  EXPECT_EQ(state.suite, written.suite);
  EXPECT_EQ(state.group, written.group);
  EXPECT_TRUE(state.offered_psk);
  EXPECT_EQ(state.unchanging, written.unchanging);
  EXPECT_EQ(state.digest, written.digest);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(state.read(bytes.first(size))) << size;
}

TEST(RetryState, IsNotReadAsASession) {
  RetryState written;
  std::array<std::uint8_t, RetryState::kMaxSize> buffer;
  SessionState session;
  EXPECT_FALSE(session.read(written.write(buffer)));
}

}  // namespace
}  // namespace lockstep::tls::test

// Sessions that our client goes on with in TLS 1.3: which ticket it shows, how, and when it does not.
#include <gtest/gtest.h>

#include "dataplane/tls/client_hello.h"
#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/client_errors.h"

namespace lockstep::tls::test {
namespace {

// A ClientHello in a record; views into it.
struct SentHello {
  explicit SentHello(const ServerRecord& record) : content(record.content) {
    EXPECT_EQ(hello.read(Bytes(content).subspan(4)), Error::none);
    Reader identities(hello.psk_identities);
    const Bytes bytes = identities.vector16();
    ticket.assign(bytes.begin(), bytes.end());
    if (identities.remaining() != 0) age = identities.u32();
    Reader binders(hello.psk_binders);
    const Bytes of_binder = binders.vector8();
    binder.assign(of_binder.begin(), of_binder.end());
    EXPECT_EQ(identities.remaining(), 0U);
    EXPECT_EQ(binders.remaining(), 0U);
  }

  Buffer content;
  ClientHello hello;
  Buffer ticket;
  std::uint32_t age = 0;
  Buffer binder;
};

Buffer offered_ticket(ClientScene& scene) {
  return SentHello(scene.records().front()).ticket;
}

TEST(ClientResumption, ShowsTheTicketWithABinderAndItsAge) {
  ClientScene scene;
  scene.client();
  scene.establish();
  scene.handshake(ticket13(Buffer(200, 0x74)));
  scene.client().now = scene.client().now + milliseconds(1234);
  scene.begin_again();
  const SentHello sent(scene.records().front());
  EXPECT_EQ(sent.ticket, Buffer(200, 0x74));
  EXPECT_EQ(sent.age, 0x01020304U + 1234U);
  EXPECT_EQ(sent.binder, Buffer(32, lockstep::test::kNoneBinder));
}

TEST(ClientResumption, GoesOnWithoutACertificate) {
  ClientScene scene;
  scene.come_back(ticket13());
  scene.resume();
  scene.handshake(server_finished());
  EXPECT_TRUE(scene.client().established);
  EXPECT_TRUE(scene.client().session().info().resumed);
  EXPECT_EQ(scene.client().counters().client_handshakes.value(), 2U);
  EXPECT_EQ(scene.client().counters().client_handshakes_resumed.value(), 1U);
  EXPECT_EQ(scene.client().counters().client_sessions_refused.value(), 0U);
}

TEST(ClientResumption, FallsBackWhereTheServerRefuses) {
  ClientScene scene;
  scene.come_back(ticket13());
  scene.establish();
  EXPECT_FALSE(scene.client().session().info().resumed);
  EXPECT_EQ(scene.client().counters().client_handshakes_resumed.value(), 0U);
  EXPECT_EQ(scene.client().counters().client_sessions_refused.value(), 1U);
}

TEST(ClientResumption, FallsBackToASuiteWithAnotherHash) {
  ClientScene scene;
  scene.come_back(ticket13());
  ServerHelloText hello = scene.server_hello();
  hello.suite = 0x1302;
  scene.handshake(hello.whole());
  EXPECT_EQ(scene.client().session().info().error, Error::none);
  EXPECT_STREQ(scene.client().session().info().phase, "encrypted_extensions");
}

TEST(ClientResumption, ShowsATicketOnce) {
  ClientScene scene;
  scene.come_back(ticket13());
  EXPECT_EQ(offered_ticket(scene), Buffer(100, 0x74));
  scene.begin_again();
  EXPECT_TRUE(offered_ticket(scene).empty());
}

TEST(ClientResumption, ShowsTheTicketAgainBehindAHelloRetryRequest) {
  ClientScene scene;
  scene.come_back(ticket13());
  scene.handshake(scene.retry_request().whole());
  const SentHello second(scene.records().back());
  EXPECT_EQ(second.ticket, Buffer(100, 0x74));
  EXPECT_EQ(second.binder, Buffer(32, lockstep::test::kNoneBinder));
  ServerHelloText hello = scene.resuming_hello();
  Buffer share(65, 0x42);
  share[0] = 4;
  hello.set(ExtensionType::key_share, key_share(kP256, share));
  scene.handshake(hello.whole());
  EXPECT_TRUE(scene.client().session().info().resumed);
}

TEST(ClientResumption, LeavesTheTicketOutWhereTheHelloRetryRequestsSuiteHasAnotherHash) {
  ClientScene scene;
  scene.come_back(ticket13());
  ServerHelloText request = scene.retry_request();
  request.suite = 0x1302;
  scene.handshake(request.whole());
  EXPECT_TRUE(SentHello(scene.records().back()).ticket.empty());
}

TEST(ClientResumption, KeepsNoTicketBeyondItsTime) {
  ClientScene scene;
  scene.establish();
  scene.handshake(ticket13(Buffer(100, 1), 60));
  scene.client().now = scene.client().now + seconds(60);
  scene.begin_again();
  EXPECT_TRUE(offered_ticket(scene).empty());
}

TEST(ClientResumption, KeepsNoTicketForLongerThanAWeek) {
  ClientScene scene;
  scene.config.session_lifetime = hours(10'000);
  for (const Duration age : {hours(168) - seconds(1), hours(168)}) {
    scene.establish();
    scene.handshake(ticket13(Buffer(100, 1), 0xffffffff));
    scene.client().now = scene.client().now + age;
    scene.begin_again();
    EXPECT_EQ(offered_ticket(scene).empty(), age == hours(168));
  }
}

TEST(ClientResumption, TakesNoTicketThatIsToBeDiscardedAtOnce) {
  ClientScene scene;
  scene.come_back(ticket13(Buffer(100, 1), 0));
  EXPECT_TRUE(offered_ticket(scene).empty());
}

TEST(ClientResumption, PassesOverATicketThatIsTooLong) {
  ClientScene scene;
  scene.come_back(join({ticket13(Buffer(50, 1)), ticket13(Buffer(ClientSession::kMaxMessage, 2))}));
  EXPECT_EQ(offered_ticket(scene), Buffer(50, 1));
}

TEST(ClientResumption, ShowsTheLongestTicket) {
  ClientScene scene;
  const Buffer ticket(ClientSession::kMaxMessage - (4 + 4 + 1 + 255 + 2 + 2), 2);
  scene.config.server_name = std::string(kMaxClientServerName, 'n');
  scene.come_back(ticket13(ticket, 7200, Buffer(255, 3)));
  EXPECT_EQ(offered_ticket(scene), ticket);
}

TEST(ClientResumption, PassesTicketsOverWithoutRoomForThem) {
  ClientScene scene;
  scene.options.limits.client_sessions = 0;
  scene.come_back(ticket13());
  EXPECT_TRUE(offered_ticket(scene).empty());
}

TEST(ClientResumption, PassesTicketsOverWhereNothingTakesThem) {
  ClientScene scene;
  scene.options.limits.ticket_receivers = 0;
  scene.come_back(ticket13());
  EXPECT_TRUE(offered_ticket(scene).empty());
}

TEST(ClientResumption, AsksForNoTicketsWhereSessionsAreNotResumed) {
  ClientScene scene;
  scene.config.session_lifetime = {};
  scene.come_back(ticket13());
  const SentHello sent(scene.records().front());
  EXPECT_TRUE(sent.ticket.empty());
  EXPECT_TRUE(sent.hello.psk_modes.empty());
}

TEST(ClientResumption, ShowsATicketToItsServerOnly) {
  ClientScene scene;
  scene.establish();
  scene.handshake(ticket13());
  scene.config.resumption_scope = {1};
  scene.begin_again();
  EXPECT_TRUE(offered_ticket(scene).empty());
  EXPECT_EQ(scene.client().counters().client_sessions.value(), 1U);
}

TEST(ClientResumption, ShowsNoTicketThatNoSuiteOnOfferGoesWith) {
  ClientScene scene;
  scene.establish();
  scene.handshake(ticket13());
  scene.config.cipher_suites = {CipherSuite::tls_aes_256_gcm_sha384};
  scene.begin_again();
  EXPECT_TRUE(offered_ticket(scene).empty());
}

// RFC 8446 section 4.6.1: tickets that come of tickets do not go on for ever.
TEST(ClientResumption, EndsWhenTheCertificateWasShownTooLongAgo) {
  ClientScene scene;
  scene.config.session_lifetime = seconds(100);
  scene.come_back(ticket13());
  scene.client().now = scene.client().now + seconds(60);
  scene.resume();
  scene.handshake(server_finished());
  ASSERT_TRUE(scene.client().session().info().resumed);
  scene.server.protect(Protection::tls13, 0x21);
  scene.handshake(ticket13(Buffer(100, 2)));
  EXPECT_EQ(scene.client().counters().client_sessions.value(), 1U);
  scene.client().now = scene.client().now + seconds(40);
  scene.begin_again();
  EXPECT_TRUE(offered_ticket(scene).empty());
}

// RFC 8446 section 4.6.1: nor beyond the certificate's validity, through however many tickets.
TEST(ClientResumption, EndsWithTheCertificatesValidity) {
  ClientScene scene;
  scene.come_back(ticket13());
  EXPECT_FALSE(offered_ticket(scene).empty());

  ClientScene brief;
  brief.client();
  brief.answer();
  brief.encrypted_extensions();
  brief.handshake(certificate13(entry13({0, 100, 0})));
  brief.handshake(certificate_verify());
  brief.handshake(server_finished());
  ASSERT_TRUE(brief.client().established);
  brief.server.protect(Protection::tls13, 0x21);
  brief.handshake(ticket13());
  brief.client().now = brief.client().now + seconds(60);
  brief.begin_again();
  brief.resume();
  brief.handshake(server_finished());
  ASSERT_TRUE(brief.client().session().info().resumed);
  brief.server.protect(Protection::tls13, 0x21);
  brief.handshake(ticket13(Buffer(100, 2)));
  brief.client().now = brief.client().now + seconds(41);
  brief.begin_again();
  EXPECT_TRUE(offered_ticket(brief).empty());
}

// TLS 1.2.

TEST(ClientResumptionTls12, GoesOnWithItsTicketAgainAndAgain) {
  ClientScene scene;
  scene.come_back12();
  for (int visits = 0; visits < 3; ++visits) {
    const SentHello sent(scene.records().front());
    EXPECT_TRUE(std::ranges::equal(sent.hello.session_ticket, Buffer(100, 0x74)));
    EXPECT_EQ(sent.hello.session_id.size(), 32U);
    scene.resume12();
    scene.change_keys12();
    scene.handshake(server_finished12());
    ASSERT_TRUE(scene.client().established) << describe(scene.client().session().info().error);
    EXPECT_TRUE(scene.client().session().info().resumed);
    EXPECT_EQ(scene.records().back().content, NoneClient::finished12());
    scene.begin_again();
  }
}

TEST(ClientResumptionTls12, TakesANewTicketInPlaceOfTheOld) {
  ClientScene scene;
  scene.come_back12();
  ServerHelloText hello = scene.resuming_hello12();
  hello.set(ExtensionType::session_ticket, {});
  scene.handshake(hello.whole());
  scene.handshake(ticket12(Buffer(50, 1)));
  scene.change_keys12();
  scene.handshake(server_finished12());
  ASSERT_TRUE(scene.client().established) << describe(scene.client().session().info().error);
  EXPECT_EQ(scene.client().counters().client_sessions.value(), 1U);
  scene.begin_again();
  EXPECT_TRUE(std::ranges::equal(SentHello(scene.records().front()).hello.session_ticket, Buffer(50, 1)));
}

TEST(ClientResumptionTls12, GoesOnByItsIdentifier) {
  ClientScene scene;
  ServerHelloText hello = scene.server_hello12();
  hello.session_id = Buffer(20, 0x1d);
  scene.handshake(hello.whole());
  scene.certificate12_and_keys();
  scene.handshake(server_hello_done());
  scene.change_keys12();
  scene.handshake(server_finished12());
  ASSERT_TRUE(scene.client().established) << describe(scene.client().session().info().error);
  scene.begin_again();
  EXPECT_TRUE(std::ranges::equal(SentHello(scene.records().front()).hello.session_id, Buffer(20, 0x1d)));
  hello = scene.server_hello12();
  hello.session_id = Buffer(20, 0x1d);
  scene.handshake(hello.whole());
  scene.change_keys12();
  scene.handshake(server_finished12());
  EXPECT_TRUE(scene.client().session().info().resumed);
  EXPECT_EQ(scene.client().counters().client_handshakes_resumed.value(), 1U);
}

TEST(ClientResumptionTls12, FallsBackWhereTheServerRefuses) {
  ClientScene scene;
  scene.come_back12();
  scene.establish12();
  EXPECT_FALSE(scene.client().session().info().resumed);
  EXPECT_EQ(scene.client().counters().client_sessions_refused.value(), 1U);
}

TEST(ClientResumptionTls12, FallsBackToTls13) {
  ClientScene scene;
  scene.come_back12();
  scene.establish();
  EXPECT_FALSE(scene.client().session().info().resumed);
}

TEST(ClientResumptionTls12, DoesNotGoOnBehindAFailure) {
  ClientScene scene;
  scene.come_back12();
  scene.resume12();
  scene.change_keys12();
  scene.handshake(message(20, Buffer(12, 1)));
  scene.begin_again();
  EXPECT_TRUE(SentHello(scene.records().front()).hello.session_ticket.empty());
}

// RFC 5246 section 7.2.2, also long after the handshake.
TEST(ClientResumptionTls12, ForgetsTheSessionOfAConnectionThatFails) {
  for (const bool resumed : {false, true}) {
    ClientScene scene;
    scene.come_back12();
    if (resumed) {
      scene.resume12();
      scene.change_keys12();
      scene.handshake(server_finished12());
    } else {
      scene.flight12(true);
      scene.handshake(ticket12(Buffer(50, 1)));
      scene.change_keys12();
      scene.handshake(server_finished12());
    }
    ASSERT_TRUE(scene.client().established);
    ASSERT_EQ(scene.client().counters().client_sessions.value(), 1U);
    scene.send(ContentType::alert, {2, 80});
    EXPECT_EQ(scene.client().session().info().error, Error::peer_alert);
    EXPECT_EQ(scene.client().counters().client_sessions.value(), 0U);
  }
}

TEST(ClientResumptionTls12, KeepsNothingOfATicketThatIsNone) {
  ClientScene scene;
  scene.come_back12({});
  EXPECT_EQ(scene.client().counters().client_sessions.value(), 0U);
}

}  // namespace
}  // namespace lockstep::tls::test

// Early data on the engine without security: when it is taken, and what is done with it (RFC 8446 sections 2.3, 4.2.10,
// 8).
#include <gtest/gtest.h>

#include "dataplane/tls/coroutine.h"
#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

class EarlyDataTest : public ::testing::Test {
 protected:
  EarlyDataTest() {
    offer_.state.age_add = 0xfffffff0;
    offer_.allow_early_data(scene_.config, 1000, Instant{1'000'000'000});
  }

  // A hello that offers a ticket which is `age` old, as the client says.
  Hello hello(std::initializer_list<Buffer> tickets, Duration age = {}, const Buffer& binder = kBinder) {
    Hello made = hello13();
    made.set(ExtensionType::early_data, {});
    Buffer identities;
    Buffer binders;
    for (const Buffer& ticket : tickets) {
      const auto obfuscated = static_cast<std::uint32_t>(age.milliseconds()) + offer_.state.age_add;
      identities = join({identities, vector16(ticket), integer(obfuscated, 4)});
      binders = join({binders, vector8(binder)});
    }
    made.set(ExtensionType::pre_shared_key, join({vector16(identities), vector16(binders)}));
    return made;
  }
  void send(const Hello& made) {
    scene_.handshake(made.whole());
    scene_.protection = Protection::tls13;
  }
  bool promised() {
    bool found = false;
    for (const ServerRecord& record : scene_.records()) {
      if (record.type != handshake || record.outer != application_data || record.content[0] != 8) continue;
      Reader reader(Bytes(record.content).subspan(4));
      for (Reader extensions(reader.vector16()); extensions.remaining() != 0; extensions.vector16())
        found = found || extensions.u16() == static_cast<std::uint16_t>(ExtensionType::early_data);
    }
    return found;
  }
  void send_early(const std::string& data) {
    scene_.client.protect(Protection::tls13, NoneClient::kEarly13);
    scene_.send(application_data, text(data));
  }
  void finish() {
    scene_.client.protect(Protection::tls13, NoneClient::kHandshake13);
    scene_.handshake(NoneClient::finished13());
    scene_.client.protect(Protection::tls13, NoneClient::kApplication13);
    EXPECT_TRUE(server().established) << describe(server().session().info().error);
  }
  void expect_accepted() {
    EXPECT_TRUE(promised());
    EXPECT_EQ(server().session().info().phase, std::string("early_data"));
    send_early("early");
    EXPECT_EQ(server().received, "early");
    EXPECT_FALSE(server().established);
    scene_.handshake(message(5, {}));
    finish();
    scene_.send(application_data, text(" and late"));
    EXPECT_EQ(server().received, "early and late");
    EXPECT_TRUE(server().session().info().early_data);
    EXPECT_TRUE(server().session().info().resumed);
    EXPECT_EQ(counters().early_data_accepted.value(), 1U);
  }
  // The ticket resumes all the same.
  void expect_refused(const Counter& reason) {
    EXPECT_FALSE(promised());
    send_early("early");
    finish();
    scene_.send(application_data, text("late"));
    EXPECT_EQ(server().received, "late");
    EXPECT_FALSE(server().session().info().early_data);
    EXPECT_TRUE(server().session().info().resumed);
    EXPECT_EQ(reason.value(), 1U);
    EXPECT_EQ(counters().early_data_accepted.value(), 0U);
  }
  Driver& server() { return scene_.server(); }
  const Counters& counters() { return server().counters(); }

  static inline const Buffer kBinder = Buffer(32, lockstep::test::kNoneBinder);
  Scene scene_;
  TicketOffer offer_{scene_.config};
};

TEST_F(EarlyDataTest, IsDeliveredBeforeTheHandshakeIsOver) {
  send(hello({offer_.ticket()}));
  expect_accepted();
}

TEST_F(EarlyDataTest, IsAnsweredBeforeTheHandshakeIsOver) {
  send(hello({offer_.ticket()}));
  EXPECT_TRUE(server().session().writable());
  send_early("question");
  server().send("answer");
  server().run();
  EXPECT_EQ(scene_.records().back().content, text("answer"));
  scene_.handshake(message(5, {}));
  finish();
  EXPECT_TRUE(server().session().writable());
}

TEST_F(EarlyDataTest, NothingIsWrittenBeforeTheHandshakeIsOverWithoutIt) {
  Hello plain = hello13();
  offer_.add_to(plain);
  send(plain);
  EXPECT_FALSE(server().session().writable());
  server().send("too soon");
  server().run();
  EXPECT_EQ(server().unreleased(), 8U);
  finish();
  server().run();
  EXPECT_EQ(server().unreleased(), 0U);
}

TEST_F(EarlyDataTest, MayBeAsMuchAsTheTicketAllowsWithoutPadding) {
  send(hello({offer_.ticket()}));
  scene_.client.protect(Protection::tls13, NoneClient::kEarly13);
  scene_.send(scene_.client.record(application_data, Buffer(400, 'a'), 5000));
  scene_.send(application_data, Buffer(600, 'b'));
  EXPECT_EQ(server().received.size(), 1000U);
  scene_.handshake(message(5, {}));
  finish();
}

TEST_F(EarlyDataTest, MayBeNone) {
  send(hello({offer_.ticket()}));
  scene_.client.protect(Protection::tls13, NoneClient::kEarly13);
  scene_.handshake(message(5, {}));
  finish();
  EXPECT_EQ(server().received, "");
}

TEST_F(EarlyDataTest, ItsEndMayComeInPiecesAndBehindChangeCipherSpec) {
  send(hello({offer_.ticket()}));
  scene_.send(NoneClient::plain(change_cipher_spec, {1}));
  send_early("x");
  for (const std::uint8_t byte : message(5, {})) scene_.handshake({byte});
  finish();
}

TEST_F(EarlyDataTest, TicketsPromiseItOnlyByPolicy) {
  for (const std::uint32_t size : {0U, 1000U}) {
    Scene scene;
    TicketOffer offer(scene.config);
    scene.config.max_early_data = size;
    scene.establish13();
    const ServerRecord last = scene.records().back();
    ASSERT_EQ(last.content[0], 4);
    Reader reader(Bytes(last.content).subspan(4 + 8));
    reader.vector8();
    const Bytes ticket = reader.vector16();
    const Bytes extensions = reader.vector16();
    EXPECT_TRUE(reader.finished());
    const Buffer expected = size == 0 ? Buffer() : join({u16(42), vector16(integer(size, 4))});
    EXPECT_EQ(Buffer(extensions.begin(), extensions.end()), expected);
    TicketOpener opener;
    ASSERT_TRUE(opener.prepare(*offer.keys, ticket));
    run(scene.none, opener.job);
    SessionState state;
    ASSERT_TRUE(opener.read(state));
    EXPECT_EQ(state.max_early_data, size);
    EXPECT_EQ(state.issued_at, scene.server().now);
  }
}

TEST_F(EarlyDataTest, IsRefusedWhenTheTicketDoesNotAllowIt) {
  offer_.state.max_early_data = 0;
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_not_allowed);
}

TEST_F(EarlyDataTest, IsRefusedWhenTheConfigurationAllowsLessNow) {
  scene_.config.max_early_data = 999;
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_not_allowed);
}

TEST_F(EarlyDataTest, BelongsToTheFirstTicket) {
  send(hello({Buffer(100, 1), offer_.ticket()}));
  expect_refused(counters().early_data_mismatched);
}

TEST_F(EarlyDataTest, BelongsToTheTicketsSuite) {
  offer_.state.cipher_suite = CipherSuite::tls_chacha20_poly1305_sha256;  // of the same hash
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_mismatched);
}

TEST_F(EarlyDataTest, BelongsToTheTicketsProtocol) {
  for (const char* other : {"", "h2", "http/1.0"}) {
    Scene scene;
    TicketOffer offer(scene.config);
    offer.allow_early_data(scene.config, 1000, scene.server().now);
    offer.alpn = text(other);
    offer.state.alpn = offer.alpn;
    Hello made = hello13();
    made.set(ExtensionType::early_data, {});
    offer.add_to(made);
    scene.handshake(made.whole());
    EXPECT_EQ(scene.server().counters().early_data_mismatched.value(), 1U);
  }
}

TEST_F(EarlyDataTest, NeedsAKeyExchange) {
  scene_.config.psk_ke = true;
  send(hello({offer_.ticket()}).set(ExtensionType::psk_key_exchange_modes, {1, 0}));
  expect_refused(counters().early_data_mismatched);
}

TEST_F(EarlyDataTest, IsRefusedForAnotherServersTicket) {
  offer_.state.instance[0] ^= 1;
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_foreign);
}

TEST_F(EarlyDataTest, ComesWhenTheTicketIsAsOldAsTheClientSays) {
  server().now = server().now + seconds(3000);
  send(hello({offer_.ticket()}, seconds(2990)));
  expect_accepted();
}

TEST_F(EarlyDataTest, IsRefusedWhenItComesTooLate) {
  server().now = server().now + seconds(3000);
  send(hello({offer_.ticket()}, seconds(2990) - milliseconds(1)));
  expect_refused(counters().early_data_stale);
}

TEST_F(EarlyDataTest, IsRefusedWhenItComesTooSoon) {
  server().now = server().now + seconds(3000);
  send(hello({offer_.ticket()}, seconds(3010) + milliseconds(1)));
  expect_refused(counters().early_data_stale);
}

TEST_F(EarlyDataTest, ItsAgeDoesNotDependOnTheWallClock) {
  server().core().wall_clock_offset = seconds(1000);
  send(hello({offer_.ticket()}));
  expect_accepted();
}

TEST_F(EarlyDataTest, IsRefusedAfterARetry) {
  scene_.config.groups = {crypto::NamedGroup::secp256r1};
  const Hello first = hello({offer_.ticket()});
  send(first);
  send_early("early");
  Hello second = first;
  Buffer key(65, 7);
  key[0] = 4;
  second.remove(ExtensionType::early_data);
  second.set(ExtensionType::key_share, vector16(key_share(kP256, key)));
  scene_.client.protect(Protection::none, 0);
  scene_.handshake(second.whole());
  EXPECT_FALSE(promised());
  finish();
  EXPECT_EQ(server().received, "");
  EXPECT_EQ(counters().early_data_accepted.value(), 0U);
  EXPECT_EQ(counters().early_data_retried.value(), 1U);
}

TEST_F(EarlyDataTest, NothingIsRememberedOfHellosThatDoNotShowTheirPsk) {
  send(hello({offer_.ticket()}, {}, Buffer(32, 1)));
  EXPECT_EQ(server().session().info().error, Error::bad_binder);
  EXPECT_EQ(server().core().early_data.size(), 0U);
}

TEST_F(EarlyDataTest, OfAHelloThatIsReplayedIsRefused) {
  const Hello made = hello({offer_.ticket()});
  send(made);
  EXPECT_TRUE(promised());
  for (const Duration later : {Duration{}, seconds(10)}) {
    server().restart(scene_.config);
    server().now = Instant{1'000'000'000} + later;
    scene_.client.protect(Protection::none, 0);
    send(made);
    EXPECT_STREQ(server().session().info().phase, "client_finished");
    EXPECT_TRUE(server().session().info().resumed);
  }
  EXPECT_EQ(counters().early_data_replayed.value(), 2U);
  EXPECT_EQ(counters().early_data_accepted.value(), 1U);
}

TEST_F(EarlyDataTest, IsRefusedWhenTheWindowIsFull) {
  scene_.options.limits.early_data_hellos = 0;
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_window_full);
}

// The binder of all hellos is the same, so that one core owns them.
class EarlyDataOnManyCores : public EarlyDataTest {
 protected:
  EarlyDataOnManyCores() {
    owner_ = owner_of_hello(kBinder, 3);
    scene_.options.limits.cores = 3;
    scene_.options.limits.core = static_cast<std::uint16_t>((owner_ + 1) % 3);
    owning_.options.limits.cores = 3;
    owning_.options.limits.core = owner_;
  }
  void connect() {
    server().other_core = [this](crypto::RemoteJob& job) {
      EXPECT_EQ(job.core, owner_);
      answer(owning_.server().core(), job, owning_.server().now);
      return true;
    };
  }
  std::uint16_t owner_ = 0;
  Scene owning_;
};

TEST_F(EarlyDataOnManyCores, IsTakenWhenTheOwnerSaysSo) {
  connect();
  send(hello({offer_.ticket()}));
  expect_accepted();
  EXPECT_EQ(owning_.server().core().early_data.size(), 1U);
  EXPECT_EQ(server().core().early_data.size(), 0U);
}

TEST_F(EarlyDataOnManyCores, OfAHelloThatTheOwnerHasSeenIsRefused) {
  owning_.server().core().early_data.admit(HelloId::of(kBinder), Instant{seconds(11).ns}, Instant{1'000'000'000});
  connect();
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_replayed);
}

TEST_F(EarlyDataOnManyCores, IsRefusedWhenTheQuestionComesTooLate) {
  connect();
  owning_.server().now = Instant{seconds(11).ns} + nanoseconds(1);
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_stale);
}

TEST_F(EarlyDataOnManyCores, IsRefusedWhenTheOwnerCannotBeAsked) {
  send(hello({offer_.ticket()}));
  expect_refused(counters().early_data_unavailable);
}

TEST_F(EarlyDataTest, NeedsNoLargerFrameThanThereIs) {
  send(hello({offer_.ticket()}));
  expect_accepted();
  EXPECT_LE(server().core().largest_frame, FrameStorage::kSize);
}

}  // namespace
}  // namespace lockstep::tls::test

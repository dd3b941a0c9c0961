// What a session promises its caller, on the engine without security.
#include <gtest/gtest.h>

#include "dataplane/tls/coroutine.h"
#include "tests/support/scripted_engine.h"
#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

TEST(Session, NeedsNoMoreThanItsStorageAndFrame) {
  Scene scene;
  scene.establish13();
  const std::size_t frame13 = scene.server().core().largest_frame;
  RecordProperty("frame_tls13", std::to_string(frame13));
  EXPECT_GT(frame13, FrameStorage::kSize / 2) << "the storage is much too large";
  EXPECT_LE(frame13, FrameStorage::kSize);
  Scene other;
  other.establish12();
  RecordProperty("frame_tls12", std::to_string(other.server().core().largest_frame));
  EXPECT_LE(other.server().core().largest_frame, FrameStorage::kSize);
  // An idle connection: no coroutine, no record, and a session of this size.
  EXPECT_EQ(scene.server().core().handshakes.in_use(), 0U);
  EXPECT_LE(sizeof(Session), 944U);
}

// RFC 5246 section 6.2.3.2: up to 255 bytes of padding, beside a content of any size.
TEST(Session, TakesCbcRecordsWithMoreThanTheLeastPadding) {
  Scene scene;
  scene.establish_classic();
  const std::string content = pattern_text(16384);
  for (const std::size_t padding : {std::size_t{16}, std::size_t{224}})
    scene.send(scene.client.record(application_data, text(content), padding));
  EXPECT_EQ(scene.server().received, content + content);
}

TEST(Session, TellsItsPhases) {
  Scene scene;
  const auto phase = [&] { return std::string(scene.server().session().info().phase); };
  EXPECT_EQ(phase(), "client_hello");
  scene.hello_12();
  EXPECT_EQ(phase(), "client_key_exchange");
  scene.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
  EXPECT_EQ(phase(), "client_finished");
  scene.send(change_cipher_spec, {1});
  scene.client.protect(Protection::tls12, NoneClient::kKeys12);
  scene.handshake(NoneClient::finished12());
  EXPECT_EQ(phase(), "established");
  scene.send(alert, {2, 40});
  EXPECT_EQ(phase(), "closed");
}

TEST(Session, CountsAHandshakeFromItsFirstByte) {
  Scene scene;
  EXPECT_EQ(scene.server().counters().handshakes_started.value(), 0U);
  scene.handshake({1});
  EXPECT_EQ(scene.server().counters().handshakes_started.value(), 1U);
  EXPECT_EQ(scene.server().counters().handshakes_in_progress.value(), 1U);
}

TEST(Session, HasADeadlineUntilItIsEstablished) {
  Scene scene;
  const Instant start = scene.server().now;
  EXPECT_EQ(scene.server().session().deadline(), start + scene.config.handshake_timeout);
  scene.server().timeout(start + scene.config.handshake_timeout - nanoseconds(1));
  EXPECT_EQ(scene.server().close, Close::none);
  scene.establish13();
  EXPECT_EQ(scene.server().session().deadline(), Instant::never());
  scene.server().timeout(start + seconds(1000));
  EXPECT_EQ(scene.server().close, Close::none);
}

TEST(Session, SendsOneFlightInTls13) {
  Scene scene;
  scene.hello_13();
  const auto records = scene.records();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].outer, handshake);
  EXPECT_EQ(records[1].outer, change_cipher_spec);
  EXPECT_EQ(records[1].content, Buffer{1});
  EXPECT_EQ(records[2].outer, application_data);
  EXPECT_EQ(records[2].type, handshake);
  EXPECT_EQ(records[2].content[0], 8);  // EncryptedExtensions
}

TEST(Session, SendsNoChangeCipherSpecToClientsWithoutSessionIdentifier) {
  Scene scene;
  Hello hello = hello13();
  hello.session_id = {};
  scene.handshake(hello.whole());
  scene.protection = Protection::tls13;
  EXPECT_EQ(scene.records().size(), 2U);
}

TEST(Session, SendsChangeCipherSpecOnceWithARetry) {
  Scene scene;
  scene.config.groups = {crypto::NamedGroup::secp256r1};
  scene.handshake(hello13().whole());
  scene.protection = Protection::tls13;
  ASSERT_EQ(scene.records().size(), 2U);
  EXPECT_EQ(scene.records()[1].outer, change_cipher_spec);
  scene.send(NoneClient::plain(change_cipher_spec, {1}));
  Hello second = hello13();
  Buffer key(65, 7);
  key[0] = 4;
  second.set(ExtensionType::key_share, vector16(key_share(kP256, key)));
  scene.handshake(second.whole());
  const auto records = scene.records();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[3].type, handshake);
  EXPECT_TRUE(scene.server().session().info().hello_retry);
}

TEST(Session, PassesOverEarlyDataAndFindsTheFlightBehindIt) {
  Scene scene;
  Hello hello = hello13();
  hello.set(ExtensionType::early_data, {});
  scene.handshake(hello.whole());
  scene.send(NoneClient::plain(change_cipher_spec, {1}));
  for (int i = 0; i < 4; ++i) scene.send(NoneClient::plain(application_data, Buffer(15000, 7)));
  scene.send(NoneClient::plain(application_data, Buffer(3, 7)));
  scene.client.protect(Protection::tls13, NoneClient::kHandshake13);
  scene.handshake(NoneClient::finished13());
  EXPECT_TRUE(scene.server().established);
  EXPECT_EQ(scene.server().received, "");
}

TEST(Session, PassesOverEarlyDataAfterARetry) {
  Scene scene;
  scene.config.groups = {crypto::NamedGroup::secp256r1};
  Hello hello = hello13();
  hello.set(ExtensionType::early_data, {});
  scene.handshake(hello.whole());
  for (int i = 0; i < 4; ++i) scene.send(NoneClient::plain(application_data, Buffer(15000, 7)));
  Buffer key(65, 7);
  key[0] = 4;
  hello.remove(ExtensionType::early_data).set(ExtensionType::key_share, vector16(key_share(kP256, key)));
  scene.handshake(hello.whole());
  scene.client.protect(Protection::tls13, NoneClient::kHandshake13);
  scene.handshake(NoneClient::finished13());
  EXPECT_TRUE(scene.server().established);
}

TEST(Session, TakesSomeEmptyRecordsAndWarnings) {
  Scene scene;
  scene.establish12();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 32; ++i) scene.send(application_data, {});
    for (int i = 0; i < 4; ++i) scene.send(alert, {1, 100});
    scene.send(application_data, text("x"));
  }
  EXPECT_EQ(scene.server().received, "xxx");
}

TEST(Session, RemovesPaddingOfAnySize) {
  Scene scene;
  scene.establish13();
  for (const std::size_t padding : {0U, 1U, 255U, 16383U}) {
    scene.send(scene.client.record(application_data, text("a"), padding));
    scene.send(scene.client.record(application_data, {}, padding));
  }
  EXPECT_EQ(scene.server().received, "aaaa");
}

TEST(Session, TakesTheLargestRecords) {
  for (const bool tls13 : {true, false}) {
    Scene scene;
    tls13 ? scene.establish13() : scene.establish12();
    scene.send(application_data, Buffer(16384, 'x'));
    EXPECT_EQ(scene.server().received.size(), 16384U);
  }
}

TEST(Session, AnswersSeveralKeyUpdateRequestsAtLeastOnce) {
  Scene scene;
  scene.establish13();
  for (int i = 0; i < 5; ++i) {
    scene.server().feed(scene.client.record(handshake, message(24, {1})));
    scene.client.protect(Protection::tls13, static_cast<std::uint8_t>(NoneClient::kUpdated13 + 2 * i));
  }
  scene.server().feed(scene.client.record(application_data, text("x")));
  scene.server().run();
  EXPECT_EQ(scene.server().received, "x");
  EXPECT_EQ(scene.server().counters().key_updates_received.value(), 5U);
  EXPECT_GE(scene.server().counters().key_updates_sent.value(), 1U);
  EXPECT_LE(scene.server().counters().key_updates_sent.value(), 5U);
}

TEST(Session, TakesAKeyUpdateInFragments) {
  Scene scene;
  scene.establish13();
  for (const std::uint8_t byte : message(24, {0})) scene.handshake({byte});
  scene.client.protect(Protection::tls13, NoneClient::kUpdated13);
  scene.send(application_data, text("new keys"));
  EXPECT_EQ(scene.server().received, "new keys");
}

TEST(Session, DiscardsWhatFollowsCloseNotify) {
  Scene scene;
  scene.establish13();
  scene.server().feed(scene.client.record(alert, {1, 0}));
  scene.server().feed(scene.client.record(application_data, text("late")));
  scene.server().run();
  scene.send(text("anything"));
  EXPECT_TRUE(scene.server().peer_closed);
  EXPECT_EQ(scene.server().received, "");
  EXPECT_EQ(scene.server().undisposed(), 0U);
  EXPECT_EQ(scene.server().session().info().error, Error::none);
  scene.server().fin();
  EXPECT_EQ(scene.server().close, Close::none) << "our direction is still open";
}

TEST(Session, TakesABareFinAfterOurCloseNotify) {
  Scene scene;
  scene.establish13();
  scene.server().shutdown();
  scene.server().run();
  EXPECT_TRUE(scene.server().output_ended);
  scene.server().fin();
  EXPECT_TRUE(scene.server().peer_closed);
  EXPECT_EQ(scene.server().close, Close::after_output);
  EXPECT_EQ(scene.server().session().info().error, Error::none);
}

TEST(Session, DeliversWhatCameBeforeAFin) {
  Scene scene;
  lockstep::test::ScriptedEngine held(scene.none, 1);
  scene.engine = &held;
  scene.establish13();
  scene.server().feed(join({scene.client.record(application_data, Buffer(5000, 'a')),
                            scene.client.record(application_data, Buffer(5000, 'b'))}));
  scene.server().step();
  scene.server().fin();
  EXPECT_EQ(scene.server().close, Close::none);
  scene.server().run();
  EXPECT_EQ(scene.server().received.size(), 10000U);
  EXPECT_EQ(scene.server().session().info().error, Error::truncated);
  scene.server().abandon();
}

TEST(Session, EndsTheHandshakeWhenShutDown) {
  Scene scene;
  scene.hello_12();
  scene.server().shutdown();
  EXPECT_EQ(scene.server().close, Close::after_output);
  EXPECT_EQ(scene.records().back().content, (Buffer{1, 0}));
  EXPECT_EQ(scene.server().counters().handshakes_failed.value(), 1U);
}

TEST(Session, SendsAFatalAlertBehindWhatWasWritten) {
  Scene scene;
  scene.establish13();
  scene.server().send(pattern_text(50'000));
  scene.server().feed(NoneClient::plain(application_data, Buffer(40, 0)));
  scene.server().run();
  const auto records = scene.records();
  EXPECT_EQ(records.back().type, alert);
  EXPECT_EQ(records.back().content, (Buffer{2, 20}));
  EXPECT_EQ(scene.server().close, Close::after_output);
}

TEST(Session, GoesOnWhenBuffersAreBack) {
  Scene scene;
  scene.establish13();
  scene.server().output_buffers_left = 0;
  scene.server().send("waits");
  for (int i = 0; i < 10; ++i) scene.server().step();
  EXPECT_EQ(scene.server().unreleased(), 5U);
  EXPECT_GT(scene.server().counters().pool_full.value(), 0U);
  scene.server().output_buffers_left = 10;
  scene.server().run();
  EXPECT_EQ(scene.server().unreleased(), 0U);
}

TEST(Session, GoesOnWhenJobsAreBack) {
  Scene scene;
  scene.options.limits.record_jobs = 2;
  scene.establish13();
  scene.server().send(pattern_text(100'000));
  std::string sent;
  for (int i = 0; i < 8; ++i) {
    const Buffer content(9000, static_cast<std::uint8_t>('a' + i));
    scene.server().feed(scene.client.record(application_data, content));
    sent.append(content.begin(), content.end());
  }
  scene.server().run();
  EXPECT_EQ(scene.server().received, sent);
  EXPECT_EQ(scene.server().unreleased(), 0U);
}

TEST(Session, RefusesHandshakesBeyondItsPools) {
  const ServerConfig config = none_config();
  lockstep::test::NoneEngine engine;
  DriverOptions options;
  options.limits.handshakes = 1;
  Driver server(config, engine, options);
  server.feed(NoneClient::plain(handshake, hello12().whole()));
  server.run();
  Effects effects;
  Session second(server.core(), config, {}, server.now);
  Buffer hello = NoneClient::plain(handshake, hello12().whole());
  const MutableBytes piece = hello;
  second.receive(std::span<const MutableBytes>(&piece, 1), server.now, effects);
  EXPECT_EQ(second.info().error, Error::no_memory);
  EXPECT_EQ(effects.close, Close::after_output);
  for (std::size_t i = 0; i < effects.output_count; ++i) server.release(effects.outputs[i]);
}

TEST(Session, ReleasesTheConfigurationWhenItsLastJobIsBack) {
  Scene scene;
  scene.server().feed(NoneClient::plain(handshake, hello13().whole()));
  scene.server().step();  // the first job has come back, the next one is out
  ASSERT_FALSE(scene.server().session().idle());
  scene.server().timeout(scene.server().session().deadline());
  EXPECT_FALSE(scene.server().session().config_released());
  scene.server().run();
  EXPECT_TRUE(scene.server().session().idle());
  EXPECT_TRUE(scene.server().session().config_released());
  EXPECT_EQ(scene.server().close, Close::after_output);
}

TEST(Session, WaitsForItsJobsWhenAbandoned) {
  Scene scene;
  scene.server().feed(NoneClient::plain(handshake, hello13().whole()));
  scene.server().step();
  ASSERT_FALSE(scene.server().session().idle());
  scene.server().abandon();
  EXPECT_TRUE(scene.server().session().idle());
  EXPECT_TRUE(scene.server().session().config_released());
  EXPECT_EQ(scene.server().close, Close::none);
}

TEST(Session, LooksAtNothingBehindTheHelloBeforeItsAnswer) {
  Scene scene;
  scene.server().feed(join({NoneClient::plain(handshake, hello12().whole()),
                            NoneClient::plain(handshake, NoneClient::key_exchange(Buffer(32, 0x42)))}));
  scene.server().run();
  EXPECT_EQ(std::string(scene.server().session().info().phase), "client_finished");
}

TEST(Session, RandomsDifferBetweenSessionsOfOneSeedOnlyByOrder) {
  const auto first_hello = [](std::uint64_t seed) {
    Scene scene;
    scene.options.seed = seed;
    scene.hello_13();
    return scene.records()[0].content;
  };
  EXPECT_EQ(first_hello(1), first_hello(1));
  EXPECT_NE(first_hello(1), first_hello(2));
}

}  // namespace
}  // namespace lockstep::tls::test

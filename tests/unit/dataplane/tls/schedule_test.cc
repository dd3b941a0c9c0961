// Any chunking of the input and any completion order of jobs gives the same bytes.
#include <gtest/gtest.h>

#include "tests/support/scripted_engine.h"
#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

// All that a client sends in one connection; with the engine without security it is known beforehand.
struct Transcript {
  Buffer bytes;
  std::string plaintext;
  Protection protection = Protection::tls13;
};

void data(Transcript& all, NoneClient& client, std::size_t size) {
  const std::string content = pattern_text(size);
  all.plaintext += content;
  all.bytes = join({all.bytes, client.record(application_data, text(content))});
}

Transcript transcript13(bool key_updates, const Hello& hello = hello13()) {
  Transcript all;
  NoneClient client;
  all.bytes = client.record(handshake, hello.whole());
  all.bytes = join({all.bytes, NoneClient::plain(change_cipher_spec, {1})});
  client.protect(Protection::tls13, NoneClient::kHandshake13);
  all.bytes = join({all.bytes, client.record(handshake, NoneClient::finished13())});
  client.protect(Protection::tls13, NoneClient::kApplication13);
  for (const std::size_t size : {1U, 16384U, 17U, 3000U, 5U, 6U, 9000U}) data(all, client, size);
  for (int i = 0; key_updates && i < 3; ++i) {
    all.bytes = join({all.bytes, client.record(handshake, message(24, {1}))});
    client.protect(Protection::tls13, static_cast<std::uint8_t>(NoneClient::kUpdated13 + 2 * i));
    for (const std::size_t size : {2000U, 1U, 16000U}) data(all, client, size);
  }
  all.bytes = join({all.bytes, client.record(alert, {1, 0})});
  return all;
}

Transcript transcript12() {
  Transcript all;
  all.protection = Protection::tls12;
  NoneClient client;
  all.bytes = join({client.record(handshake, hello12().whole()),
                    client.record(handshake, NoneClient::key_exchange(Buffer(32, 0x42))),
                    client.record(change_cipher_spec, {1})});
  client.protect(Protection::tls12, NoneClient::kKeys12);
  all.bytes = join({all.bytes, client.record(handshake, NoneClient::finished12())});
  for (const std::size_t size : {1U, 16384U, 17U, 3000U, 5U, 6U, 9000U}) data(all, client, size);
  all.bytes = join({all.bytes, client.record(alert, {1, 0})});
  return all;
}

Transcript transcript_classic() {
  Transcript all;
  all.protection = Protection::tls12;
  NoneClient client;
  Hello hello = hello12();
  hello.suites({0x002f});
  all.bytes = join({client.record(handshake, hello.whole()), client.record(handshake, NoneClient::rsa_key_exchange()),
                    client.record(change_cipher_spec, {1})});
  client.protect_cbc(crypto::CbcSuite::aes_128_sha1);
  all.bytes = join({all.bytes, client.record(handshake, NoneClient::finished12())});
  for (const std::size_t size : {1U, 16384U, 17U, 3000U, 5U, 6U, 9000U}) data(all, client, size);
  all.bytes = join({all.bytes, client.record(alert, {1, 0})});
  return all;
}

// What the server received and sent.
struct Result {
  std::string received;
  Buffer sent;
  bool operator==(const Result&) const = default;
};

ServerConfig config_of_all() {
  ServerConfig config = none_config();
  config.cipher_suites = all_cipher_suites();
  return config;
}

// Feeds chunks of 1..`largest` bytes, with work in between as `seed` says, and sends `answer` once established.
Result play(const Transcript& transcript, std::uint64_t seed, std::uint32_t largest, const std::string& answer,
            const ServerConfig& config) {
  Random random = Random::from_number(seed);
  lockstep::test::NoneEngine none;
  lockstep::test::ScriptedEngine engine(none, seed);
  DriverOptions options;
  options.join = true;
  Driver server(config, engine, options);
  for (Bytes left(transcript.bytes); !left.empty();) {
    const std::size_t size = std::min<std::size_t>(1 + random.below(largest), left.size());
    server.feed(left.first(size));
    left = left.subspan(size);
    for (std::uint32_t steps = random.below(4); steps != 0; --steps) server.step();
  }
  server.run();
  EXPECT_TRUE(server.peer_closed) << server.session().info().phase;
  server.send(answer, 3000);
  server.run();
  server.shutdown();
  server.run();
  EXPECT_EQ(server.close, Close::after_output);
  EXPECT_EQ(server.session().info().error, Error::none);
  EXPECT_EQ(server.undisposed(), 0U);
  return {server.received, server.take_output()};
}

Result play(const Transcript& transcript, std::uint64_t seed, std::uint32_t largest, const std::string& answer) {
  static const ServerConfig config = config_of_all();
  return play(transcript, seed, largest, answer, config);
}

TEST(Schedule, DoesNotChangeTheBytesOfTls13) {
  const Transcript transcript = transcript13(false);
  const std::string answer = pattern_text(70'000);
  const Result expected = play(transcript, 0, 1'000'000, answer);
  EXPECT_EQ(expected.received, transcript.plaintext);
  for (std::uint64_t seed = 1; seed < 60; ++seed)
    EXPECT_TRUE(play(transcript, seed, seed % 2 == 0 ? 3000 : 100, answer) == expected) << seed;
  EXPECT_TRUE(play(transcript, 77, 1, answer) == expected) << "byte by byte";
}

TEST(Schedule, DoesNotChangeTheBytesOfAResumedTls13) {
  ServerConfig config = none_config();
  TicketOffer offer(config);
  Hello hello = hello13();
  hello.set(ExtensionType::pre_shared_key, offered_psks({text("unknown"), offer.ticket()}));
  const Transcript transcript = transcript13(false, hello);
  const std::string answer = pattern_text(70'000);
  const Result expected = play(transcript, 0, 1'000'000, answer, config);
  EXPECT_EQ(expected.received, transcript.plaintext);
  for (std::uint64_t seed = 1; seed < 60; ++seed)
    EXPECT_TRUE(play(transcript, seed, seed % 2 == 0 ? 3000 : 100, answer, config) == expected) << seed;
  EXPECT_TRUE(play(transcript, 77, 1, answer, config) == expected) << "byte by byte";
}

TEST(Schedule, DoesNotChangeTheBytesOfTls12) {
  const Transcript transcript = transcript12();
  const std::string answer = pattern_text(70'000);
  const Result expected = play(transcript, 0, 1'000'000, answer);
  EXPECT_EQ(expected.received, transcript.plaintext);
  for (std::uint64_t seed = 1; seed < 60; ++seed)
    EXPECT_TRUE(play(transcript, seed, seed % 2 == 0 ? 3000 : 100, answer) == expected) << seed;
  EXPECT_TRUE(play(transcript, 77, 1, answer) == expected) << "byte by byte";
}

// The IVs come from the session's randomness in the order of the records.
TEST(Schedule, DoesNotChangeTheBytesOfTheClassicHandshake) {
  const Transcript transcript = transcript_classic();
  const std::string answer = pattern_text(70'000);
  const Result expected = play(transcript, 0, 1'000'000, answer);
  EXPECT_EQ(expected.received, transcript.plaintext);
  for (std::uint64_t seed = 1; seed < 60; ++seed)
    EXPECT_TRUE(play(transcript, seed, seed % 2 == 0 ? 3000 : 100, answer) == expected) << seed;
  EXPECT_TRUE(play(transcript, 77, 1, answer) == expected) << "byte by byte";
}

TEST(Schedule, DoesNotChangeThePlaintextAcrossKeyUpdates) {
  const Transcript transcript = transcript13(true);
  const std::string answer = pattern_text(70'000);
  for (std::uint64_t seed = 1; seed < 60; ++seed) {
    const Result result = play(transcript, seed, seed % 2 == 0 ? 3000 : 100, answer);
    EXPECT_EQ(result.received, transcript.plaintext);
    std::string sent;
    for (const ServerRecord& record : server_records(result.sent, Protection::tls13))
      if (record.type == application_data) sent.append(record.content.begin(), record.content.end());
    EXPECT_EQ(sent, answer);
  }
}

TEST(Schedule, LeavesNothingBehindWhereverAConnectionDies) {
  ServerConfig config = none_config();
  TicketOffer offer(config);
  Hello hello = hello13();
  offer.add_to(hello);
  const Transcript transcript = transcript13(true, hello);
  for (std::uint64_t seed = 1; seed < 300; ++seed) {
    Random random = Random::from_number(seed);
    lockstep::test::NoneEngine none;
    lockstep::test::ScriptedEngine engine(none, seed);
    DriverOptions options;
    options.join = true;
    Driver server(config, engine, options);
    server.feed(Bytes(transcript.bytes).first(random.below(static_cast<std::uint32_t>(transcript.bytes.size()))));
    server.send(pattern_text(100'000), 3000);
    for (std::uint32_t steps = random.below(60); steps != 0; --steps) server.step();
    // The driver abandons the session, waits for its jobs and checks the pools.
  }
}

}  // namespace
}  // namespace lockstep::tls::test

// Damaged connections: whatever is sent, the session stays alive or ends with an error, and gives everything back.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

std::vector<Buffer> connection13(const Hello& hello = hello13()) {
  NoneClient client;
  std::vector<Buffer> records = {client.record(handshake, hello.whole()), NoneClient::plain(change_cipher_spec, {1})};
  client.protect(Protection::tls13, NoneClient::kHandshake13);
  records.push_back(client.record(handshake, NoneClient::finished13()));
  client.protect(Protection::tls13, NoneClient::kApplication13);
  records.push_back(client.record(application_data, text("some data")));
  records.push_back(client.record(handshake, message(24, {1})));
  client.protect(Protection::tls13, NoneClient::kUpdated13);
  records.push_back(client.record(application_data, Buffer(3000, 'x')));
  records.push_back(client.record(alert, {1, 0}));
  return records;
}

std::vector<Buffer> connection12() {
  NoneClient client;
  std::vector<Buffer> records = {client.record(handshake, hello12().whole()),
                                 client.record(handshake, NoneClient::key_exchange(Buffer(32, 0x42))),
                                 client.record(change_cipher_spec, {1})};
  client.protect(Protection::tls12, NoneClient::kKeys12);
  records.push_back(client.record(handshake, NoneClient::finished12()));
  records.push_back(client.record(application_data, text("some data")));
  records.push_back(client.record(handshake, hello12().whole()));
  records.push_back(client.record(alert, {1, 0}));
  return records;
}

std::vector<Buffer> connection_classic() {
  NoneClient client;
  Hello hello = hello12();
  hello.suites({0x002f});
  std::vector<Buffer> records = {client.record(handshake, hello.whole()),
                                 client.record(handshake, NoneClient::rsa_key_exchange()),
                                 client.record(change_cipher_spec, {1})};
  client.protect_cbc(crypto::CbcSuite::aes_128_sha1);
  records.push_back(client.record(handshake, NoneClient::finished12()));
  records.push_back(client.record(application_data, text("some data")));
  records.push_back(client.record(application_data, Buffer(3000, 'x'), 64));
  records.push_back(client.record(alert, {1, 0}));
  return records;
}

void mutate(std::vector<Buffer>& records, Random& random) {
  Buffer& record = records[random.below(static_cast<std::uint32_t>(records.size()))];
  const auto at = [&](const Buffer& buffer) { return random.below(static_cast<std::uint32_t>(buffer.size())); };
  switch (random.below(8)) {
    case 0:  // a bit
      if (!record.empty()) record[at(record)] ^= static_cast<std::uint8_t>(1U << random.below(8));
      break;
    case 1:  // a byte
      if (!record.empty()) record[at(record)] = static_cast<std::uint8_t>(random.u32());
      break;
    case 2:  // a length that is a little off
      if (record.size() > 5) ++record[5 + random.below(static_cast<std::uint32_t>(record.size() - 5)) % 60];
      break;
    case 3:  // cut
      if (!record.empty()) record.resize(at(record));
      break;
    case 4: {  // inserted
      const Buffer more(1 + random.below(300), static_cast<std::uint8_t>(random.u32()));
      record.insert(record.end(), more.begin(), more.end());
      break;
    }
    case 5:  // twice
      records.push_back(record);
      break;
    case 6:  // in another order
      std::swap(record, records[random.below(static_cast<std::uint32_t>(records.size()))]);
      break;
    default:  // one record more
      records.insert(records.begin() + random.below(static_cast<std::uint32_t>(records.size())),
                     NoneClient::plain(static_cast<ContentType>(20 + random.below(5)), Buffer(random.below(40), 1)));
  }
}

// A mutated hello keeps correct lengths of record and message more often than not; else little but the header is tried.
Buffer repaired(Buffer record) {
  if (record.size() < 9) return record;
  const std::size_t size = record.size() - 5;
  record[3] = static_cast<std::uint8_t>(size >> 8U);
  record[4] = static_cast<std::uint8_t>(size);
  if (record[0] != 22) return record;
  record[6] = 0;
  record[7] = static_cast<std::uint8_t>((size - 4) >> 8U);
  record[8] = static_cast<std::uint8_t>(size - 4);
  return record;
}

TEST(Mutation, NeverBreaksTheSession) {
  const char* const rounds_text = std::getenv("LOCKSTEP_MUTATIONS");
  const std::uint64_t rounds = rounds_text != nullptr ? std::strtoull(rounds_text, nullptr, 10) : 20'000;
  ServerConfig config = none_config();
  config.cipher_suites = all_cipher_suites();
  lockstep::test::NoneEngine engine;
  TicketOffer offer(config);
  Hello resuming = hello13();
  resuming.set(ExtensionType::pre_shared_key, offered_psks({text("unknown"), offer.ticket()}));
  const std::array originals = {connection13(), connection13(resuming), connection12(), connection_classic()};
  std::array<std::uint64_t, kErrorCount> seen{};
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    Random random = Random::from_number(seed);
    std::vector<Buffer> records = originals[seed % originals.size()];
    for (std::uint32_t times = 1 + random.below(4); times != 0; --times) mutate(records, random);
    if (seed % 5 != 0) records[0] = repaired(records[0]);
    DriverOptions options;
    options.limits = {.cached_sessions = 4,
                      .early_data_hellos = 4,
                      .handshakes = 1,
                      .client_handshakes = 1,
                      .client_sessions = 0,
                      .ticket_receivers = 0,
                      .exporters = 1,
                      .client_identities = 1,
                      .large_messages = 1,
                      .record_jobs = 20};
    Driver server(config, engine, options);
    for (const Buffer& record : records) {
      server.feed(record);
      server.run();
    }
    server.fin();
    server.run();
    const Error error = server.session().info().error;
    ++seen[static_cast<std::size_t>(error)];
    EXPECT_TRUE(server.session().idle()) << seed;
    // What is not closed waits for our own end only.
    EXPECT_TRUE(server.close != Close::none || server.peer_closed) << seed;
    EXPECT_EQ(server.close != Close::none, error != Error::none) << seed;
    EXPECT_NE(error, Error::engine_failed) << seed;
    EXPECT_NE(error, Error::no_memory) << seed;
    if (HasFailure()) break;
  }
  // Mutations that all died at the door would prove little.
  EXPECT_GE(std::count_if(seen.begin(), seen.end(), [](std::uint64_t count) { return count != 0; }), 20);
}

}  // namespace
}  // namespace lockstep::tls::test

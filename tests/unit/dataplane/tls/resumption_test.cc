// TLS 1.3 resumption on the engine without security: which tickets are taken, and what the messages look like then
// (RFC 8446 sections 2.2, 4.2.9, 4.2.11, 4.6.1).
#include <gtest/gtest.h>

#include "dataplane/tls/coroutine.h"
#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

// The messages in handshake records of one protection.
std::vector<Buffer> messages_in(const std::vector<ServerRecord>& records, ContentType outer) {
  Buffer all;
  for (const ServerRecord& record : records)
    if (record.type == handshake && record.outer == outer) all = join({all, record.content});
  std::vector<Buffer> messages;
  for (Reader reader{Bytes(all)}; reader.remaining() != 0;) {
    const Bytes rest = reader.rest();
    reader.u8();
    reader.vector24();
    EXPECT_TRUE(reader.ok());
    messages.emplace_back(rest.begin(), rest.end() - static_cast<std::ptrdiff_t>(reader.remaining()));
  }
  return messages;
}

Buffer types_of(const std::vector<Buffer>& messages) {
  Buffer types;
  for (const Buffer& each : messages) types.push_back(each[0]);
  return types;
}

// An extension of a ServerHello; nullopt when it is not there.
std::optional<Buffer> extension_of(const Buffer& server_hello, ExtensionType wanted) {
  Reader reader(Bytes(server_hello).subspan(4 + 2 + 32));
  reader.vector8();
  reader.u16();
  reader.u8();
  for (Reader extensions(reader.vector16()); extensions.remaining() != 0;) {
    const std::uint16_t type = extensions.u16();
    const Bytes body = extensions.vector16();
    if (type == static_cast<std::uint16_t>(wanted)) return Buffer(body.begin(), body.end());
  }
  return std::nullopt;
}

const Buffer kResumedFlight = {8, 20};
const Buffer kFullFlight = {8, 11, 15, 20};

class Resumption13 : public ::testing::Test {
 protected:
  void send_hello(const Hello& hello) {
    scene_.handshake(hello.whole());
    scene_.protection = Protection::tls13;
    scene_.client.protect(Protection::tls13, NoneClient::kHandshake13);
  }
  Hello hello() {
    Hello made = hello13();
    offer_.add_to(made);
    return made;
  }
  Buffer flight() { return types_of(messages_in(scene_.records(), application_data)); }
  Buffer server_hello() { return messages_in(scene_.records(), handshake).back(); }
  const Counters& counters() { return scene_.server().counters(); }
  void finish() {
    scene_.handshake(NoneClient::finished13());
    EXPECT_TRUE(scene_.server().established) << describe(scene_.server().session().info().error);
  }
  void expect_resumed(std::uint16_t selected = 0) {
    EXPECT_EQ(extension_of(server_hello(), ExtensionType::pre_shared_key), u16(selected));
    EXPECT_EQ(flight(), kResumedFlight);
    finish();
    EXPECT_TRUE(scene_.server().session().info().resumed);
    EXPECT_EQ(counters().handshakes_resumed.value(), 1U);
  }
  void expect_full() {
    EXPECT_EQ(extension_of(server_hello(), ExtensionType::pre_shared_key), std::nullopt);
    EXPECT_EQ(flight(), kFullFlight);
    finish();
    EXPECT_FALSE(scene_.server().session().info().resumed);
    EXPECT_EQ(counters().handshakes_resumed.value(), 0U);
  }

  Scene scene_;
  TicketOffer offer_{scene_.config};
};

TEST_F(Resumption13, NeedsNoCertificateAndNoSignature) {
  send_hello(hello());
  EXPECT_TRUE(extension_of(server_hello(), ExtensionType::key_share)) << "psk_dhe_ke";
  expect_resumed();
  EXPECT_EQ(scene_.server().session().info().signature_scheme, crypto::SignatureScheme{});
}

TEST_F(Resumption13, GivesOneTicketInPlaceOfTheOneThatWasUsed) {
  send_hello(hello());
  expect_resumed();
  EXPECT_EQ(flight(), (Buffer{8, 20, 4}));
  EXPECT_EQ(counters().tickets_issued.value(), 1U);
}

TEST_F(Resumption13, GivesAsManyTicketsAsConfiguredAfterAFullHandshake) {
  for (const unsigned wanted : {0U, 1U, 2U, 4U, 200U}) {
    Scene scene;
    TicketOffer offer(scene.config);
    scene.config.tickets = static_cast<std::uint8_t>(wanted);
    scene.establish13();
    const Buffer types = types_of(messages_in(scene.records(), application_data));
    const std::size_t issued = std::min<std::size_t>(wanted, crypto::kMaxTickets);
    EXPECT_EQ(types, join({kFullFlight, Buffer(issued, 4)}));
    EXPECT_EQ(scene.server().counters().tickets_issued.value(), issued);
    scene.send(application_data, text("x"));
    EXPECT_EQ(scene.server().received, "x");
  }
}

TEST_F(Resumption13, GivesNoTicketsWithoutAKeyThatSeals) {
  offer_.keys->sealing = nullptr;
  scene_.establish13();
  EXPECT_EQ(flight(), kFullFlight);
}

TEST_F(Resumption13, GivesNoTicketsToClientsThatAllowNoWayToUseThem) {
  // RFC 8446 section 4.2.9.
  Hello plain = hello13();
  plain.set(ExtensionType::psk_key_exchange_modes, {1, 0});
  send_hello(plain);
  finish();
  EXPECT_EQ(counters().tickets_issued.value(), 0U);
}

TEST_F(Resumption13, TicketsHoldTheSessionAndDifferInNonceAgeAndSecret) {
  scene_.options.seed = 3;
  scene_.config.session_lifetime = seconds(1234);
  scene_.config.resumption_scope.fill(9);
  scene_.server().core().wall_clock_offset = seconds(1'700'000'000);
  scene_.establish13();
  const auto messages = messages_in(scene_.records(), application_data);
  ASSERT_EQ(messages.size(), 4U + 2);
  std::array<std::uint32_t, 2> ages{};
  for (std::uint8_t i = 0; i < 2; ++i) {
    Reader reader(Bytes(messages[4 + i]).subspan(4));
    EXPECT_EQ(reader.u32(), 1234U);
    ages[i] = reader.u32();
    const Bytes nonce = reader.vector8();
    EXPECT_EQ(Buffer(nonce.begin(), nonce.end()), (Buffer{0, i}));
    const Bytes ticket = reader.vector16();
    EXPECT_EQ(reader.u16(), 0U) << "no extensions: no early data";
    EXPECT_TRUE(reader.finished());
    TicketOpener opener;
    ASSERT_TRUE(opener.prepare(*offer_.keys, ticket));
    run(scene_.none, opener.job);
    SessionState state;
    ASSERT_TRUE(opener.read(state));
    EXPECT_EQ(state.version, Version::tls13);
    EXPECT_EQ(state.cipher_suite, CipherSuite::tls_aes_128_gcm_sha256);
    EXPECT_EQ(state.issued, (scene_.server().now + seconds(1'700'000'000)).ns / 1'000'000);
    EXPECT_EQ(state.age_add, ages[i]);
    EXPECT_EQ(state.scope, scene_.config.resumption_scope);
    EXPECT_EQ(state.instance, offer_.keys->instance);
    EXPECT_EQ(state.secret.expose()[0], 0x70 + i);
    EXPECT_TRUE(std::ranges::equal(state.server_name, text("example.org")));
    EXPECT_TRUE(std::ranges::equal(state.alpn, text("http/1.1")));
  }
  EXPECT_NE(ages[0], ages[1]);
}

TEST_F(Resumption13, TakesTheFirstGoodOneOfSeveralIdentities) {
  Buffer damaged = offer_.ticket();
  damaged.back() ^= 1;
  Hello many = hello13();
  many.set(ExtensionType::pre_shared_key, offered_psks({text("foreign"), damaged, offer_.ticket(), offer_.ticket()}));
  send_hello(many);
  expect_resumed(2);
  EXPECT_EQ(counters().tickets_unknown.value(), 1U);
  EXPECT_EQ(counters().tickets_damaged.value(), 1U);
}

TEST_F(Resumption13, LooksAtFourIdentities) {
  Hello many = hello13();
  many.set(ExtensionType::pre_shared_key, offered_psks({text("a"), text("b"), text("c"), text("d"), offer_.ticket()}));
  send_hello(many);
  expect_full();
  EXPECT_EQ(counters().tickets_unknown.value(), 4U);
}

TEST_F(Resumption13, TakesTicketsOfEveryKeyThatIsLeft) {
  Hello old = hello13();
  old.set(ExtensionType::pre_shared_key, offered_psks({offer_.ticket(offer_.keys->keys[1])}));
  send_hello(old);
  expect_resumed();
}

TEST_F(Resumption13, IsAFullHandshakeWhenTheKeyIsGone) {
  const Hello old = hello();
  Random random = Random::from_number(99);
  scene_.config.ticket_keys = ticket_keys(2, random);
  send_hello(old);
  expect_full();
  EXPECT_EQ(counters().tickets_unknown.value(), 1U);
}

TEST_F(Resumption13, IsAFullHandshakeWithoutAnyKeys) {
  const Hello old = hello();
  scene_.config.ticket_keys = nullptr;
  send_hello(old);
  expect_full();
  EXPECT_EQ(counters().tickets_issued.value(), 0U);
}

TEST_F(Resumption13, IsAFullHandshakeForAnotherServerName) {
  Hello other = hello();
  other.set(ExtensionType::server_name, host_name("example.com"));
  send_hello(other);
  expect_full();
  EXPECT_EQ(counters().tickets_mismatched.value(), 1U);
}

TEST_F(Resumption13, IsAFullHandshakeInAnotherScope) {
  const Hello old = hello();
  scene_.config.resumption_scope[0] ^= 1;
  send_hello(old);
  expect_full();
  EXPECT_EQ(counters().tickets_mismatched.value(), 1U);
}

TEST_F(Resumption13, IsAFullHandshakeForTicketsOfTls12) {
  offer_.state.version = Version::tls12;
  send_hello(hello());
  expect_full();
  EXPECT_EQ(counters().tickets_mismatched.value(), 1U);
}

TEST_F(Resumption13, GoesOnWithAnotherSuiteOfTheSameHash) {
  offer_.state.cipher_suite = CipherSuite::tls_chacha20_poly1305_sha256;
  send_hello(hello());
  expect_resumed();
  EXPECT_EQ(scene_.server().session().info().cipher_suite, CipherSuite::tls_aes_128_gcm_sha256);
}

TEST_F(Resumption13, IsAFullHandshakeForAnotherHash) {
  // Of TLS 1.2 there are suites with that hash, but that is another version.
  for (const CipherSuite suite : {CipherSuite::tls_aes_256_gcm_sha384, CipherSuite{0x1399}}) {
    Scene scene;
    TicketOffer offer(scene.config);
    offer.state.cipher_suite = suite;
    Hello made = hello13();
    offer.add_to(made);
    scene.handshake(made.whole());
    EXPECT_EQ(scene.server().counters().tickets_mismatched.value(), 1U);
    EXPECT_EQ(scene.server().session().info().phase, std::string("client_finished"));
  }
}

TEST_F(Resumption13, IsAFullHandshakeWhenTheTicketIsTooOld) {
  scene_.config.session_lifetime = seconds(100);
  scene_.server().core().wall_clock_offset = seconds(99);  // with the driver's own second: 100
  send_hello(hello());
  expect_resumed();

  Scene later;
  TicketOffer offer(later.config);
  later.config.session_lifetime = seconds(100);
  later.server().core().wall_clock_offset = seconds(100);
  Hello old = hello13();
  offer.add_to(old);
  later.handshake(old.whole());
  EXPECT_EQ(later.server().counters().tickets_expired.value(), 1U);
}

TEST_F(Resumption13, WantsTheKeyExchangeThatTheClientOffersWithIt) {
  // Without psk_dhe_ke, and without the policy for psk_ke, there is no way to use the ticket (RFC 8446 section 4.2.9).
  Hello alone = hello();
  alone.set(ExtensionType::psk_key_exchange_modes, {1, 0});
  send_hello(alone);
  expect_full();
  EXPECT_EQ(counters().tickets_unknown.value() + counters().tickets_damaged.value(), 0U) << "it was not looked at";
}

TEST_F(Resumption13, DoesWithoutKeyExchangeOnlyByPolicy) {
  scene_.config.psk_ke = true;
  Hello alone = hello();
  alone.set(ExtensionType::psk_key_exchange_modes, {1, 0});
  send_hello(alone);
  EXPECT_EQ(extension_of(server_hello(), ExtensionType::key_share), std::nullopt);
  expect_resumed();
  EXPECT_EQ(scene_.server().session().info().group, crypto::NamedGroup{});
}

TEST_F(Resumption13, PrefersAKeyExchangeWhateverThePolicy) {
  scene_.config.psk_ke = true;
  Hello both = hello();
  both.set(ExtensionType::psk_key_exchange_modes, {2, 0, 1});
  send_hello(both);
  EXPECT_TRUE(extension_of(server_hello(), ExtensionType::key_share));
  expect_resumed();
}

TEST_F(Resumption13, NeedsNeitherGroupsNorSignaturesForAPskByItself) {
  // RFC 8446 section 9.2.
  scene_.config.psk_ke = true;
  Hello bare = hello13();
  bare.set(ExtensionType::psk_key_exchange_modes, {1, 0});
  for (const ExtensionType type :
       {ExtensionType::supported_groups, ExtensionType::key_share, ExtensionType::signature_algorithms})
    bare.remove(type);
  offer_.add_to(bare);
  send_hello(bare);
  expect_resumed();
}

TEST_F(Resumption13, NeedsNoSignatureAlgorithms) {
  Hello bare = hello13();
  bare.remove(ExtensionType::signature_algorithms);
  offer_.add_to(bare);
  send_hello(bare);
  expect_resumed();
}

class ResumptionAfterRetry : public Resumption13 {
 protected:
  ResumptionAfterRetry() { scene_.config.groups = {crypto::NamedGroup::secp256r1}; }
  Hello second(const Hello& first) {
    Hello next = first;
    Buffer key(65, 7);
    key[0] = 4;
    next.set(ExtensionType::key_share, vector16(key_share(kP256, key)));
    return next;
  }
};

TEST_F(ResumptionAfterRetry, TakesTheTicketOfTheSecondHello) {
  const Hello first = hello();
  scene_.handshake(first.whole());
  EXPECT_EQ(scene_.server().session().info().phase, std::string("retried_hello"));
  send_hello(second(first));
  expect_resumed();
  EXPECT_TRUE(scene_.server().session().info().hello_retry);
}

TEST_F(ResumptionAfterRetry, LetsTheSecondHelloDropIt) {
  const Hello first = hello();
  scene_.handshake(first.whole());
  send_hello(second(first).remove(ExtensionType::pre_shared_key));
  expect_full();
}

TEST_F(Resumption13, PassesOverEarlyDataThatWasNotPromised) {
  Hello early = hello13();
  early.set(ExtensionType::early_data, {});
  offer_.add_to(early);
  send_hello(early);
  scene_.send(NoneClient::plain(change_cipher_spec, {1}));
  for (int i = 0; i < 4; ++i) scene_.send(NoneClient::plain(application_data, Buffer(15000, 7)));
  expect_resumed();
  EXPECT_EQ(scene_.server().received, "");
}

TEST_F(Resumption13, NeedsNoLargerFrameThanAFullHandshake) {
  send_hello(hello());
  expect_resumed();
  EXPECT_LE(scene_.server().core().largest_frame, FrameStorage::kSize);
}

TEST_F(Resumption13, DoesWithoutTicketsWhenThereIsNoMemoryForThem) {
  scene_.hello_13();
  scene_.server().take_output();
  scene_.server().output_buffers_left = 0;
  scene_.handshake(NoneClient::finished13());
  EXPECT_TRUE(scene_.server().established);
  EXPECT_EQ(counters().tickets_issued.value(), 0U);
  scene_.server().output_buffers_left = 10;
}

}  // namespace
}  // namespace lockstep::tls::test

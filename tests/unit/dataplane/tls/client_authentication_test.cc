// What a server asks clients for, and the orders in which they may answer.
#include "dataplane/tls/client_authentication.h"

#include <gtest/gtest.h>

#include "dataplane/tls/coroutine.h"
#include "tests/unit/dataplane/tls/client_certificate.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using Names = std::vector<std::vector<std::uint8_t>>;
using crypto::KeyType;
using crypto::SignatureScheme;

TEST(CertificateRequestMessage, OfTls13NamesSchemesAndAuthorities) {
  const ClientAuthentication made = make_client_authentication(true, nullptr, Names{{1, 2, 3}, {4}});
  const Buffer schemes = list16({0x0403, 0x0503, 0x0807, 0x0804, 0x0805, 0x0806});
  const Buffer with_pkcs1 = join({schemes, list16({0x0401, 0x0501, 0x0601})});
  const Buffer extensions = join({u16(13), vector16(vector16(schemes)), u16(50), vector16(vector16(with_pkcs1)),
                                  u16(47), vector16(vector16(join({vector16({1, 2, 3}), vector16({4})})))});
  EXPECT_EQ(made.request_tls13, message(13, join({{0}, vector16(extensions)})));
}

TEST(CertificateRequestMessage, OfTls12NamesTypesSchemesAndAuthorities) {
  const ClientAuthentication made = make_client_authentication(true, nullptr, Names{{1, 2, 3}, {4}});
  const Buffer schemes = list16({0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501});
  EXPECT_EQ(
      made.request_tls12,
      message(13, join({vector8({1, 64}), vector16(schemes), vector16(join({vector16({1, 2, 3}), vector16({4})}))})));
}

TEST(CertificateRequestMessage, LeavesOutNamesThatDoNotFit) {
  const Names many(100, std::vector<std::uint8_t>(700, 1));
  const ClientAuthentication made = make_client_authentication(true, nullptr, many);
  const ClientAuthentication without = make_client_authentication(true, nullptr, {});
  EXPECT_EQ(made.request_tls13, without.request_tls13);
  EXPECT_EQ(made.request_tls12, without.request_tls12);
  EXPECT_FALSE(made.request_tls13.empty());
}

TEST(SchemesOfClients, AreThoseOfTheirKeys) {
  EXPECT_TRUE(may_sign(Version::tls13, KeyType::ecdsa_p256, SignatureScheme::ecdsa_secp256r1_sha256));
  EXPECT_FALSE(may_sign(Version::tls13, KeyType::ecdsa_p384, SignatureScheme::ecdsa_secp256r1_sha256));
  EXPECT_TRUE(may_sign(Version::tls12, KeyType::ecdsa_p384, SignatureScheme::ecdsa_secp256r1_sha256));
  EXPECT_TRUE(may_sign(Version::tls12, KeyType::ecdsa_p256, SignatureScheme::ecdsa_secp384r1_sha384));
  EXPECT_FALSE(may_sign(Version::tls12, KeyType::ecdsa_p256, SignatureScheme::rsa_pkcs1_sha256));
  EXPECT_TRUE(may_sign(Version::tls13, KeyType::rsa, SignatureScheme::rsa_pss_rsae_sha512));
  EXPECT_FALSE(may_sign(Version::tls13, KeyType::rsa, SignatureScheme::rsa_pkcs1_sha256));
  EXPECT_TRUE(may_sign(Version::tls12, KeyType::rsa, SignatureScheme::rsa_pkcs1_sha256));
  EXPECT_FALSE(may_sign(Version::tls12, KeyType::rsa, SignatureScheme::rsa_pss_rsae_sha512));
  EXPECT_TRUE(may_sign(Version::tls13, KeyType::ed25519, SignatureScheme::ed25519));
  EXPECT_FALSE(may_sign(Version::tls12, KeyType::ed25519, SignatureScheme::ed25519));
  EXPECT_FALSE(may_sign(Version::tls12, KeyType::ed25519, SignatureScheme::rsa_pkcs1_sha256));
  EXPECT_FALSE(may_sign(Version::tls12, KeyType::rsa, SignatureScheme::rsa_pkcs1_sha1));
}

TEST(CommonName, IsTakenOutOfTheSubjectWithoutItsEscapes) {
  const auto name = [](std::string_view subject) {
    ClientIdentity identity;
    identity.subject_size = static_cast<std::uint8_t>(subject.size());
    std::copy(subject.begin(), subject.end(), identity.subject.begin());
    std::array<char, 255> out;
    return std::string(identity.common_name(out));
  };
  EXPECT_EQ(name("CN=Alice"), "Alice");
  EXPECT_EQ(name("CN=Alice,O=Lockstep"), "Alice");
  EXPECT_EQ(name("OU=x\\,CN=no+CN=Alice\\, Bob\\0A\\\\,C=DE"), "Alice, Bob\n\\");
  EXPECT_EQ(name("O=CN=no"), "");
  EXPECT_EQ(name(""), "");
  EXPECT_EQ(name("CN=cut\\"), "cut\\");
}

class Asked : public ::testing::Test {
 protected:
  // The types of the handshake messages in the server's flight.
  std::vector<std::uint8_t> flight() {
    std::vector<std::uint8_t> types;
    Buffer all;
    for (const ServerRecord& record : scene_.records())
      if (record.type == ContentType::handshake) all = join({all, record.content});
    for (Reader reader{Bytes(all)}; reader.remaining() != 0;) {
      types.push_back(reader.u8());
      reader.vector24();
    }
    return types;
  }
  const SessionInfo info() { return scene_.server().session().info(); }
  Scene scene_;
};

TEST_F(Asked, BehindEncryptedExtensionsInTls13) {
  ask_13(scene_);
  EXPECT_EQ(flight(), (std::vector<std::uint8_t>{2, 8, 13, 11, 15, 20}));
}

TEST_F(Asked, ACertificateAndItsSignatureAuthenticate) {
  ask_13(scene_);
  scene_.handshake(certificate13(entry13(none_certificate())));
  EXPECT_STREQ(info().phase, "client_certificate");
  EXPECT_FALSE(scene_.server().established);
  scene_.handshake(join({certificate_verify(), NoneClient::finished13()}));
  ASSERT_TRUE(scene_.server().established) << describe(info().error);
  ASSERT_NE(info().client, nullptr);
  EXPECT_EQ(info().client->subject_text(), lockstep::test::kNoneSubject);
  EXPECT_EQ(info().client->verdict, crypto::ChainVerdict::valid);
  std::array<std::uint8_t, 32> fingerprint{};
  digest_of(Hash::sha256, none_certificate(), fingerprint);
  EXPECT_EQ(info().client->fingerprint, fingerprint);
}

TEST_F(Asked, MessagesMayComeInOneRecordOrInManyWithChangeCipherSpecBefore) {
  ask_13(scene_);
  scene_.send(NoneClient::plain(ContentType::change_cipher_spec, {1}));
  const Buffer all = join({certificate13(entry13(none_certificate())), certificate_verify(), NoneClient::finished13()});
  for (const std::uint8_t byte : all) scene_.handshake({byte});
  EXPECT_TRUE(scene_.server().established) << describe(info().error);
}

TEST_F(Asked, AChainAsLargeAsTheLimitIsTaken) {
  ask_13(scene_);
  Buffer entries;
  for (int i = 0; i < 65; ++i) entries = join({entries, entry13(none_certificate(crypto::ChainVerdict::valid, 1000))});
  const Buffer chain = certificate13(entries);
  for (std::size_t at = 0; at < chain.size(); at += 16384)
    scene_.handshake(Buffer(chain.begin() + static_cast<std::ptrdiff_t>(at),
                            chain.begin() + static_cast<std::ptrdiff_t>(std::min(at + 16384, chain.size()))));
  scene_.handshake(join({certificate_verify(), NoneClient::finished13()}));
  EXPECT_TRUE(scene_.server().established) << describe(info().error);
}

TEST_F(Asked, WhoHasNoneIsTakenWhereNoneIsRequired) {
  ask_13(scene_, false);
  scene_.handshake(join({certificate13({}), NoneClient::finished13()}));
  ASSERT_TRUE(scene_.server().established) << describe(info().error);
  EXPECT_EQ(info().client, nullptr);
}

TEST_F(Asked, WhoIsRefusedIsStillKnown) {
  ask_13(scene_);
  scene_.handshake(certificate13(entry13(none_certificate(crypto::ChainVerdict::revoked))));
  ASSERT_NE(info().client, nullptr);
  EXPECT_EQ(info().client->verdict, crypto::ChainVerdict::revoked);
}

TEST_F(Asked, FramesFit) {
  ask_13(scene_);
  scene_.handshake(join({certificate13(entry13(none_certificate())), certificate_verify(), NoneClient::finished13()}));
  EXPECT_TRUE(scene_.server().established);
  EXPECT_LE(scene_.server().core().largest_frame, FrameStorage::kSize);
}

TEST_F(Asked, NobodyIsAskedBesideAPsk) {
  ask(scene_.config, true);
  TicketOffer offer(scene_.config);
  const Buffer subject = text("CN=Alice");
  const Buffer fingerprint(32, 9);
  offer.state.client_fingerprint = fingerprint;
  offer.state.client_subject = subject;
  Hello hello = hello13();
  offer.add_to(hello);
  scene_.handshake(hello.whole());
  scene_.protection = Protection::tls13;
  EXPECT_EQ(flight(), (std::vector<std::uint8_t>{2, 8, 20}));
  scene_.client.protect(Protection::tls13, NoneClient::kHandshake13);
  scene_.handshake(NoneClient::finished13());
  ASSERT_TRUE(scene_.server().established) << describe(info().error);
  ASSERT_NE(info().client, nullptr);
  EXPECT_EQ(info().client->subject_text(), "CN=Alice");
}

TEST_F(Asked, ASessionWithoutACertificateDoesNotGoOnWhereOneIsRequired) {
  ask(scene_.config, true);
  TicketOffer offer(scene_.config);
  Hello hello = hello13();
  offer.add_to(hello);
  scene_.handshake(hello.whole());
  scene_.protection = Protection::tls13;
  EXPECT_EQ(flight(), (std::vector<std::uint8_t>{2, 8, 13, 11, 15, 20}));
  EXPECT_EQ(scene_.server().counters().tickets_mismatched.value(), 1U);
}

TEST_F(Asked, ASessionWithoutACertificateGoesOnWhereNoneIsRequired) {
  ask(scene_.config, false);
  TicketOffer offer(scene_.config);
  Hello hello = hello13();
  offer.add_to(hello);
  scene_.handshake(hello.whole());
  scene_.protection = Protection::tls13;
  EXPECT_EQ(flight(), (std::vector<std::uint8_t>{2, 8, 20}));
}

TEST_F(Asked, BeforeServerHelloDoneInTls12) {
  ask_12(scene_);
  EXPECT_EQ(flight(), (std::vector<std::uint8_t>{2, 11, 12, 13, 14}));
}

TEST_F(Asked, ByTheClassicHandshakeToo) {
  ask(scene_.config, true);
  scene_.hello_classic();
  EXPECT_EQ(flight(), (std::vector<std::uint8_t>{2, 11, 13, 14}));
  scene_.handshake(certificate12(vector24(none_certificate())));
  scene_.handshake(join({NoneClient::rsa_key_exchange(), certificate_verify()}));
  scene_.send(ContentType::change_cipher_spec, {1});
  scene_.client.protect_cbc(*scene_.cbc);
  scene_.handshake(NoneClient::finished12());
  EXPECT_TRUE(scene_.server().established) << describe(info().error);
  EXPECT_NE(info().client, nullptr);
}

TEST_F(Asked, ACertificateAndItsSignatureAuthenticateInTls12) {
  ask_12(scene_);
  scene_.handshake(join(
      {certificate12(vector24(none_certificate())), NoneClient::key_exchange(Buffer(32, 0x42)), certificate_verify()}));
  scene_.send(ContentType::change_cipher_spec, {1});
  scene_.client.protect(Protection::tls12, NoneClient::kKeys12);
  scene_.handshake(NoneClient::finished12());
  ASSERT_TRUE(scene_.server().established) << describe(info().error);
  ASSERT_NE(info().client, nullptr);
  EXPECT_EQ(info().client->subject_text(), lockstep::test::kNoneSubject);
  EXPECT_LE(scene_.server().core().largest_frame, FrameStorage::kSize);
}

TEST_F(Asked, WhoHasNoneIsTakenWhereNoneIsRequiredInTls12) {
  ask_12(scene_, false);
  scene_.handshake(join({certificate12({}), NoneClient::key_exchange(Buffer(32, 0x42))}));
  scene_.send(ContentType::change_cipher_spec, {1});
  scene_.client.protect(Protection::tls12, NoneClient::kKeys12);
  scene_.handshake(NoneClient::finished12());
  EXPECT_TRUE(scene_.server().established) << describe(info().error);
  EXPECT_EQ(info().client, nullptr);
}

}  // namespace
}  // namespace lockstep::tls::test

// Every way in which a server makes our client fail, with the precise error and the alert that it gets, and what the
// client says when all is well.
#include "tests/unit/dataplane/tls/client_errors.h"

#include <gtest/gtest.h>

#include "dataplane/tls/client_hello.h"
#include "dataplane/tls/coroutine.h"
#include "tests/unit/dataplane/tls/client_certificate.h"

namespace lockstep::tls::test {
namespace {

class ClientErrors : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ClientErrors, NameTheMisbehaviourAndSendItsAlert) {
  const ClientRow row = client_errors()[GetParam()];
  SCOPED_TRACE(std::string(name(row.error)) + ": " + row.what);
  ClientScene scene;
  row.play(scene);
  Driver& client = scene.client();
  EXPECT_EQ(client.session().info().error, row.error) << "but " << name(client.session().info().error);
  EXPECT_EQ(client.errors(row.error), 1U);
  EXPECT_EQ(client.close, Close::after_output);
  EXPECT_TRUE(client.session().config_released());
  const bool failed_later = client.session().established();
  EXPECT_EQ(client.counters().client_handshakes_failed.value(), failed_later ? 0U : 1U);
  EXPECT_EQ(client.counters().handshakes_failed.value() + client.counters().handshakes_tls13.value(), 0U);
  const auto records = scene.records();
  ASSERT_FALSE(records.empty());
  ASSERT_EQ(records.back().type == ContentType::alert, row.alert);
  if (row.alert) {
    const Alert alert = alert_of(row.error);
    const std::uint8_t level = alert == Alert::no_renegotiation ? 1 : 2;  // RFC 5246 section 7.2.2: always a warning
    EXPECT_EQ(records.back().content, (Buffer{level, static_cast<std::uint8_t>(alert)}));
  }
}

INSTANTIATE_TEST_SUITE_P(All, ClientErrors, ::testing::Range(std::size_t{0}, client_errors().size()));

TEST(Client, SendsItsHelloFirst) {
  ClientScene scene;
  const auto records = scene.records();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].type, ContentType::handshake);
  ClientHello hello;
  ASSERT_EQ(hello.read(Bytes(records[0].content).subspan(4)), Error::none);
  EXPECT_EQ(hello.server_name.size(), 11U);
  EXPECT_EQ(hello.session_id.size(), 32U);
  EXPECT_EQ(hello.cipher_suites.size(), 9U);
  EXPECT_EQ(hello.supported_versions.size(), 2U);
  EXPECT_TRUE(hello.extended_master_secret);
  EXPECT_TRUE(hello.secure_renegotiation);
  EXPECT_TRUE(hello.has_session_ticket);
  Bytes share;
  EXPECT_EQ(hello.find_key_share(crypto::NamedGroup::x25519, share), Error::none);
  EXPECT_EQ(share.size(), 32U);
  EXPECT_STREQ(scene.client().session().info().phase, "server_hello");
}

TEST(Client, SpeaksOneVersionWhereOnlyOneIsConfigured) {
  for (const bool tls13 : {false, true}) {
    ClientScene scene;
    scene.config.tls13 = tls13;
    scene.config.tls12 = !tls13;
    ClientHello hello;
    const Buffer content = scene.records().front().content;
    ASSERT_EQ(hello.read(Bytes(content).subspan(4)), Error::none);
    EXPECT_EQ(hello.cipher_suites.size(), tls13 ? 3U : 6U);
    EXPECT_EQ(hello.supported_versions.size(), tls13 ? 1U : 0U);
    EXPECT_EQ(hello.key_shares.empty(), !tls13);
    EXPECT_EQ(hello.extended_master_secret, !tls13);
    EXPECT_EQ(hello.secure_renegotiation, !tls13);
  }
}

TEST(Client, SpeaksTls12) {
  ClientScene scene;
  scene.establish12();
  EXPECT_EQ(scene.client().session().info().version, Version::tls12);
  const auto records = scene.records();
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[1].content.front(), 16);
  EXPECT_EQ(records[2].type, ContentType::change_cipher_spec);
  EXPECT_EQ(records[3].content, NoneClient::finished12());
  scene.send(ContentType::application_data, text("data"));
  EXPECT_EQ(scene.client().received, "data");
  EXPECT_LE(scene.client().core().largest_frame, FrameStorage::kSize);
}

TEST(Client, SaysInTls12ThatItHasNoCertificate) {
  ClientScene scene;
  scene.answer12();
  scene.certificate12_and_keys();
  scene.handshake(certificate_request12());
  scene.handshake(server_hello_done());
  const Buffer sent = scene.records()[1].content;
  EXPECT_EQ(Buffer(sent.begin(), sent.begin() + 8), join({message(11, {0, 0, 0}), {16}}));
}

TEST(Client, RefusesToRenegotiate) {
  ClientScene scene;
  scene.establish12();
  for (const std::uint8_t byte : message(0, {})) scene.handshake({byte});
  EXPECT_EQ(scene.records().back().content, (Buffer{1, static_cast<std::uint8_t>(Alert::no_renegotiation)}));
  EXPECT_EQ(scene.client().close, Close::none);
}

TEST(Client, SaysThatItHasNoCertificate) {
  ClientScene scene;
  scene.answer();
  scene.encrypted_extensions();
  const Buffer schemes = join({u16(13), vector16(vector16(list16({0x0403})))});
  scene.handshake(message(13, join({{0}, vector16(join({schemes, u16(0x1a1a), u16(0)}))})));
  scene.handshake(certificate13(entry13(none_certificate())));
  scene.handshake(certificate_verify());
  scene.handshake(server_finished());
  EXPECT_TRUE(scene.client().established);
  EXPECT_EQ(scene.records().back().content,
            join({message(11, {0, 0, 0, 0}), message(20, Buffer(32, lockstep::test::kNoneClientFinished))}));
}

TEST(Client, ShowsItsCertificateAndSigns) {
  ClientScene scene;
  scene.config.identity.credentials = none_config().identities->list.front().credentials;
  scene.answer();
  scene.encrypted_extensions();
  // Of a key that is there, by PKCS#1, which is none for TLS 1.3, and by RSA-PSS.
  const Buffer schemes = join({u16(13), vector16(vector16(list16({0x0401, 0x0805})))});
  scene.handshake(message(13, join({{0}, vector16(schemes)})));
  scene.handshake(certificate13(entry13(none_certificate())));
  scene.handshake(certificate_verify());
  scene.handshake(server_finished());
  ASSERT_TRUE(scene.client().established) << describe(scene.client().session().info().error);
  const Buffer sent = scene.records().back().content;
  Reader reader(sent);
  EXPECT_EQ(reader.u8(), 11);
  EXPECT_GT(reader.vector24().size(), 4U);
  EXPECT_EQ(reader.u8(), 15);
  Reader verify(reader.vector24());
  EXPECT_EQ(verify.u16(), 0x0805);
  EXPECT_EQ(verify.vector16().size(), 32U);
  EXPECT_TRUE(verify.finished());
  EXPECT_EQ(reader.u8(), 20);
  EXPECT_LE(scene.client().core().largest_frame, FrameStorage::kSize);
}

TEST(Client, RepeatsTheCookieAndTheRest) {
  ClientScene scene;
  ServerHelloText request = scene.retry_request();
  request.remove(ExtensionType::key_share).set(ExtensionType::cookie, vector16(Buffer(1024, 0x77)));
  scene.handshake(request.whole());
  const auto records = scene.records();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[1].type, ContentType::change_cipher_spec);
  ClientHello first;
  ClientHello second;
  ASSERT_EQ(first.read(Bytes(records[0].content).subspan(4)), Error::none);
  ASSERT_EQ(second.read(Bytes(records[2].content).subspan(4)), Error::none);
  EXPECT_TRUE(std::ranges::equal(first.random, second.random));
  EXPECT_TRUE(std::ranges::equal(first.session_id, second.session_id));
  EXPECT_TRUE(std::ranges::equal(first.key_shares, second.key_shares));
  const Buffer cookie = join({u16(44), vector16(vector16(Buffer(1024, 0x77)))});
  const Buffer& whole = records[2].content;
  EXPECT_NE(std::search(whole.begin(), whole.end(), cookie.begin(), cookie.end()), whole.end());
}

TEST(Client, SendsOneChangeCipherSpecInFrontOfItsFlight) {
  ClientScene scene;
  scene.establish();
  const auto records = scene.records();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[1].type, ContentType::change_cipher_spec);
  EXPECT_EQ(records[2].outer, ContentType::application_data);
  EXPECT_EQ(records[2].content, NoneClient::finished13());
}

TEST(Client, TakesTicketsHoweverTheyAreCut) {
  ClientScene scene;
  scene.establish();
  for (const std::uint8_t byte : join({ticket13(Buffer(30, 1)), ticket13(Buffer(300, 2))})) scene.handshake({byte});
  scene.handshake(join({ticket13(Buffer(30, 3)), ticket13(Buffer(300, 4)), message(24, {1})}));
  EXPECT_EQ(scene.client().counters().client_sessions.value(), 4U);
  scene.server.protect(Protection::tls13, 0x33);
  scene.send(ContentType::application_data, text("data"));
  EXPECT_EQ(scene.client().received, "data");
}

TEST(Client, EndsWhenItsTimeIsUp) {
  ClientScene scene;
  scene.answer();
  scene.client().timeout(scene.client().session().deadline());
  EXPECT_EQ(scene.client().session().info().error, Error::handshake_timeout);
}

TEST(Client, IsClosedWhenThereIsNoRoomForItsHandshake) {
  ClientScene scene;
  scene.options.limits.client_handshakes = 0;
  EXPECT_EQ(scene.client().session().info().error, Error::no_memory);
}

}  // namespace
}  // namespace lockstep::tls::test

// The messages a server writes, byte by byte, and the small ones it reads.
#include <gtest/gtest.h>

#include "dataplane/tls/alert.h"
#include "dataplane/tls/certificate_verify.h"
#include "dataplane/tls/client_key_exchange.h"
#include "dataplane/tls/encrypted_extensions.h"
#include "dataplane/tls/finished.h"
#include "dataplane/tls/key_update.h"
#include "dataplane/tls/new_session_ticket_tls12.h"
#include "dataplane/tls/new_session_ticket_tls13.h"
#include "dataplane/tls/server_hello.h"
#include "dataplane/tls/server_key_exchange.h"
#include "tests/unit/dataplane/tls/bytes.h"

namespace lockstep::tls::test {
namespace {

Buffer copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// Every buffer that is too small is refused, the right one is filled to its end.
template <class Write>
void expect_exact_room(const Buffer& expected, Write&& write) {
  for (std::size_t room = 0; room < expected.size(); ++room) {
    Buffer small(room);
    EXPECT_TRUE(write(MutableBytes(small)).empty()) << room;
  }
  Buffer exact(expected.size());
  EXPECT_EQ(copy(write(MutableBytes(exact))), expected);
}

const Buffer kRandomBytes(32, 0x77);
const Buffer kSessionId = {1, 2, 3};

TEST(ServerHelloMessage, IsWrittenForTls13) {
  const Buffer key(32, 9);
  const ServerHelloTls13 hello{
      kRandomBytes, kSessionId, CipherSuite::tls_aes_256_gcm_sha384, crypto::NamedGroup::x25519, key, std::nullopt};
  const Buffer expected = message(2, join({{3, 3},
                                           kRandomBytes,
                                           {3, 1, 2, 3, 0x13, 0x02, 0},
                                           u16(6 + 40),
                                           {0, 43, 0, 2, 3, 4},
                                           {0, 51, 0, 36, 0, 0x1d, 0, 32},
                                           key}));
  expect_exact_room(expected, [&](MutableBytes out) { return hello.write(out); });
}

TEST(ServerHelloMessage, NamesThePskAndMayHaveNoShare) {
  const ServerHelloTls13 hello{kRandomBytes, kSessionId, CipherSuite::tls_aes_256_gcm_sha384, std::nullopt, {}, 2};
  const Buffer expected = message(
      2, join({{3, 3}, kRandomBytes, {3, 1, 2, 3, 0x13, 0x02, 0}, u16(12), {0, 43, 0, 2, 3, 4}, {0, 41, 0, 2, 0, 2}}));
  expect_exact_room(expected, [&](MutableBytes out) { return hello.write(out); });
}

TEST(NewSessionTicketMessage, IsWrittenForTls13) {
  const Buffer ticket(kMaxTicket, 0x55);
  NewSessionTicketTls13 sent{hours(2), 0x01020304, Bytes(kSessionId).first(2), ticket};
  const Buffer expected = message(4, join({integer(7200, 4), {1, 2, 3, 4}, {2, 1, 2}, vector16(ticket), {0, 0}}));
  expect_exact_room(expected, [&](MutableBytes out) { return sent.write(out); });

  sent.max_early_data = 0x0a0b0c0d;
  const Buffer early_data = {0, 8, 0, 42, 0, 4, 10, 11, 12, 13};
  const Buffer larger = message(4, join({integer(7200, 4), {1, 2, 3, 4}, {2, 1, 2}, vector16(ticket), early_data}));
  EXPECT_EQ(larger.size(), kMaxNewSessionTicket);
  expect_exact_room(larger, [&](MutableBytes out) { return sent.write(out); });
}

TEST(ServerHelloMessage, AsksForAnotherShare) {
  const HelloRetryRequest request{kSessionId, CipherSuite::tls_aes_128_gcm_sha256, crypto::NamedGroup::secp256r1};
  Buffer random(32);
  const std::string_view label = "HelloRetryRequest";  // RFC 8446 section 4.1.3
  digest_of(Hash::sha256, Bytes(reinterpret_cast<const std::uint8_t*>(label.data()), label.size()), random);
  const Buffer expected = message(
      2, join({{3, 3}, random, {3, 1, 2, 3, 0x13, 0x01, 0}, u16(12), {0, 43, 0, 2, 3, 4}, {0, 51, 0, 2, 0, 0x17}}));
  expect_exact_room(expected, [&](MutableBytes out) { return request.write(out); });
}

TEST(ServerHelloMessage, IsWrittenForTls12WithWhatWasOffered) {
  ServerHelloTls12 hello;
  hello.random = kRandomBytes;
  hello.cipher_suite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
  const Buffer fixed = join({{3, 3}, kRandomBytes, {0, 0xc0, 0x2f, 0}});
  expect_exact_room(message(2, fixed), [&](MutableBytes out) { return hello.write(out); });

  hello.server_name = hello.ec_point_formats = hello.extended_master_secret = hello.secure_renegotiation = true;
  hello.alpn = "h2";
  const Buffer extensions =
      join({{0, 0, 0, 0}, {0xff, 1, 0, 1, 0}, {0, 23, 0, 0}, {0, 11, 0, 2, 1, 0}, {0, 16, 0, 5, 0, 3, 2, 'h', '2'}});
  expect_exact_room(message(2, join({fixed, vector16(extensions)})),
                    [&](MutableBytes out) { return hello.write(out); });

  ServerHelloTls12 resumed;
  resumed.random = kRandomBytes;
  resumed.session_id = kSessionId;
  resumed.cipher_suite = CipherSuite::rsa_aes_128_cbc_sha;
  resumed.encrypt_then_mac = resumed.session_ticket = true;
  expect_exact_room(
      message(2, join({{3, 3}, kRandomBytes, {3, 1, 2, 3, 0, 0x2f, 0}, vector16({0, 22, 0, 0, 0, 35, 0, 0})})),
      [&](MutableBytes out) { return resumed.write(out); });
}

TEST(NewSessionTicketMessage, IsWrittenForTls12) {
  const Buffer ticket = {7, 8, 9};
  const NewSessionTicketTls12 message_of{seconds(7200), ticket};
  expect_exact_room(message(4, {0, 0, 0x1c, 0x20, 0, 3, 7, 8, 9}),
                    [&](MutableBytes out) { return message_of.write(out); });
  expect_exact_room(message(4, {0, 0, 0, 1, 0, 0}),
                    [](MutableBytes out) { return NewSessionTicketTls12{seconds(1), {}}.write(out); });
}

TEST(ServerHelloDoneMessage, IsEmpty) {
  expect_exact_room(message(14, {}), [](MutableBytes out) { return write_server_hello_done(out); });
}

TEST(ServerHelloMessage, CarriesTheDowngradeSentinel) {
  Buffer random(32, 0xaa);
  set_downgrade_sentinel(random);
  EXPECT_EQ(random, join({Buffer(24, 0xaa), text("DOWNGRD"), {1}}));
}

TEST(ServerHelloMessage, FitsItsBufferAtItsLargest) {
  std::array<std::uint8_t, kMaxServerHello> buffer;
  const Buffer session_id(32, 1);
  const Buffer key(97, 2);
  EXPECT_FALSE((ServerHelloTls13{kRandomBytes, session_id, CipherSuite::tls_aes_128_gcm_sha256,
                                 crypto::NamedGroup::secp384r1, key, 3})
                   .write(buffer)
                   .empty());
  const std::string alpn(255, 'x');
  ServerHelloTls12 hello;
  hello.random = kRandomBytes;
  hello.server_name = hello.ec_point_formats = hello.extended_master_secret = hello.secure_renegotiation = true;
  hello.alpn = alpn;
  EXPECT_FALSE(hello.write(buffer).empty());
  std::array<std::uint8_t, kMaxEncryptedExtensions> extensions;
  EXPECT_FALSE((EncryptedExtensions{true, alpn}).write(extensions).empty());
}

TEST(EncryptedExtensionsMessage, AnswersWhatWasOffered) {
  expect_exact_room(message(8, {0, 0}), [](MutableBytes out) { return EncryptedExtensions{}.write(out); });
  const Buffer expected = message(8, vector16(join({{0, 0, 0, 0}, {0, 16, 0, 5, 0, 3, 2, 'h', '2'}})));
  expect_exact_room(expected, [](MutableBytes out) { return EncryptedExtensions{true, "h2"}.write(out); });
}

TEST(CertificateMessage, IsMadeForBothVersions) {
  const Credential credential = make_credential({{1, 2, 3}, {4}}, nullptr);
  EXPECT_EQ(credential.messages->tls13.front().messages,
            message(11, {0, 0, 0, 14, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 1, 4, 0, 0}));
  EXPECT_EQ(credential.messages->tls12.front().messages, message(11, {0, 0, 10, 0, 0, 3, 1, 2, 3, 0, 0, 1, 4}));
}

TEST(CertificateVerifyMessage, SignsContextAndTranscript) {
  const Buffer digest(48, 5);
  crypto::SignJob job;
  const Bytes content = write_certificate_verify_content(job.content, kServerCertificateVerify, digest);
  EXPECT_EQ(copy(content), join({Buffer(64, 0x20), text("TLS 1.3, server CertificateVerify"), {0}, digest}));
  const Buffer signature(70, 6);
  expect_exact_room(message(15, join({{8, 4}, vector16(signature)})), [&](MutableBytes out) {
    return write_certificate_verify(out, crypto::SignatureScheme::rsa_pss_rsae_sha256, signature);
  });
}

TEST(FinishedMessage, IsWrittenAndChecked) {
  const Buffer verify_data(12, 3);
  const Buffer whole = message(20, verify_data);
  expect_exact_room(whole, [&](MutableBytes out) { return write_finished(out, verify_data); });

  Message received{HandshakeType::finished, Bytes(whole).subspan(4), whole};
  EXPECT_EQ(check_finished(received, verify_data), Error::none);
  for (std::size_t i = 0; i < verify_data.size(); ++i) {
    Buffer other = verify_data;
    other[i] ^= 1;
    EXPECT_EQ(check_finished(received, other), Error::bad_finished);
  }
  received.body = received.body.first(11);
  EXPECT_EQ(check_finished(received, verify_data), Error::malformed_message);
  received.type = HandshakeType::client_hello;
  EXPECT_EQ(check_finished(received, verify_data), Error::unexpected_handshake_message);
}

TEST(ServerKeyExchangeMessage, CarriesSignedParameters) {
  const Buffer key(65, 4);
  std::array<std::uint8_t, kMaxEcdhParams> buffer;
  const Buffer params = copy(write_ecdh_params(buffer, crypto::NamedGroup::secp256r1, key));
  EXPECT_EQ(params, join({{3, 0, 0x17}, vector8(key)}));

  crypto::SignJob job;
  const Buffer client_random(32, 1);
  const Buffer server_random(32, 2);
  set_key_exchange_content(job, client_random, server_random, params);
  EXPECT_EQ(copy(Bytes(job.content).first(job.content_size)), join({client_random, server_random, params}));

  const Buffer signature(256, 6);
  const Buffer expected = message(12, join({params, {4, 1}, vector16(signature)}));
  expect_exact_room(expected, [&](MutableBytes out) {
    return write_server_key_exchange(out, params, crypto::SignatureScheme::rsa_pkcs1_sha256, signature);
  });
}

TEST(ClientKeyExchangeMessage, EndsExactly) {
  const auto read = [](const Buffer& whole) {
    Bytes key;
    const Message received{static_cast<HandshakeType>(whole[0]), Bytes(whole).subspan(4), whole};
    return read_ecdhe_key_exchange(received, crypto::NamedGroup::x25519, key);
  };
  const Buffer body = vector8(Buffer(32, 1));
  EXPECT_EQ(read(message(16, body)), Error::none);
  for (std::size_t size = 0; size < body.size(); ++size)
    EXPECT_EQ(read(message(16, {body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size)})),
              Error::malformed_message);
  EXPECT_EQ(read(message(16, join({body, {0}}))), Error::malformed_message);
  EXPECT_EQ(read(message(16, vector8(Buffer(65, 1)))), Error::bad_key_share);
  EXPECT_EQ(read(message(20, body)), Error::unexpected_handshake_message);
}

TEST(KeyUpdateMessage, HasTwoValues) {
  EXPECT_EQ(copy(tls::KeyUpdateMessage(false).bytes()), message(24, {0}));
  EXPECT_EQ(copy(tls::KeyUpdateMessage(true).bytes()), message(24, {1}));
  bool request = false;
  const auto read = [&](const Buffer& body) { return tls::KeyUpdateMessage::read(body, request); };
  EXPECT_EQ(read({1}), Error::none);
  EXPECT_TRUE(request);
  EXPECT_EQ(read({0}), Error::none);
  EXPECT_FALSE(request);
  EXPECT_EQ(read({2}), Error::illegal_parameter);
  EXPECT_EQ(read({}), Error::malformed_message);
  EXPECT_EQ(read({0, 0}), Error::malformed_message);
}

TEST(AlertMessage, IsFatalUnlessItEndsPolitely) {
  EXPECT_EQ(copy(tls::AlertMessage(Alert::close_notify).bytes()), (Buffer{1, 0}));
  EXPECT_EQ(copy(tls::AlertMessage(Alert::user_canceled).bytes()), (Buffer{1, 90}));
  EXPECT_EQ(copy(tls::AlertMessage(Alert::no_renegotiation).bytes()), (Buffer{1, 100}));
  EXPECT_EQ(copy(tls::AlertMessage(Alert::decode_error).bytes()), (Buffer{2, 50}));
}

}  // namespace
}  // namespace lockstep::tls::test

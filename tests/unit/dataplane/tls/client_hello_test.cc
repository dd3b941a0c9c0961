// Reading ClientHello (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2).
#include "dataplane/tls/client_hello.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/hello.h"

namespace lockstep::tls::test {
namespace {

Error read(const Buffer& body) {
  ClientHello hello;
  return hello.read(body);
}

Buffer psk() {
  return join({vector16(join({vector16(text("ticket")), integer(0, 4)})), vector16(vector8(Buffer(32, 0)))});
}

TEST(ClientHelloMessage, IsReadWhole) {
  Hello sent = hello13();
  sent.set(ExtensionType::early_data, {});
  sent.set(ExtensionType::pre_shared_key, psk());
  const Buffer body = sent.body();
  ClientHello hello;
  ASSERT_EQ(hello.read(body), Error::none);
  EXPECT_EQ(hello.legacy_version, 0x0303);
  EXPECT_EQ(Buffer(hello.random.begin(), hello.random.end()), sent.random);
  EXPECT_EQ(Buffer(hello.session_id.begin(), hello.session_id.end()), sent.session_id);
  EXPECT_TRUE(hello.cipher_suites.contains(0x1302));
  EXPECT_FALSE(hello.cipher_suites.contains(0x0213));
  EXPECT_EQ(hello.compression_methods.size(), 1U);
  EXPECT_EQ(std::string(hello.server_name.begin(), hello.server_name.end()), "example.org");
  EXPECT_TRUE(hello.supported_versions.contains(0x0304));
  EXPECT_EQ(hello.supported_groups[1], kX25519);
  EXPECT_EQ(hello.signature_algorithms.size(), 3U);
  EXPECT_EQ(hello.ec_point_formats.size(), 1U);
  EXPECT_EQ(hello.alpn.size(), 12U);
  EXPECT_TRUE(hello.has_key_share);
  EXPECT_TRUE(hello.allows(PskMode::psk_dhe_ke));
  EXPECT_FALSE(hello.allows(PskMode::psk_ke));
  EXPECT_TRUE(hello.has_early_data);
  EXPECT_TRUE(hello.offers_psk());
  EXPECT_EQ(hello.psk_identities.size(), 2U + 6 + 4);
  EXPECT_EQ(hello.binders_size(), 2U + 1 + 32);
  EXPECT_EQ(hello.psk_binders.data() + hello.psk_binders.size(), body.data() + body.size()) << "the end of the message";
  EXPECT_TRUE(hello.extended_master_secret);
  EXPECT_TRUE(hello.secure_renegotiation);
  EXPECT_FALSE(hello.fallback);
  Bytes key;
  EXPECT_EQ(hello.find_key_share(crypto::NamedGroup::x25519, key), Error::none);
  EXPECT_EQ(Buffer(key.begin(), key.end()), Buffer(32, 0x42));
  EXPECT_EQ(hello.find_key_share(crypto::NamedGroup::secp256r1, key), Error::none);
  EXPECT_TRUE(key.empty());
}

TEST(ClientHelloMessage, AsksForWhatGoesWithACertificate) {
  Hello sent = hello13();
  sent.set(ExtensionType::status_request, {1, 0, 3, 0, 1, 9, 0, 1, 8});
  sent.set(ExtensionType::signed_certificate_timestamp, {});
  sent.set(ExtensionType::compress_certificate, vector8(list16({2, 1})));
  const Buffer body = sent.body();
  ClientHello hello;
  ASSERT_EQ(hello.read(body), Error::none);
  EXPECT_TRUE(hello.status_request);
  EXPECT_TRUE(hello.signed_certificate_timestamp);
  EXPECT_TRUE(hello.certificate_compression.contains(1));
}

TEST(ClientHelloMessage, StatusRequestsOfOtherTypesAreNone) {
  Hello sent = hello13();
  sent.set(ExtensionType::status_request, {2, 1, 2, 3});
  const Buffer body = sent.body();
  ClientHello hello;
  ASSERT_EQ(hello.read(body), Error::none);
  EXPECT_FALSE(hello.status_request);
}

TEST(ClientHelloMessage, ExtensionsAboutCertificatesFillTheirExactLength) {
  const std::vector<std::pair<ExtensionType, Buffer>> bad = {
      {ExtensionType::status_request, {}},
      {ExtensionType::status_request, {1, 0, 0, 0}},
      {ExtensionType::status_request, {1, 0, 0, 0, 0, 0}},
      {ExtensionType::status_request, {1, 0, 2, 0, 0, 0, 0}},  // an empty responder identifier
      {ExtensionType::signed_certificate_timestamp, {0}},
      {ExtensionType::compress_certificate, {0}},
      {ExtensionType::compress_certificate, {1, 2}},
      {ExtensionType::compress_certificate, {2, 0, 1, 0}},
  };
  for (const auto& [type, extension] : bad) {
    Hello sent = hello13();
    sent.set(type, extension);
    EXPECT_EQ(read(sent.body()), Error::malformed_message) << static_cast<int>(type);
  }
}

TEST(ClientHelloMessage, MayHaveNoExtensions) {
  Hello sent = hello12();
  sent.with_extensions = false;
  ClientHello hello;
  const Buffer body = sent.body();
  EXPECT_EQ(hello.read(body), Error::none);
  EXPECT_TRUE(hello.secure_renegotiation) << "by the SCSV";
  EXPECT_FALSE(hello.extended_master_secret);
}

TEST(ClientHelloMessage, CutAnywhereIsMalformed) {
  for (const Hello& sent : {hello13(), hello12()}) {
    const Buffer body = sent.body();
    Hello bare = sent;
    bare.with_extensions = false;
    const std::size_t without_extensions = bare.body().size();
    for (std::size_t size = 0; size < body.size(); ++size) {
      if (size == without_extensions) continue;  // a hello without extensions
      EXPECT_EQ(read({body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size)}), Error::malformed_message)
          << size;
    }
  }
}

TEST(ClientHelloMessage, EndsExactly) {
  EXPECT_EQ(read(join({hello13().body(), {0}})), Error::malformed_message);
  EXPECT_EQ(read(join({hello12().body(), {0, 0}})), Error::malformed_message);
}

TEST(ClientHelloMessage, HasFixedFieldsOfLegalSizes) {
  const auto bent = [](const std::function<void(Hello&)>& bend) {
    Hello hello = hello13();
    bend(hello);
    return read(hello.body());
  };
  EXPECT_EQ(bent([](Hello& h) { h.session_id = Buffer(33, 0); }), Error::malformed_message);
  EXPECT_EQ(bent([](Hello& h) { h.session_id = {}; }), Error::none);
  EXPECT_EQ(bent([](Hello& h) { h.cipher_suites = {}; }), Error::malformed_message);
  EXPECT_EQ(bent([](Hello& h) { h.cipher_suites.push_back(0); }), Error::malformed_message);
  EXPECT_EQ(bent([](Hello& h) { h.compression_methods = {}; }), Error::malformed_message);
}

struct Malformed {
  ExtensionType type;
  const char* what;
  Buffer body;
};

TEST(ClientHelloMessage, HasExtensionsThatEndExactly) {
  const std::array cases = {
      Malformed{ExtensionType::server_name, "empty", {}},
      Malformed{ExtensionType::server_name, "empty list", {0, 0}},
      Malformed{ExtensionType::server_name, "empty name", vector16({0, 0, 0})},
      Malformed{ExtensionType::server_name, "behind the list", join({host_name("a"), {0}})},
      Malformed{ExtensionType::server_name, "name too long", vector16({0, 0, 2, 'a'})},
      Malformed{ExtensionType::supported_groups, "empty list", {0, 0}},
      Malformed{ExtensionType::supported_groups, "odd list", vector16({0, 0x1d, 0})},
      Malformed{ExtensionType::supported_groups, "behind the list", join({vector16(u16(kX25519)), {0}})},
      Malformed{ExtensionType::signature_algorithms, "empty list", {0, 0}},
      Malformed{ExtensionType::signature_algorithms, "odd list", vector16({4})},
      Malformed{ExtensionType::ec_point_formats, "empty list", {0}},
      Malformed{ExtensionType::ec_point_formats, "behind the list", {1, 0, 0}},
      Malformed{ExtensionType::alpn, "empty list", {0, 0}},
      Malformed{ExtensionType::alpn, "empty name", vector16({0})},
      Malformed{ExtensionType::alpn, "name too long", vector16({5, 'h', '2'})},
      Malformed{ExtensionType::extended_master_secret, "not empty", {0}},
      Malformed{ExtensionType::early_data, "not empty", {0, 0, 0, 0}},
      Malformed{ExtensionType::supported_versions, "empty list", {0}},
      Malformed{ExtensionType::supported_versions, "odd list", vector8({3, 4, 3})},
      Malformed{ExtensionType::psk_key_exchange_modes, "empty list", {0}},
      Malformed{ExtensionType::key_share, "behind the list", join({vector16({}), {0}})},
      Malformed{ExtensionType::key_share, "empty key", vector16(key_share(kX25519, {}))},
      Malformed{ExtensionType::key_share, "key too long", vector16({0, 0x1d, 0, 9, 1})},
      Malformed{ExtensionType::pre_shared_key, "no identity", join({{0, 0}, vector16(vector8(Buffer(32, 0)))})},
      Malformed{ExtensionType::pre_shared_key, "no binder",
                join({vector16(join({vector16(text("t")), integer(0, 4)})), {0, 0}})},
      Malformed{ExtensionType::pre_shared_key, "short binder",
                join({vector16(join({vector16(text("t")), integer(0, 4)})), vector16(vector8(Buffer(31, 0)))})},
      Malformed{ExtensionType::pre_shared_key, "identity without age",
                join({vector16(vector16(text("t"))), vector16(vector8(Buffer(32, 0)))})},
  };
  for (const Malformed& one : cases) {
    Hello hello = hello13();
    hello.remove(one.type).set(one.type, one.body);
    EXPECT_EQ(read(hello.body()), Error::malformed_message) << static_cast<int>(one.type) << ": " << one.what;
  }
}

TEST(ClientHelloMessage, PassesOverWhatItDoesNotKnow) {
  Hello hello = hello13();
  for (const std::uint16_t type :
       {std::uint16_t{15}, std::uint16_t{50}, std::uint16_t{35}, std::uint16_t{0x4469}, std::uint16_t{0xfafa}})
    hello.set(type, Buffer(type % 7, 1));
  hello.set(ExtensionType::server_name, vector16(join({{7}, vector16({1, 2}), {0}, vector16(text("example.org"))})));
  EXPECT_EQ(read(hello.body()), Error::none);
}

TEST(ClientHelloMessage, OfManyThousandExtensionsIsReadQuickly) {
  Hello hello = hello13();
  Buffer block = hello.extension_block();
  for (std::uint16_t type = 0x8000; type < 0x8000 + 15000; ++type) {
    const Buffer extension = join({u16(type), {0, 0}});
    block.insert(block.end(), extension.begin(), extension.end());
  }
  hello.with_extensions = false;
  EXPECT_EQ(read(join({hello.body(), vector16(block)})), Error::none);
  EXPECT_EQ(read(join({hello.body(), vector16(join({block, u16(0x8000), {0, 0}}))})), Error::duplicate_extension);
}

TEST(ClientHelloMessage, RepeatsItselfAfterARetryButForWhatMayChange) {
  const auto part = [](const Hello& hello) { return unchanging_part(hello.body()); };
  const auto first = part(hello13());
  Hello second = hello13();
  second.set(ExtensionType::key_share, vector16(key_share(kP256, Buffer(65, 4))));
  second.set(ExtensionType::cookie, vector16({1}));
  second.set(ExtensionType::padding, Buffer(100, 0));
  second.set(ExtensionType::pre_shared_key, psk());
  EXPECT_EQ(part(second), first);
  second.session_id[0] ^= 1;
  EXPECT_NE(part(second), first);
  Hello moved = hello13();
  std::swap(moved.extensions[1], moved.extensions[2]);
  EXPECT_EQ(part(moved), first);
  moved.extensions[2].second.back() ^= 1;
  EXPECT_NE(part(moved), first);
}

}  // namespace
}  // namespace lockstep::tls::test

// GREASE (RFC 8701): values that mean nothing, in every list of a hello and at every place in it, change nothing.
#include <gtest/gtest.h>

#include "tests/unit/dataplane/tls/none_client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using enum ContentType;

/// A list in a hello: its usual items, how a value becomes an item, and how items become the hello's.
struct List {
  const char* name;
  std::vector<Buffer> items;
  Buffer (*grease)(unsigned index);
  void (*put)(Hello& hello, const std::vector<Buffer>& items);
  bool tls12 = true;  // TLS 1.2 has it too
};

// RFC 8701 section 2: 0x0A0A to 0xFAFA; for psk_key_exchange_modes eight of one byte.
constexpr unsigned kValues = 16;
std::uint16_t value(unsigned index) {
  return static_cast<std::uint16_t>(0x0a0aU + 0x1010U * (index % kValues));
}
Buffer code_point(unsigned index) {
  return u16(value(index));
}
Buffer mode(unsigned index) {
  return {static_cast<std::uint8_t>(0x0bU + 0x1fU * (index % 8))};
}
Buffer protocol(unsigned index) {
  return vector8(code_point(index));
}
Buffer share(unsigned index) {
  return key_share(value(index), {0});
}

Buffer all_of(const std::vector<Buffer>& items) {
  Buffer all;
  for (const Buffer& item : items) all = join({all, item});
  return all;
}
template <ExtensionType type>
void put_vector16(Hello& hello, const std::vector<Buffer>& items) {
  hello.set(type, vector16(all_of(items)));
}
template <ExtensionType type>
void put_vector8(Hello& hello, const std::vector<Buffer>& items) {
  hello.set(type, vector8(all_of(items)));
}
// A share has to be of a group that is offered (RFC 8446 section 4.2.8).
void put_shares(Hello& hello, const std::vector<Buffer>& items) {
  std::vector<Buffer> groups;
  for (const Buffer& item : items) groups.push_back({item[0], item[1]});
  groups.push_back(u16(kP256));
  hello.set(ExtensionType::supported_groups, vector16(all_of(groups)));
  hello.set(ExtensionType::key_share, vector16(all_of(items)));
}
void put_extensions(Hello& hello, const std::vector<Buffer>& items) {
  hello.extensions.clear();
  for (const Buffer& item : items)
    hello.extensions.emplace_back(static_cast<std::uint16_t>(item[0] << 8U | item[1]),
                                  Buffer(item.begin() + 2, item.end()));
}
Buffer extension(unsigned index) {
  return join({code_point(index), Buffer(index % 3, 0)});
}
std::vector<Buffer> extensions_of(const Hello& hello) {
  std::vector<Buffer> items;
  for (const auto& [type, body] : hello.extensions) items.push_back(join({u16(type), body}));
  return items;
}

std::vector<List> lists(const Hello& base) {
  using enum ExtensionType;
  const bool tls12 = base.session_id.empty();
  std::vector<List> all = {
      {"cipher_suites",
       {u16(tls12 ? 0xc02b : 0x1301), u16(tls12 ? 0xc02f : 0x1302), u16(0x00ff)},
       code_point,
       [](Hello& hello, const std::vector<Buffer>& items) { hello.cipher_suites = all_of(items); }},
      {"supported_groups", {u16(kX25519), u16(kP256)}, code_point, put_vector16<supported_groups>},
      {"signature_algorithms", {u16(0x0403), u16(0x0804)}, code_point, put_vector16<signature_algorithms>},
      {"signature_algorithms_cert", {u16(0x0403), u16(0x0804)}, code_point, put_vector16<signature_algorithms_cert>},
      {"application_layer_protocol_negotiation",
       {vector8(text("h2")), vector8(text("http/1.1"))},
       protocol,
       put_vector16<alpn>},
      {"compress_certificate", {u16(1), u16(2)}, code_point, put_vector8<compress_certificate>},
      {"extensions", extensions_of(base), extension, put_extensions},
      {"supported_versions", {u16(0x0304), u16(0x0303)}, code_point, put_vector8<supported_versions>, false},
      {"key_share", {test::key_share(kX25519, Buffer(32, 0x42))}, share, put_shares, false},
      {"psk_key_exchange_modes", {{1}, {0}}, mode, put_vector8<psk_key_exchange_modes>, false},
  };
  if (tls12) std::erase_if(all, [](const List& list) { return !list.tls12; });
  return all;
}

/// Everything that is negotiated.
struct Outcome {
  Error error;
  bool established;
  Version version;
  CipherSuite suite;
  crypto::NamedGroup group;
  crypto::SignatureScheme scheme;
  std::string alpn;
  bool resumed;
  bool operator==(const Outcome&) const = default;
};

class Grease : public ::testing::TestWithParam<bool> {
 protected:
  Hello base() const {
    Hello hello = GetParam() ? hello12() : hello13();
    std::erase_if(hello.extensions, [](const auto& extension) { return extension.first == value(1); });
    return hello;
  }
  Outcome outcome_of(const Hello& hello, ServerConfig config = none_config()) const {
    Scene scene(config);
    scene.handshake(hello.whole());
    if (GetParam()) {
      scene.handshake(NoneClient::key_exchange(Buffer(32, 0x42)));
      scene.send(change_cipher_spec, {1});
      scene.client.protect(Protection::tls12, NoneClient::kKeys12);
      scene.handshake(NoneClient::finished12());
    } else {
      scene.client.protect(Protection::tls13, NoneClient::kHandshake13);
      scene.handshake(NoneClient::finished13());
    }
    const SessionInfo info = scene.server().session().info();
    return {info.error, info.established,      info.version,           info.cipher_suite,
            info.group, info.signature_scheme, std::string(info.alpn), info.resumed};
  }
};
INSTANTIATE_TEST_SUITE_P(Versions, Grease, ::testing::Bool(),
                         [](const auto& of) { return of.param ? "Tls12" : "Tls13"; });

TEST_P(Grease, ChangesNothingAnywhereInAnyList) {
  for (const List& list : lists(base())) {
    Hello usual = base();
    list.put(usual, list.items);
    const Outcome expected = outcome_of(usual);
    EXPECT_TRUE(expected.established) << list.name << ": " << describe(expected.error);
    for (std::size_t at = 0; at <= list.items.size(); ++at) {
      // Every value in front, three of them elsewhere.
      for (unsigned i = 0; i < (at == 0 ? kValues : 3); ++i) {
        std::vector<Buffer> items = list.items;
        items.insert(items.begin() + static_cast<std::ptrdiff_t>(at), list.grease(i));
        Hello hello = base();
        list.put(hello, items);
        EXPECT_EQ(outcome_of(hello), expected) << list.name << " at " << at << ", value " << i;
      }
    }
  }
}

TEST_P(Grease, ChangesNothingInAllListsAtOnce) {
  Hello hello = base();
  for (const List& list : lists(hello))
    if (list.put != put_extensions) list.put(hello, list.items);
  const Outcome expected = outcome_of(hello);
  EXPECT_TRUE(expected.established);
  for (const List& list : lists(hello)) {
    if (list.put == put_extensions) continue;
    std::vector<Buffer> items = {list.grease(0)};
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      items.push_back(list.items[i]);
      items.push_back(list.grease(static_cast<unsigned>(i + 1)));
    }
    list.put(hello, items);
  }
  std::vector<Buffer> items = {extension(0)};
  const std::vector<Buffer> usual = extensions_of(hello);
  for (std::size_t i = 0; i < usual.size(); ++i) {
    items.push_back(usual[i]);
    items.push_back(extension(static_cast<unsigned>(i + 1)));
  }
  ASSERT_LE(usual.size() + 1, kValues);
  put_extensions(hello, items);
  Outcome outcome = outcome_of(hello);
  EXPECT_EQ(outcome, expected) << describe(outcome.error);
}

TEST_P(Grease, IsNeverChosen) {
  using enum ExtensionType;
  const auto error_of = [&](ExtensionType type, const Buffer& body) {
    return outcome_of(base().set(type, body)).error;
  };
  EXPECT_EQ(outcome_of(base().suites({value(0), value(1)})).error, Error::no_common_cipher_suite);
  EXPECT_EQ(error_of(signature_algorithms, vector16(code_point(2))), Error::no_common_signature_scheme);
  EXPECT_EQ(error_of(alpn, vector16(protocol(3))), Error::no_common_alpn);
  EXPECT_EQ(error_of(supported_versions, vector8(code_point(4))), Error::no_common_version);
  if (GetParam()) {
    EXPECT_EQ(error_of(supported_groups, vector16(code_point(5))), Error::no_common_group);
    return;
  }
  Hello hello = base();
  put_shares(hello, {share(6)});
  hello.set(supported_groups, vector16(code_point(6)));
  EXPECT_EQ(outcome_of(hello).error, Error::no_common_group);
}

// RFC 8446 section 4.2.9: the modes are looked at when a session is resumed, and before tickets are sent.
TEST(GreaseInPskModes, LetsSessionsResume) {
  for (unsigned i = 0; i < 8; ++i) {
    for (const Buffer& modes : {join({mode(i), {1}}), join({{1}, mode(i)})}) {
      Scene scene;
      TicketOffer offer(scene.config);
      Hello hello = hello13();
      hello.set(ExtensionType::psk_key_exchange_modes, vector8(modes));
      offer.add_to(hello);
      scene.handshake(hello.whole());
      EXPECT_TRUE(scene.server().session().info().resumed);
    }
    Scene scene;
    TicketOffer offer(scene.config);
    Hello hello = hello13();
    hello.set(ExtensionType::psk_key_exchange_modes, vector8(mode(i)));
    offer.add_to(hello);
    scene.handshake(hello.whole());
    EXPECT_FALSE(scene.server().session().info().resumed);
    EXPECT_EQ(scene.server().session().info().error, Error::none);
  }
}

}  // namespace
}  // namespace lockstep::tls::test

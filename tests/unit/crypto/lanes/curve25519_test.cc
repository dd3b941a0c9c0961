#include "crypto/lanes/curve25519.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "tests/support/vectors.h"
#include "tests/unit/crypto/lanes/support.h"

namespace lockstep::crypto::lanes {
namespace {

using lockstep::test::hex;
using lockstep::test::to_hex;

using Key = std::array<std::uint8_t, 32>;
using EvpKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key key_of(std::string_view text) {
  const std::vector<std::uint8_t> bytes = hex(text);
  Key key{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), key.size()), key.begin());
  return key;
}

EvpKey private_evp(int type, const Key& key) {
  return {EVP_PKEY_new_raw_private_key(type, nullptr, key.data(), key.size()), EVP_PKEY_free};
}

/// libcrypto's X25519; nothing where it refuses the result, which it does when that is all zero.
std::optional<Key> reference_x25519(const Key& private_key, const Key& peer) {
  const EvpKey own = private_evp(EVP_PKEY_X25519, private_key);
  const EvpKey other(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, peer.data(), peer.size()), EVP_PKEY_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new(own.get(), nullptr),
                                                                            EVP_PKEY_CTX_free);
  Key shared{};
  std::size_t size = shared.size();
  if (EVP_PKEY_derive_init(context.get()) != 1 || EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1 ||
      EVP_PKEY_derive(context.get(), shared.data(), &size) != 1) {
    return std::nullopt;
  }
  return shared;
}

Key reference_public(int type, const Key& private_key) {
  Key public_key{};
  std::size_t size = public_key.size();
  EVP_PKEY_get_raw_public_key(private_evp(type, private_key).get(), public_key.data(), &size);
  return public_key;
}

std::vector<std::uint8_t> reference_sign(const Key& seed, Bytes message) {
  const EvpKey key = private_evp(EVP_PKEY_ED25519, seed);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::vector<std::uint8_t> signature(64);
  std::size_t size = signature.size();
  EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get());
  EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size());
  return signature;
}

bool reference_verify(const std::uint8_t (&public_key)[32], Bytes signature, Bytes message) {
  const EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key, 32), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get());
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

/// Points of order 1, 2, 4 and 8 and of the twist, in all their encodings (https://cr.yp.to/ecdh.html#validate).
const std::vector<Key>& low_order_points() {
  static const std::vector<Key> points = {
      key_of("0000000000000000000000000000000000000000000000000000000000000000"),
      key_of("0100000000000000000000000000000000000000000000000000000000000000"),
      key_of("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
      key_of("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
      key_of("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
      key_of("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
      key_of("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  };
  return points;
}

class Curve25519 : public testing::TestWithParam<test::Instance<Curve25519Kernels>> {
 protected:
  struct Derived {
    std::array<Key, kLanes> shared{};
    LaneMask good = 0;
  };

  void SetUp() override {
    if (!GetParam().runs) GTEST_SKIP() << "no AVX512-IFMA";
  }

  const Curve25519Kernels& kernels() const { return *GetParam().kernels; }
  /// Portable code takes forty times as long: it does a tenth of the checks.
  std::size_t checks(std::size_t wanted) const {
    return (test::checks(wanted) / (GetParam().kernels == &kCurve25519Portable ? 10 : 1) + kLanes - 1) / kLanes;
  }

  static const std::uint8_t (*rows(const std::array<Key, kLanes>& keys))[32] {
    return reinterpret_cast<const std::uint8_t(*)[32]>(keys.data());
  }
  static std::uint8_t (*rows(std::array<Key, kLanes>& keys))[32] {
    return reinterpret_cast<std::uint8_t(*)[32]>(keys.data());
  }

  Derived x25519(const std::array<Key, kLanes>& private_keys, const std::array<Key, kLanes>& peers) const {
    Derived derived;
    derived.good = kernels().x25519(rows(derived.shared), rows(private_keys), rows(peers));
    return derived;
  }
  std::array<Key, kLanes> x25519_base(const std::array<Key, kLanes>& private_keys) const {
    std::array<Key, kLanes> public_keys{};
    kernels().x25519_base(rows(public_keys), rows(private_keys));
    return public_keys;
  }
  /// The same operation in every lane: every lane has to give the result.
  Key x25519_everywhere(const Key& private_key, const Key& peer) const {
    std::array<Key, kLanes> private_keys;
    std::array<Key, kLanes> peers;
    private_keys.fill(private_key);
    peers.fill(peer);
    const Derived derived = x25519(private_keys, peers);
    for (const Key& shared : derived.shared) EXPECT_EQ(shared, derived.shared[0]);
    return derived.shared[0];
  }

  std::array<Ed25519Key, kLanes> expand(const std::array<Key, kLanes>& seeds) const {
    std::array<Ed25519Key, kLanes> keys;
    kernels().ed25519_expand(keys.data(), rows(seeds));
    return keys;
  }
  /// Signs message i with key i.
  std::vector<std::vector<std::uint8_t>> sign(const std::array<Ed25519Key, kLanes>& keys,
                                              const std::array<std::vector<std::uint8_t>, kLanes>& messages,
                                              const std::array<Key, kLanes>* noise = nullptr) const {
    std::array<const Ed25519Key*, kLanes> key_pointers;
    std::array<const std::uint8_t*, kLanes> message_pointers;
    std::array<std::size_t, kLanes> sizes;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      key_pointers[lane] = &keys[lane];
      message_pointers[lane] = messages[lane].data();
      sizes[lane] = messages[lane].size();
    }
    std::uint8_t signatures[kLanes][64];
    kernels().ed25519_sign(signatures, key_pointers.data(), message_pointers.data(), sizes.data(),
                           noise != nullptr ? rows(*noise) : nullptr);
    std::vector<std::vector<std::uint8_t>> copies;
    for (const auto& signature : signatures) copies.emplace_back(signature, signature + 64);
    return copies;
  }

  Key random_key() {
    Key key;
    random_.fill(key);
    return key;
  }
  std::array<Key, kLanes> random_keys() {
    std::array<Key, kLanes> keys;
    for (Key& key : keys) random_.fill(key);
    return keys;
  }
  std::vector<std::uint8_t> random_message(std::size_t size) {
    std::vector<std::uint8_t> message(size);
    random_.fill(message);
    return message;
  }

  Random random_ = Random::from_number(7748);
};

LOCKSTEP_BOTH_INSTANCES(Curve25519, Curve25519Kernels, kCurve25519Ifma, kCurve25519Portable);

TEST_P(Curve25519, GivesTheSecretsOfRfc7748) {
  EXPECT_EQ(x25519_everywhere(key_of("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                              key_of("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")),
            key_of("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"));
  EXPECT_EQ(x25519_everywhere(key_of("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                              key_of("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493")),
            key_of("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"));
}

TEST_P(Curve25519, IteratesAsRfc7748Does) {
  Key k = key_of("0900000000000000000000000000000000000000000000000000000000000000");
  Key u = k;
  const int iterations = GetParam().kernels == &kCurve25519Portable ? 10 : 1000;
  for (int i = 0; i < iterations; ++i) {
    const Key next = x25519_everywhere(k, u);
    u = k;
    k = next;
    if (i == 0) {
      EXPECT_EQ(k, key_of("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
    }
  }
  if (iterations == 1000) {
    EXPECT_EQ(k, key_of("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
  }
}

TEST_P(Curve25519, MakesTheKeyPairsOfRfc7748) {
  const Key alice = key_of("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const Key bob = key_of("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const std::array<Key, kLanes> public_keys = x25519_base({alice, bob, alice, bob, bob, bob, alice, alice});
  const Key alices_share = key_of("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  const Key bobs_share = key_of("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(public_keys, (std::array<Key, kLanes>{alices_share, bobs_share, alices_share, bobs_share, bobs_share,
                                                  bobs_share, alices_share, alices_share}));
  const Key secret = key_of("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(x25519_everywhere(alice, bobs_share), secret);
  EXPECT_EQ(x25519_everywhere(bob, alices_share), secret);
}

TEST_P(Curve25519, DerivesAsWycheproofDoes) {
  LOCKSTEP_SHARED_VECTORS(vectors, "x25519_test.json");
  std::vector<const nlohmann::json*> cases;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& one : group["tests"]) cases.push_back(&one);
  }
  for (std::size_t start = 0; start < cases.size(); start += kLanes) {
    std::array<Key, kLanes> private_keys{};
    std::array<Key, kLanes> peers{};
    const std::size_t count = std::min(kLanes, cases.size() - start);
    for (std::size_t lane = 0; lane < count; ++lane) {
      private_keys[lane] = key_of((*cases[start + lane])["private"].get<std::string>());
      peers[lane] = key_of((*cases[start + lane])["public"].get<std::string>());
    }
    const Derived derived = x25519(private_keys, peers);
    for (std::size_t lane = 0; lane < count; ++lane) {
      const nlohmann::json& one = *cases[start + lane];
      const Key expected = key_of(one["shared"].get<std::string>());
      EXPECT_EQ(derived.shared[lane], expected) << one["tcId"];
      EXPECT_EQ((derived.good >> lane & 1) != 0, expected != Key{}) << one["tcId"];
    }
  }
  lockstep::test::report_cases("x25519", cases.size());
}

TEST_P(Curve25519, DerivesAsLibcryptoDoes) {
  for (std::size_t i = 0; i < checks(1'000'000); ++i) {
    const std::array<Key, kLanes> private_keys = random_keys();
    const std::array<Key, kLanes> peers = random_keys();
    const Derived derived = x25519(private_keys, peers);
    ASSERT_EQ(derived.good, kAllLanes);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      ASSERT_EQ(derived.shared[lane], reference_x25519(private_keys[lane], peers[lane])) << "lane " << lane;
  }
}

TEST_P(Curve25519, MakesPublicKeysAsLibcryptoDoes) {
  for (std::size_t i = 0; i < checks(1'000'000); ++i) {
    const std::array<Key, kLanes> private_keys = random_keys();
    const std::array<Key, kLanes> public_keys = x25519_base(private_keys);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      ASSERT_EQ(public_keys[lane], reference_public(EVP_PKEY_X25519, private_keys[lane])) << "lane " << lane;
  }
}

// Runs of equal bits reach every digit of the comb, its carries and its neutral element.
TEST_P(Curve25519, TakesPrivateKeysOfEqualBits) {
  std::vector<Key> edges = {Key{}, key_of(std::string(64, 'f')), key_of(std::string(64, '8')),
                            key_of(std::string(64, '7'))};
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Key single{};
    single[bit / 8] = static_cast<std::uint8_t>(1U << bit % 8);
    edges.push_back(single);
    Key below{};
    std::fill_n(below.begin(), bit / 8, 0xff);
    below[bit / 8] = static_cast<std::uint8_t>((1U << bit % 8) - 1);
    edges.push_back(below);
  }
  Key nine{};
  nine[0] = 9;
  for (std::size_t start = 0; start < edges.size(); start += kLanes) {
    std::array<Key, kLanes> private_keys{};
    std::array<Key, kLanes> base;
    base.fill(nine);
    std::copy_n(edges.begin() + start, std::min(kLanes, edges.size() - start), private_keys.begin());
    const std::array<Key, kLanes> public_keys = x25519_base(private_keys);
    const Derived derived = x25519(private_keys, base);
    EXPECT_EQ(derived.shared, public_keys);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      EXPECT_EQ(public_keys[lane], reference_public(EVP_PKEY_X25519, private_keys[lane])) << to_hex(private_keys[lane]);
  }
}

TEST_P(Curve25519, TakesPeersAroundTheEdgesOfTheField) {
  std::vector<Key> edges;
  for (int low = 0; low < 256; ++low) {
    Key small{};
    small[0] = static_cast<std::uint8_t>(low);
    edges.push_back(small);
    Key large;
    large.fill(0xff);
    large[0] = static_cast<std::uint8_t>(low);  // p - 1, p, p + 1, 2^255 - 1 and the like, with the top bit set
    edges.push_back(large);
    large[31] = 0x7f;
    edges.push_back(large);
  }
  for (std::size_t start = 0; start < edges.size(); start += kLanes) {
    const std::array<Key, kLanes> private_keys = random_keys();
    std::array<Key, kLanes> peers;
    std::copy_n(edges.begin() + start, kLanes, peers.begin());
    const Derived derived = x25519(private_keys, peers);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const std::optional<Key> expected = reference_x25519(private_keys[lane], peers[lane]);
      EXPECT_EQ(derived.shared[lane], expected.value_or(Key{})) << to_hex(peers[lane]);
      EXPECT_EQ((derived.good >> lane & 1) != 0, expected.has_value()) << to_hex(peers[lane]);
    }
  }
}

TEST_P(Curve25519, LowOrderPeersGiveZeroAndAreNamed) {
  for (const Key& point : low_order_points()) {
    for (const unsigned top : {0x00U, 0x80U}) {
      Key peer = point;
      peer[31] = static_cast<std::uint8_t>(peer[31] | top);
      std::array<Key, kLanes> peers;
      peers.fill(peer);
      const Derived derived = x25519(random_keys(), peers);
      EXPECT_EQ(derived.good, 0) << to_hex(peer);
      for (const Key& shared : derived.shared) EXPECT_EQ(shared, Key{});
    }
  }
}

TEST_P(Curve25519, NoMixOfPeersDisturbsItsNeighbours) {
  const std::array<Key, kLanes> private_keys = random_keys();
  const std::array<Key, kLanes> good_peers = random_keys();
  const Derived alone = x25519(private_keys, good_peers);
  for (unsigned good = 0; good < 256; ++good) {
    std::array<Key, kLanes> peers = good_peers;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if ((good >> lane & 1) == 0) peers[lane] = low_order_points()[random_.below(7)];
    }
    const Derived derived = x25519(private_keys, peers);
    EXPECT_EQ(derived.good, good);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      EXPECT_EQ(derived.shared[lane], (good >> lane & 1) != 0 ? alone.shared[lane] : Key{});
  }
}

// Fewer than eight operations: the other lanes hold a dummy.
TEST_P(Curve25519, EveryNumberOfLanesGivesTheSame) {
  const std::array<Key, kLanes> private_keys = random_keys();
  const std::array<Key, kLanes> peers = random_keys();
  const Derived all = x25519(private_keys, peers);
  const std::array<Key, kLanes> all_public = x25519_base(private_keys);
  for (std::size_t count = 1; count <= kLanes; ++count) {
    std::array<Key, kLanes> some_keys{};
    std::array<Key, kLanes> some_peers{};
    std::copy_n(private_keys.begin(), count, some_keys.begin());
    std::copy_n(peers.begin(), count, some_peers.begin());
    const Derived some = x25519(some_keys, some_peers);
    const std::array<Key, kLanes> some_public = x25519_base(some_keys);
    for (std::size_t lane = 0; lane < count; ++lane) {
      EXPECT_EQ(some.shared[lane], all.shared[lane]);
      EXPECT_EQ(some_public[lane], all_public[lane]);
    }
    EXPECT_EQ(some.good, (1U << count) - 1);
  }
}

struct Rfc8032Case {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1, tests 1 to 3 and SHA(abc).
constexpr Rfc8032Case kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
     "551"
     "41438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
     "00d"
     "291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
     "027"
     "beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2"
     "a9a"
     "c94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad"
     "9be"
     "f1177331a704"},
};

TEST_P(Curve25519, SignsAsRfc8032Does) {
  std::array<Key, kLanes> seeds{};
  std::array<std::vector<std::uint8_t>, kLanes> messages;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    seeds[lane] = key_of(kRfc8032[lane % 4].seed);
    messages[lane] = hex(kRfc8032[lane % 4].message);
  }
  const std::array<Ed25519Key, kLanes> keys = expand(seeds);
  const std::vector<std::vector<std::uint8_t>> signatures = sign(keys, messages);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    EXPECT_EQ(to_hex(keys[lane].public_key), kRfc8032[lane % 4].public_key);
    EXPECT_EQ(to_hex(signatures[lane]), kRfc8032[lane % 4].signature);
  }
}

TEST_P(Curve25519, SignsAsLibcryptoDoes) {
  for (std::size_t i = 0; i < checks(1'000'000); ++i) {
    const std::array<Key, kLanes> seeds = random_keys();
    std::array<std::vector<std::uint8_t>, kLanes> messages;
    for (auto& message : messages) message = random_message(random_.below(i % 4 == 0 ? kMaxEd25519Message + 1 : 151));
    const std::array<Ed25519Key, kLanes> keys = expand(seeds);
    const std::vector<std::vector<std::uint8_t>> signatures = sign(keys, messages);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const Key public_key = reference_public(EVP_PKEY_ED25519, seeds[lane]);
      ASSERT_TRUE(std::equal(public_key.begin(), public_key.end(), keys[lane].public_key));
      ASSERT_EQ(signatures[lane], reference_sign(seeds[lane], messages[lane])) << "lane " << lane;
    }
  }
}

// Every size up to the largest, so that each number of blocks and each place of the padding occurs beside another.
TEST_P(Curve25519, SignsMessagesOfEverySize) {
  const std::array<Key, kLanes> seeds = random_keys();
  const std::array<Ed25519Key, kLanes> keys = expand(seeds);
  for (std::size_t size = 0; size <= kMaxEd25519Message; ++size) {
    std::array<std::vector<std::uint8_t>, kLanes> messages;
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      messages[lane] = random_message((size + lane * 67) % (kMaxEd25519Message + 1));
    const std::vector<std::vector<std::uint8_t>> signatures = sign(keys, messages);
    const std::size_t lane = size % kLanes;
    ASSERT_EQ(signatures[lane], reference_sign(seeds[lane], messages[lane])) << messages[lane].size();
  }
}

// Wycheproof's are vectors for verifying, without private keys: their messages are signed with other keys.
TEST_P(Curve25519, SignsWycheproofsMessages) {
  LOCKSTEP_SHARED_VECTORS(vectors, "ed25519_test.json");
  std::vector<std::vector<std::uint8_t>> texts;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& one : group["tests"]) {
      std::vector<std::uint8_t> text = hex(one["msg"]);
      if (text.size() <= kMaxEd25519Message) texts.push_back(std::move(text));
    }
  }
  const std::array<Key, kLanes> seeds = random_keys();
  const std::array<Ed25519Key, kLanes> keys = expand(seeds);
  for (std::size_t start = 0; start < texts.size(); start += kLanes) {
    std::array<std::vector<std::uint8_t>, kLanes> messages;
    for (std::size_t lane = 0; lane < kLanes; ++lane) messages[lane] = texts[(start + lane) % texts.size()];
    const std::vector<std::vector<std::uint8_t>> signatures = sign(keys, messages);
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      EXPECT_TRUE(reference_verify(keys[lane].public_key, signatures[lane], messages[lane]));
  }
  lockstep::test::report_cases("ed25519", texts.size());
}

TEST_P(Curve25519, NoiseChangesTheSignatureAndItVerifies) {
  const std::array<Key, kLanes> seeds = random_keys();
  const std::array<Ed25519Key, kLanes> keys = expand(seeds);
  std::array<std::vector<std::uint8_t>, kLanes> messages;
  for (std::size_t size = 0; size <= kMaxEd25519Message; size += 64) {
    for (auto& message : messages) message = random_message(size);
    const std::array<Key, kLanes> noise = random_keys();
    const auto signatures = sign(keys, messages, &noise);
    const std::array<Key, kLanes> other_noise = random_keys();
    const auto others = sign(keys, messages, &other_noise);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      EXPECT_TRUE(reference_verify(keys[lane].public_key, signatures[lane], messages[lane]));
      EXPECT_TRUE(reference_verify(keys[lane].public_key, others[lane], messages[lane]));
      EXPECT_FALSE(std::equal(signatures[lane].begin(), signatures[lane].begin() + 32, others[lane].begin()))
          << "the same nonce twice";
    }
  }
}

TEST_P(Curve25519, SeedsMayRepeatAndLanesMayShareAMessage) {
  std::array<Key, kLanes> seeds;
  seeds.fill(random_key());
  const std::array<Ed25519Key, kLanes> keys = expand(seeds);
  std::array<std::vector<std::uint8_t>, kLanes> messages;
  messages.fill(random_message(150));
  const auto signatures = sign(keys, messages);
  for (const auto& signature : signatures) EXPECT_EQ(signature, reference_sign(seeds[0], messages[0]));
}

TEST(Curve25519Instances, Agree) {
  if (!ifma_available()) GTEST_SKIP() << "no AVX512-IFMA";
  Random random = Random::from_number(8032);
  for (std::size_t i = 0; i < test::checks(10'000); ++i) {
    std::uint8_t a[kLanes][32];
    std::uint8_t b[kLanes][32];
    for (auto& lane : a) random.fill(lane);
    for (auto& lane : b) random.fill(lane);
    std::uint8_t wide[kLanes][32];
    std::uint8_t portable[kLanes][32];
    EXPECT_EQ(kCurve25519Ifma.x25519(wide, a, b), kCurve25519Portable.x25519(portable, a, b));
    EXPECT_TRUE(std::equal(&wide[0][0], &wide[0][0] + sizeof wide, &portable[0][0]));
    kCurve25519Ifma.x25519_base(wide, a);
    kCurve25519Portable.x25519_base(portable, a);
    EXPECT_TRUE(std::equal(&wide[0][0], &wide[0][0] + sizeof wide, &portable[0][0]));
  }
}

}  // namespace
}  // namespace lockstep::crypto::lanes

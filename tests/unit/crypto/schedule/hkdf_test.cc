#include "crypto/schedule/hkdf.h"

#include <gtest/gtest.h>

#include "crypto/base/random.h"
#include "crypto/schedule/prf.h"
#include "tests/support/vectors.h"
#include "tests/unit/crypto/schedule/reference.h"

namespace lockstep::crypto {
namespace {

using test::hex;
using test::to_hex;
using Buffer = std::vector<std::uint8_t>;

Buffer random_bytes(Random& random, std::size_t size) {
  Buffer bytes(size);
  random.fill(bytes);
  return bytes;
}

Hash any_hash(Random& random) {
  return random.below(2) == 0 ? Hash::sha256 : Hash::sha384;
}

// HKDF-Extract is HMAC with the salt as key (RFC 5869 section 2.2).
Buffer extract(Hash hash, Bytes salt, Bytes input) {
  Buffer prk(digest_size(hash));
  HmacKey(hash, salt).mac({input}, prk);
  return prk;
}

// Takes a PRF through all its steps.
void prf(Hash hash, Bytes secret, std::string_view label, Bytes seed, Bytes more_seed, MutableBytes out) {
  const HmacKey key(hash, secret);
  HashRound round;
  Prf prf;
  prf.start(hash, key.state(), label, seed, more_seed, out);
  while (prf.step(round)) round.run();
}

void check_wycheproof(Hash hash, std::string_view file, const nlohmann::json& json) {
  std::size_t cases = 0;
  for (const auto& group : json["testGroups"]) {
    for (const auto& test : group["tests"]) {
      const Buffer prk = extract(hash, hex(test["salt"]), hex(test["ikm"]));
      Buffer out(test["size"].get<std::size_t>());
      const bool expanded = hkdf_expand(HmacKey(hash, prk), hex(test["info"]), out);
      const bool matches = expanded && to_hex(out) == test["okm"].get<std::string>();
      EXPECT_EQ(matches, test["result"] == "valid") << file << " case " << test["tcId"];
      ++cases;
    }
  }
  test::report_cases(file, cases);
}

TEST(Hkdf, GivesTheValuesOfRfc5869) {
  const nlohmann::json json = test::own_vectors("rfc5869.json");
  std::size_t cases = 0;
  for (const auto& test : json["tests"]) {
    const Buffer prk = extract(Hash::sha256, hex(test["salt"]), hex(test["ikm"]));
    EXPECT_EQ(prk, hex(test["prk"]));
    const Buffer expected = hex(test["okm"]);
    Buffer okm(expected.size());
    ASSERT_TRUE(hkdf_expand(HmacKey(Hash::sha256, prk), hex(test["info"]), okm));
    EXPECT_EQ(okm, expected);
    ++cases;
  }
  test::report_cases("rfc5869.json", cases);
}

TEST(Hkdf, AgreesWithWycheproofSha256) {
  LOCKSTEP_SHARED_VECTORS(json, "hkdf_sha256_test.json");
  check_wycheproof(Hash::sha256, "hkdf_sha256_test.json", json);
}

TEST(Hkdf, AgreesWithWycheproofSha384) {
  LOCKSTEP_SHARED_VECTORS(json, "hkdf_sha384_test.json");
  check_wycheproof(Hash::sha384, "hkdf_sha384_test.json", json);
}

TEST(Hkdf, RefusesMoreThan255Digests) {
  const HmacKey prk(Hash::sha256, Buffer(32, 1));
  Buffer longest(255 * 32);
  EXPECT_TRUE(hkdf_expand(prk, {}, longest));
  Buffer out(255 * 32 + 1, 0xee);
  EXPECT_FALSE(hkdf_expand(prk, {}, out));
  EXPECT_EQ(out, Buffer(out.size(), 0xee));
}

TEST(Hkdf, AgreesWithLibcryptoOnRandomInputs) {
  Random random = Random::from_number(1);
  for (int i = 0; i < 500; ++i) {
    const Hash hash = any_hash(random);
    const Buffer salt = random_bytes(random, random.below(200));
    const Buffer input = random_bytes(random, 1 + random.below(200));
    const Buffer info = random_bytes(random, random.below(200));
    const Buffer prk = extract(hash, salt, input);
    ASSERT_EQ(prk, reference::extract(hash, salt, input));
    Buffer out(1 + random.below(300));
    ASSERT_TRUE(hkdf_expand(HmacKey(hash, prk), info, out));
    ASSERT_EQ(out, reference::expand(hash, prk, info, out.size()));
  }
}

TEST(HkdfExpandLabel, AgreesWithLibcryptoOnRandomInputs) {
  Random random = Random::from_number(2);
  for (int i = 0; i < 500; ++i) {
    const Hash hash = any_hash(random);
    const Buffer secret = random_bytes(random, digest_size(hash));
    const Buffer context = random_bytes(random, random.below(static_cast<std::uint32_t>(digest_size(hash)) + 1));
    const std::string label(random.below(19), 'x');
    Buffer out(1 + random.below(static_cast<std::uint32_t>(digest_size(hash))));
    hkdf_expand_label(HmacKey(hash, secret), label, context, out);
    ASSERT_EQ(out, reference::expand_label(hash, secret, label, context, out.size()));
  }
}

TEST(Prf, GivesTheWellKnownVector) {
  // The SHA-256 vector that was agreed on the TLS working group's list, 2009.
  const Buffer secret = hex("9bbe436ba940f017b17652849a71db35");
  const Buffer seed = hex("a0ba9f936cda311827a6f796ffd5198c");
  const std::string expected =
      "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
      "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66";
  Buffer out(100);
  prf(Hash::sha256, secret, "test label", seed, {}, out);
  EXPECT_EQ(to_hex(out), expected);
  EXPECT_EQ(to_hex(reference::prf(Hash::sha256, secret, "test label", seed, 100)), expected);
}

TEST(Prf, AgreesWithLibcryptoOnRandomInputs) {
  Random random = Random::from_number(3);
  for (int i = 0; i < 500; ++i) {
    const Hash hash = any_hash(random);
    const Buffer secret = random_bytes(random, 1 + random.below(300));
    constexpr std::string_view kLabel = "a label";
    const auto room = static_cast<std::uint32_t>(Prf::max_seed(hash) - kLabel.size());
    const Buffer seed = random_bytes(random, random.below(room + 1));
    const Buffer more = random_bytes(random, random.below(room + 1 - static_cast<std::uint32_t>(seed.size())));
    Buffer whole = seed;
    whole.insert(whole.end(), more.begin(), more.end());
    Buffer out(1 + random.below(300));
    prf(hash, secret, kLabel, seed, more, out);
    ASSERT_EQ(out, reference::prf(hash, secret, kLabel, whole, out.size()));
  }
}

}  // namespace
}  // namespace lockstep::crypto

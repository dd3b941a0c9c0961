#include "crypto/base/hmac.h"

#include <gtest/gtest.h>

#include "tests/support/vectors.h"

namespace lockstep {
namespace {

using test::hex;
using test::to_hex;

std::string mac_hex(Hash hash, Bytes key, Bytes message) {
  std::vector<std::uint8_t> out(digest_size(hash));
  HmacKey(hash, key).mac({message}, out);
  return to_hex(out);
}

// Wycheproof asks for a verification: the tag may be truncated, and an invalid one must not match.
void check_wycheproof(Hash hash, std::string_view file, const nlohmann::json& json) {
  std::size_t cases = 0;
  for (const auto& group : json["testGroups"]) {
    for (const auto& test : group["tests"]) {
      const std::string tag = test["tag"];
      const bool matches = mac_hex(hash, hex(test["key"]), hex(test["msg"])).substr(0, tag.size()) == tag;
      EXPECT_EQ(matches, test["result"] == "valid") << file << " case " << test["tcId"];
      ++cases;
    }
  }
  test::report_cases(file, cases);
}

TEST(Hmac, GivesTheTagsOfRfc4231) {
  const nlohmann::json json = test::own_vectors("rfc4231.json");
  std::size_t cases = 0;
  for (const auto& test : json["tests"]) {
    const Hash hash = test["hash"] == "sha256" ? Hash::sha256 : Hash::sha384;
    const std::string tag = test["tag"];
    EXPECT_EQ(mac_hex(hash, hex(test["key"]), hex(test["msg"])).substr(0, tag.size()), tag) << test;
    ++cases;
  }
  test::report_cases("rfc4231.json", cases);
}

TEST(Hmac, AgreesWithWycheproofSha256) {
  LOCKSTEP_SHARED_VECTORS(json, "hmac_sha256_test.json");
  check_wycheproof(Hash::sha256, "hmac_sha256_test.json", json);
}

TEST(Hmac, AgreesWithWycheproofSha384) {
  LOCKSTEP_SHARED_VECTORS(json, "hmac_sha384_test.json");
  check_wycheproof(Hash::sha384, "hmac_sha384_test.json", json);
}

TEST(Hmac, PiecesCountAsOneMessage) {
  const std::vector<std::uint8_t> key(20, 0x0b);
  const std::vector<std::uint8_t> message(300, 0x61);
  const Bytes all(message);
  const HmacKey ready(Hash::sha256, key);
  std::array<std::uint8_t, 32> out;
  ready.mac({all.first(1), {}, all.subspan(1, 200), all.subspan(201)}, out);
  EXPECT_EQ(to_hex(out), mac_hex(Hash::sha256, key, message));
}

TEST(Hmac, OutputMayBeThePieceItself) {
  const std::vector<std::uint8_t> key(20, 0x0b);
  std::array<std::uint8_t, 32> in_place;
  in_place.fill(7);
  const std::string expected = mac_hex(Hash::sha256, key, in_place);
  HmacKey(Hash::sha256, key).mac({in_place}, in_place);
  EXPECT_EQ(to_hex(in_place), expected);
}

TEST(Hmac, KeyMayHaveAnyLength) {
  // RFC 2104 section 3: a key longer than a block is replaced by its digest; a shorter one is padded with zeros.
  for (const Hash hash : {Hash::sha256, Hash::sha384}) {
    const std::vector<std::uint8_t> message(10, 1);
    std::vector<std::uint8_t> exact(block_size(hash), 9);
    std::vector<std::uint8_t> longer(block_size(hash) + 1, 9);
    std::vector<std::uint8_t> digest(digest_size(hash));
    digest_of(hash, longer, digest);
    EXPECT_EQ(mac_hex(hash, longer, message), mac_hex(hash, digest, message));
    EXPECT_NE(mac_hex(hash, longer, message), mac_hex(hash, exact, message));
    digest.resize(block_size(hash));
    EXPECT_EQ(mac_hex(hash, longer, message), mac_hex(hash, digest, message));
    EXPECT_EQ(mac_hex(hash, {}, message), mac_hex(hash, std::vector<std::uint8_t>(1, 0), message));
  }
}

}  // namespace
}  // namespace lockstep

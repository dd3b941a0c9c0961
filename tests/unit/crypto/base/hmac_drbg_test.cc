#include "crypto/base/hmac_drbg.h"

#include <gtest/gtest.h>

#include "tests/support/vectors.h"

namespace lockstep::test {
namespace {

std::string generated(const HmacDrbg::Seed& seed, std::initializer_list<std::size_t> sizes) {
  HmacDrbg drbg(seed);
  std::string all;
  for (const std::size_t size : sizes) {
    std::vector<std::uint8_t> out(size);
    drbg.generate(out);
    all += to_hex(out) + " ";
  }
  return all;
}

// RFC 6979 appendix A.2.5: its nonce is the first output of an HMAC_DRBG seeded with the private key and the digest.
TEST(HmacDrbg, GivesTheNonceOfRfc6979) {
  const auto key = hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
  const auto digest = hex("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf");  // of "sample"
  EXPECT_EQ(generated({key, digest, {}}, {32}), "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60 ");
}

TEST(HmacDrbg, JoinsThePartsOfItsSeed) {
  const auto seed = hex("000102030405060708090a0b0c0d0e0f");
  const Bytes all(seed);
  EXPECT_EQ(generated({all, {}, {}}, {16}), generated({all.first(5), all.subspan(5, 4), all.subspan(9)}, {16}));
}

TEST(HmacDrbg, ChangesItsKeyBetweenRequests) {
  const auto seed = hex("0102");
  EXPECT_NE(generated({seed, {}, {}}, {64}), generated({seed, {}, {}}, {32, 32}));
}

}  // namespace
}  // namespace lockstep::test

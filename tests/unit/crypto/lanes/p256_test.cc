// P-256: known answers, and the fixed base's table against libcrypto.
#include "tests/support/vectors.h"
#include "weierstrass_known_answers.h"

namespace lockstep::crypto::lanes::test {
namespace {

constexpr std::uint64_t kTable[][8][64] = {
#include "crypto/lanes/tables/p256_table.inc"
};

template <class Instance>
class P256Test : public WeierstrassTest<Instance> {};
using P256Instances = ::testing::Types<P256Ifma, P256Portable>;
TYPED_TEST_SUITE(P256Test, P256Instances);

// RFC 6979 appendix A.2.5, SHA-256.
constexpr SignatureAnswer kSignatures[] = {
    {.digest = "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",  // "sample"
     .k = "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
     .r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
     .s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"},
    {.digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",  // "test"
     .k = "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0",
     .r = "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
     .s = "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
};
constexpr KeyAnswer kKey = {.d = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
                            .x = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
                            .y = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"};

TYPED_TEST(P256Test, Rfc6979) {
  expect_signatures<TypeParam>(kKey, kSignatures);
}

TYPED_TEST(P256Test, SmallMultiplesOfTheGenerator) {
  expect_multiples<TypeParam>({{{.d = "01",
                                 .x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
                                 .y = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"},
                                {.d = "02",
                                 .x = "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
                                 .y = "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"},
                                {.d = "03",
                                 .x = "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c",
                                 .y = "8734640c4998ff7e374b06ce1a64a2ecd82ab036384fb83d9a79b127a27d5032"},
                                {.d = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
                                 .x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
                                 .y = "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"}}});
}

TYPED_TEST(P256Test, WycheproofEcdh) {
  LOCKSTEP_SHARED_VECTORS(vectors, "ecdh_secp256r1_ecpoint_test.json");
  run_ecdh<TypeParam>(vectors);
}

TYPED_TEST(P256Test, WycheproofEcdsa) {
  LOCKSTEP_SHARED_VECTORS(vectors, "ecdsa_secp256r1_sha256_test.json");
  run_ecdsa<TypeParam>(vectors);
}

TEST(P256Table, HoldsTheOddMultiplesOfEveryWindow) {
  expect_table<P256>(kTable, 7, Big(1) << 260);
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

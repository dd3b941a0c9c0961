// The parts around the kernels: stocks in locked memory, signature encodings, paddings.
#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/lanes/ecdsa_signature.h"
#include "crypto/lanes/rsa_padding.h"
#include "crypto/lanes/stock.h"
#include "tests/support/vectors.h"
#include "tests/unit/crypto/lanes/engine_support.h"

namespace lockstep::crypto::lanes::test {
namespace {

using Numbers = std::array<std::uint8_t, 64>;
using lockstep::test::hex;
using lockstep::test::to_hex;

constexpr Instant kNow = Instant{} + seconds(1);

TEST(Stock, GivesTheOldestFirstAndEachOnce) {
  Stock<int> stock(3);
  EXPECT_TRUE(stock.add(1, kNow) && stock.add(2, kNow) && stock.add(3, kNow));
  EXPECT_FALSE(stock.add(4, kNow));
  int value = 0;
  for (const int expected : {1, 2, 3}) {
    EXPECT_TRUE(stock.take(value));
    EXPECT_EQ(value, expected);
  }
  EXPECT_FALSE(stock.take(value));
  EXPECT_EQ(stock.room(), 3U);
}

TEST(Stock, ExpiresWhatWasMadeBeforeTheLimit) {
  Stock<int> stock(4);
  for (int i = 0; i < 4; ++i) stock.add(i, kNow + seconds(i));
  EXPECT_EQ(stock.expire(kNow + seconds(2)), 2U);
  int value = 0;
  EXPECT_TRUE(stock.take(value));
  EXPECT_EQ(value, 2);
}

TEST(Stock, OfNoCapacityHoldsNothing) {
  Stock<int> stock(0);
  int value = 0;
  EXPECT_FALSE(stock.add(1, kNow));
  EXPECT_FALSE(stock.take(value));
  EXPECT_EQ(stock.drop(), 0U);
}

TEST(LockedMemory, IsZeroAlignedAndWholePages) {
  const LockedMemory memory(5000);
  ASSERT_NE(memory.data(), nullptr);
  EXPECT_EQ(memory.size(), 8192U);
  const Bytes bytes(static_cast<const std::uint8_t*>(memory.data()), memory.size());
  EXPECT_TRUE(std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; }));
}

Numbers numbers(std::string_view r, std::string_view s) {
  Numbers result{};
  const auto r_bytes = hex(r), s_bytes = hex(s);
  std::copy(r_bytes.begin(), r_bytes.end(), result.begin() + 32 - static_cast<std::ptrdiff_t>(r_bytes.size()));
  std::copy(s_bytes.begin(), s_bytes.end(), result.end() - static_cast<std::ptrdiff_t>(s_bytes.size()));
  return result;
}

std::string encoded(std::string_view r, std::string_view s) {
  std::array<std::uint8_t, 73> out{};
  const std::size_t size = encode_ecdsa_signature(numbers(r, s), out);
  return to_hex(Bytes(out).first(size));
}

TEST(EcdsaSignature, IsEncodedInTheShortestForm) {
  EXPECT_EQ(encoded("01", "7f"), "300602010102017f");
  EXPECT_EQ(encoded("80", "ff01"),
            "3009"
            "02020080"
            "020300ff01");
}

TEST(EcdsaSignature, OfFullNumbersWithTopBitsFitsTheRoom) {
  const std::string ones(64, 'f');
  EXPECT_EQ(encoded(ones, ones), "3046022100" + ones + "022100" + ones);
}

TEST(EcdsaSignature, DecodesWhatItEncodes) {
  Random random = Random::from_number(5);
  for (int i = 0; i < 200; ++i) {
    Numbers in{}, out{};
    random.fill(MutableBytes(in).subspan(random.below(32)));
    std::array<std::uint8_t, 73> der{};
    const std::size_t size = encode_ecdsa_signature(in, der);
    ASSERT_TRUE(decode_ecdsa_signature(Bytes(der).first(size), out));
    EXPECT_EQ(in, out);
  }
}

TEST(EcdsaSignature, DecodingRefusesEveryOtherForm) {
  const std::string ones(66, 'f');
  for (const std::string_view bad : {
           "",
           "30",
           "3000",
           "3006020101020101ff",
           "300702010102017f",
           "300502010102017f",
           "310602010102017f",
           "300603010102017f",
           "30060201010201ff",    // s negative
           "30070202007f02017f",  // r not shortest
           "300502000201"
           "7f",
           "3003020101",
           "308106020101020101",
           "3006020201020101",
       }) {
    Numbers out{};
    EXPECT_FALSE(decode_ecdsa_signature(hex(bad), out)) << bad;
  }
  Numbers out{};
  EXPECT_FALSE(decode_ecdsa_signature(hex("3026022100" + ones + "020101"), out));  // r does not fit
}

TEST(RsaPadding, OfOneSchemeIsNotThatOfAnother) {
  const std::vector<SignatureScheme> schemes = {SignatureScheme::rsa_pss_rsae_sha256,
                                                SignatureScheme::rsa_pss_rsae_sha384, SignatureScheme::rsa_pkcs1_sha256,
                                                SignatureScheme::rsa_pkcs1_sha384};
  Random random = Random::from_number(6);
  const std::array<std::uint8_t, 3> content = {1, 2, 3};
  const std::array<std::uint8_t, 3> other = {1, 2, 4};
  for (const SignatureScheme made : schemes) {
    std::array<std::uint8_t, 384> encoded{};
    encode_rsa_message(made, content, random, encoded);
    for (const SignatureScheme asked : schemes) EXPECT_EQ(verify_rsa_message(asked, content, encoded), asked == made);
    EXPECT_FALSE(verify_rsa_message(made, other, encoded));
  }
}

TEST(RsaPadding, EveryFlippedBitIsNoticed) {
  Random random = Random::from_number(6);
  const std::array<std::uint8_t, 3> content = {1, 2, 3};
  for (const SignatureScheme scheme : {SignatureScheme::rsa_pss_rsae_sha256, SignatureScheme::rsa_pkcs1_sha256}) {
    std::array<std::uint8_t, 256> encoded{};
    encode_rsa_message(scheme, content, random, encoded);
    for (std::size_t bit = 0; bit < 2048; ++bit) {
      encoded[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      EXPECT_FALSE(verify_rsa_message(scheme, content, encoded)) << bit;
      encoded[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
  }
}

TEST(RsaPadding, OfPssDiffersEachTime) {
  Random random = Random::from_number(6);
  std::array<std::uint8_t, 256> first{}, second{};
  encode_rsa_message(SignatureScheme::rsa_pss_rsae_sha256, {}, random, first);
  encode_rsa_message(SignatureScheme::rsa_pss_rsae_sha256, {}, random, second);
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

#include "crypto/base/random.h"

#include <gtest/gtest.h>

#include <set>

#include "crypto/base/chacha20.h"
#include "tests/support/vectors.h"

namespace lockstep {
namespace {

using test::hex;
using test::to_hex;

TEST(ChaCha20, GivesTheBlockOfRfc8439) {
  // RFC 8439 section 2.3.2.
  const auto key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  const auto nonce = hex("000000090000004a00000000");
  std::array<std::uint8_t, kChaCha20Block> block;
  chacha20_block(key, 1, nonce, block);
  EXPECT_EQ(to_hex(block),
            "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
            "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
}

TEST(Random, ReplacesItsKeyBeforeEachBuffer) {
  const std::vector<std::uint8_t> seed(32, 5);
  const std::vector<std::uint8_t> nonce(12, 0);
  std::vector<std::uint8_t> expected;
  std::vector<std::uint8_t> key = seed;
  for (int buffer = 0; buffer < 3; ++buffer) {
    std::array<std::uint8_t, kChaCha20Block> block;
    for (std::uint32_t counter = 1; counter <= 8; ++counter) {
      chacha20_block(key, counter, nonce, block);
      expected.insert(expected.end(), block.begin(), block.end());
    }
    chacha20_block(key, 0, nonce, block);
    key.assign(block.begin(), block.begin() + 32);
  }
  Random random((Bytes(seed)));
  std::vector<std::uint8_t> bytes(expected.size());
  random.fill(bytes);
  EXPECT_EQ(bytes, expected);
}

TEST(Random, OutputDoesNotDependOnTheSizesAskedFor) {
  Random whole = Random::from_number(7);
  Random pieces = Random::from_number(7);
  std::vector<std::uint8_t> expected(5000);
  std::vector<std::uint8_t> bytes(5000);
  whole.fill(expected);
  Random sizes = Random::from_number(8);
  for (MutableBytes rest = bytes; !rest.empty();) {
    const std::size_t size = sizes.below(static_cast<std::uint32_t>(rest.size()) + 1);
    pieces.fill(rest.first(size));
    rest = rest.subspan(size);
  }
  EXPECT_EQ(bytes, expected);
}

TEST(Random, DifferentSeedsGiveDifferentStreams) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed = 0; seed < 100; ++seed) first.insert(Random::from_number(seed).u64());
  EXPECT_EQ(first.size(), 100U);
}

TEST(Random, BelowReachesEveryValueAndNoOther) {
  Random random = Random::from_number(9);
  for (const std::uint32_t bound : {1U, 2U, 3U, 7U, 100U}) {
    std::vector<int> seen(bound);
    for (std::uint32_t i = 0; i < 200 * bound; ++i) {
      const std::uint32_t value = random.below(bound);
      ASSERT_LT(value, bound);
      ++seen[value];
    }
    for (const int count : seen) {
      EXPECT_GT(count, 100) << bound;
      EXPECT_LT(count, bound == 1 ? 201 : 300) << bound;
    }
  }
}

TEST(Random, BelowIsUniformForBoundsNearTheWholeRange) {
  // Without rejection, 3 * 2^30 would give the lowest third twice as often as the rest.
  Random random = Random::from_number(10);
  constexpr std::uint32_t kBound = 3U << 30U;
  int lowest_third = 0;
  for (int i = 0; i < 30'000; ++i) lowest_third += random.below(kBound) % 3 == 0 ? 1 : 0;
  EXPECT_NEAR(lowest_third, 10'000, 500);
}

TEST(Random, KernelGivesDifferentBytesEachTime) {
  std::array<std::uint8_t, 32> first{};
  std::array<std::uint8_t, 32> second{};
  ASSERT_TRUE(fill_from_kernel(first));
  ASSERT_TRUE(fill_from_kernel(second));
  EXPECT_NE(first, second);
}

}  // namespace
}  // namespace lockstep

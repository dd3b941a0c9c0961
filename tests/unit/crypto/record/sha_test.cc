// The compression functions under the MAC of CBC records.
#include <gtest/gtest.h>

#include "crypto/base/random.h"
#include "crypto/base/sha1_compress.h"
#include "crypto/base/sha2_compress.h"
#include "crypto/record/hash_kernels.h"
#include "tests/support/vectors.h"

namespace lockstep::crypto::test {
namespace {

constexpr std::array<std::uint32_t, 8> kSha1Initial = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

/// A message with the padding of FIPS 180-4 section 5.1.1.
std::vector<std::uint8_t> padded(std::string_view message) {
  std::vector<std::uint8_t> bytes(message.begin(), message.end());
  bytes.push_back(0x80);
  while (bytes.size() % 64 != 56) bytes.push_back(0);
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(8 * std::uint64_t{message.size()} >> static_cast<unsigned>(shift)));
  return bytes;
}

using Compress = void (*)(std::uint32_t*, const std::uint8_t*, std::size_t);
std::string sha1_hex(Compress compress, std::string_view message) {
  std::array<std::uint32_t, 8> state = kSha1Initial;
  const std::vector<std::uint8_t> blocks = padded(message);
  compress(state.data(), blocks.data(), blocks.size() / 64);
  std::array<std::uint8_t, 20> digest;
  Writer writer(digest);
  for (std::size_t i = 0; i < 5; ++i) writer.u32(state[i]);
  return lockstep::test::to_hex(digest);
}

class Sha1 : public testing::TestWithParam<Compress> {};

// The examples NIST publishes beside FIPS 180-4.
TEST_P(Sha1, GivesThePublishedDigests) {
  if (GetParam() == sha1::compress_ni && !sha2::has_sha_ni()) GTEST_SKIP() << "this CPU has no SHA instructions";
  EXPECT_EQ(sha1_hex(GetParam(), "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha1_hex(GetParam(), ""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(sha1_hex(GetParam(), "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(sha1_hex(GetParam(), std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}
INSTANTIATE_TEST_SUITE_P(Portable, Sha1, testing::Values(sha1::compress_portable));
INSTANTIATE_TEST_SUITE_P(ShaInstructions, Sha1, testing::Values(sha1::compress_ni));

TEST(Sha1Compression, ShaInstructionsAgreeWithPortableCode) {
  if (!sha2::has_sha_ni()) GTEST_SKIP() << "this CPU has no SHA instructions";
  Random random = Random::from_number(1);
  for (int i = 0; i < 1000; ++i) {
    std::array<std::uint32_t, 5> portable;
    for (std::uint32_t& word : portable) word = random.u32();
    std::array<std::uint32_t, 5> ni = portable;
    std::vector<std::uint8_t> blocks(random.below(5) * std::size_t{64});
    random.fill(blocks);
    sha1::compress_portable(portable.data(), blocks.data(), blocks.size() / 64);
    sha1::compress_ni(ni.data(), blocks.data(), blocks.size() / 64);
    ASSERT_EQ(portable, ni);
  }
}

/// Each lane against the portable function, for random states, blocks, counts and sets of active lanes.
template <class Word>
void expect_lanes_like(void (*lanes)(LaneStates<Word>&, const std::uint8_t* const*, std::size_t, std::uint32_t),
                       void (*one)(Word*, const std::uint8_t*, std::size_t)) {
  constexpr std::size_t kLanes = kHashLanes<Word>;
  Random random = Random::from_number(2);
  for (int round = 0; round < 500; ++round) {
    LaneStates<Word> states{};
    random.fill({reinterpret_cast<std::uint8_t*>(&states), sizeof states});
    const LaneStates<Word> before = states;
    const std::size_t count = random.below(4);
    const std::uint32_t active = random.u32() & ((1U << kLanes) - 1);
    std::vector<std::vector<std::uint8_t>> blocks;
    std::array<const std::uint8_t*, kLanes> pointers;
    for (std::size_t i = 0; i < kLanes; ++i) {
      blocks.emplace_back(count * 16 * sizeof(Word) + 1);
      random.fill(blocks.back());
      pointers[i] = blocks[i].data() + 1;  // not aligned
    }
    lanes(states, pointers.data(), count, active);
    for (std::size_t i = 0; i < kLanes; ++i) {
      std::array<Word, 8> expected;
      for (std::size_t word = 0; word < 8; ++word) expected[word] = before.words[word][i];
      if ((active >> i & 1U) != 0) one(expected.data(), pointers[i], count);
      for (std::size_t word = 0; word < 8; ++word)
        ASSERT_EQ(states.words[word][i], expected[word]) << round << " " << i << " " << word;
    }
  }
}

TEST(ShaLanes, AgreeWithOneMessageAtATime) {
  if (hash_kernels().sha1.lanes == nullptr) GTEST_SKIP() << "this CPU has no AVX-512";
  expect_lanes_like<std::uint32_t>(sha1_lanes, sha1::compress_portable);
  expect_lanes_like<std::uint32_t>(sha256_lanes, sha2::compress256_portable);
  expect_lanes_like<std::uint64_t>(sha512_lanes, sha2::compress512_portable);
}

}  // namespace
}  // namespace lockstep::crypto::test

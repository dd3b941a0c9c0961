// Every way to hash several messages at once against the portable functions, one message at a time.
#include "crypto/base/sha2_lanes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/random.h"
#include "crypto/base/sha2_compress.h"

namespace lockstep::sha2 {
namespace {

template <class Word>
using State = std::array<Word, 8>;

template <class Word>
Word any_word(Random& random) {
  return static_cast<Word>(static_cast<std::uint64_t>(random.u32()) << 32U | random.u32());
}

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  random.fill(bytes);
  return bytes;
}

void compress_portable(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
  compress256_portable(state, blocks, count);
}
void compress_portable(std::uint64_t* state, const std::uint8_t* blocks, std::size_t count) {
  compress512_portable(state, blocks, count);
}

/// `n` random states, and for each some random blocks.
template <class Word>
struct Input {
  Input(Random& random, std::size_t n, std::size_t count) : states(n), blocks(n) {
    for (State<Word>& state : states)
      for (Word& word : state) word = any_word<Word>(random);
    for (auto& each : blocks) each = random_bytes(random, count * Lanes<Word>::kBlock);
  }
  std::vector<State<Word>> compressed(std::size_t count) const {
    std::vector<State<Word>> expected = states;
    for (std::size_t i = 0; i < states.size(); ++i) compress_portable(expected[i].data(), blocks[i].data(), count);
    return expected;
  }
  std::vector<Word*> state_pointers() {
    std::vector<Word*> pointers;
    for (State<Word>& state : states) pointers.push_back(state.data());
    return pointers;
  }
  std::vector<const std::uint8_t*> block_pointers() const {
    std::vector<const std::uint8_t*> pointers;
    for (const auto& each : blocks) pointers.push_back(each.data());
    return pointers;
  }

  std::vector<State<Word>> states;
  std::vector<std::vector<std::uint8_t>> blocks;
};

template <class Word>
void expect_kernel_agrees(const LaneKernels<Word>& kernels) {
  if (!has_avx512()) GTEST_SKIP() << "this CPU has no AVX-512";
  Random random = Random::from_number(1);
  for (int round = 0; round < 300; ++round) {
    const std::size_t count = random.below(5);
    Input<Word> input(random, kernels.lanes, count);
    const auto expected = input.compressed(count);
    kernels.compress(input.state_pointers().data(), input.block_pointers().data(), count);
    ASSERT_EQ(input.states, expected) << count << " blocks";
  }
}

TEST(Sha256Lanes16, AgreeWithPortableCodeOnRandomStatesAndBlocks) {
  expect_kernel_agrees(kSha256Lanes16);
}

TEST(Sha384Lanes8, AgreeWithPortableCodeOnRandomStatesAndBlocks) {
  expect_kernel_agrees(kSha384Lanes8);
}

TEST(Sha384Lanes4, AgreeWithPortableCodeOnRandomStatesAndBlocks) {
  expect_kernel_agrees(kSha384Lanes4);
}

TEST(Sha256NiPair, AgreesWithPortableCodeOnRandomStatesAndBlocks) {
  if (!has_sha_ni()) GTEST_SKIP() << "this CPU has no SHA instructions";
  Random random = Random::from_number(2);
  for (int round = 0; round < 1000; ++round) {
    const std::size_t count = random.below(5);
    Input<std::uint32_t> input(random, 2, count);
    const auto expected = input.compressed(count);
    compress256_ni_pair(input.state_pointers().data(), input.block_pointers().data(), count);
    ASSERT_EQ(input.states, expected);
  }
}

template <class Word>
void expect_schedule_instead_of_block(const LaneKernels<Word>& kernels,
                                      void (*make_schedule)(const std::uint8_t* block, Word* schedule)) {
  if (!has_avx512()) GTEST_SKIP() << "this CPU has no AVX-512";
  Random random = Random::from_number(4);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::array<Word, 16>> keys(kernels.lanes);
    std::vector<const Word*> key_pointers;
    std::vector<std::array<std::uint8_t, Lanes<Word>::kDigest>> macs(kernels.lanes);
    std::vector<std::array<std::uint8_t, Lanes<Word>::kDigest>> expected(kernels.lanes);
    std::vector<std::uint8_t*> mac_pointers;
    std::vector<std::uint8_t*> expected_pointers;
    for (std::size_t i = 0; i < kernels.lanes; ++i) {
      for (Word& word : keys[i]) word = any_word<Word>(random);
      key_pointers.push_back(keys[i].data());
      mac_pointers.push_back(macs[i].data());
      expected_pointers.push_back(expected[i].data());
    }
    const std::vector<std::uint8_t> block = random_bytes(random, Lanes<Word>::kBlock);
    std::array<Word, 80> schedule;
    make_schedule(block.data(), schedule.data());
    kernels.hmac_scheduled(key_pointers.data(), schedule.data(), mac_pointers.data());
    const std::vector<const std::uint8_t*> blocks(kernels.lanes, block.data());
    kernels.hmac(key_pointers.data(), blocks.data(), 1, expected_pointers.data());
    ASSERT_EQ(macs, expected);
  }
}

TEST(LaneKernels, TakeAScheduleInsteadOfTheBlock) {
  expect_schedule_instead_of_block(kSha256Lanes16, schedule256);
  expect_schedule_instead_of_block(kSha384Lanes8, schedule512);
  expect_schedule_instead_of_block(kSha384Lanes4, schedule512);
}

/// What a processor may have; what this one has not is skipped.
class LanesTest : public testing::TestWithParam<Features> {
 protected:
  void SetUp() override {
    const Features here = processor_features();
    if ((GetParam().sha_ni && !here.sha_ni) || (GetParam().avx512 && !here.avx512)) GTEST_SKIP() << "this CPU has less";
  }
  /// Runs `check` for each number of messages and both hashes.
  template <class Check>
  void for_all_counts(const Check& check) {
    for (std::size_t n = 0; n <= kMaxLanes; ++n) {
      check(Lanes<std::uint32_t>(GetParam()), std::uint32_t{}, n);
      check(Lanes<std::uint64_t>(GetParam()), std::uint64_t{}, n);
    }
  }
  Random random_ = Random::from_number(3);
};
INSTANTIATE_TEST_SUITE_P(Processors, LanesTest,
                         testing::Values(Features{false, false}, Features{true, false}, Features{false, true},
                                         Features{true, true}),
                         [](const auto& suite) {
                           return std::string(suite.param.sha_ni ? "ShaNi" : "NoShaNi") +
                                  (suite.param.avx512 ? "Avx512" : "NoAvx512");
                         });

TEST_P(LanesTest, CompressAnyNumberOfMessages) {
  for_all_counts([this]<class Word>(const Lanes<Word>& lanes, Word /*tag*/, std::size_t n) {
    for (std::size_t count = 1; count <= 3; ++count) {
      Input<Word> input(random_, n, count);
      const auto expected = input.compressed(count);
      lanes.compress(input.state_pointers().data(), input.block_pointers().data(), count, n);
      ASSERT_EQ(input.states, expected) << n << " messages of " << count << " blocks";
    }
  });
}

// Keys of every length up to a block; those of RFC 4231 and Wycheproof stand behind HmacKey.
TEST_P(LanesTest, HashTheBlocksOfKeysOfAnyLength) {
  for_all_counts([this]<class Word>(const Lanes<Word>& lanes, Word /*tag*/, std::size_t n) {
    for (std::size_t longest = 0; longest <= Lanes<Word>::kBlock; ++longest) {
      std::vector<std::vector<std::uint8_t>> keys(n);
      std::vector<const std::uint8_t*> pointers;
      std::vector<std::size_t> sizes;
      std::vector<Word> pads;
      std::vector<State<Word>> states(n);
      std::vector<Word*> state_pointers;
      for (std::size_t i = 0; i < n; ++i) {
        keys[i] = random_bytes(random_, longest - std::min(longest, i));
        keys[i].reserve(1);
        pointers.push_back(keys[i].data());
        sizes.push_back(keys[i].size());
        pads.push_back(random_.below(2) == 0 ? Lanes<Word>::kInnerPad : Lanes<Word>::kOuterPad);
        state_pointers.push_back(states[i].data());
      }
      lanes.key_block(pointers.data(), sizes.data(), pads.data(), state_pointers.data(), n);
      for (std::size_t i = 0; i < n; ++i) {
        std::vector<std::uint8_t> block(Lanes<Word>::kBlock);
        std::copy(keys[i].begin(), keys[i].end(), block.begin());
        for (std::uint8_t& byte : block) byte ^= static_cast<std::uint8_t>(pads[i]);
        State<Word> expected = kInitialState<Word>;
        compress_portable(expected.data(), block.data(), 1);
        ASSERT_EQ(states[i], expected) << n << " keys, this one of " << sizes[i];
      }
    }
  });
}

TEST_P(LanesTest, AuthenticateAnyNumberOfMessages) {
  for_all_counts([this]<class Word>(const Lanes<Word>& lanes, Word /*tag*/, std::size_t n) {
    for (std::size_t count = 1; count <= 2; ++count) {
      std::vector<std::array<Word, 16>> keys(n);
      std::vector<const Word*> key_pointers;
      std::vector<std::vector<std::uint8_t>> macs(n, std::vector<std::uint8_t>(Lanes<Word>::kDigest + 1, 0xee));
      std::vector<std::uint8_t*> mac_pointers;
      const Input<Word> input(random_, n, count);
      for (std::size_t i = 0; i < n; ++i) {
        for (Word& word : keys[i]) word = any_word<Word>(random_);
        key_pointers.push_back(keys[i].data());
        mac_pointers.push_back(macs[i].data());
      }
      lanes.hmac(key_pointers.data(), input.block_pointers().data(), count, mac_pointers.data(), n);
      for (std::size_t i = 0; i < n; ++i) {
        State<Word> inner;
        std::copy_n(keys[i].begin(), 8, inner.begin());
        compress_portable(inner.data(), input.blocks[i].data(), count);
        std::vector<std::uint8_t> outer(Lanes<Word>::kBlock);
        store_digest(inner.data(), outer.data());
        outer[Lanes<Word>::kDigest] = 0x80;
        constexpr std::size_t kBits = 8 * (Lanes<Word>::kBlock + Lanes<Word>::kDigest);
        outer[outer.size() - 2] = kBits >> 8U;
        outer[outer.size() - 1] = kBits & 0xffU;
        State<Word> state;
        std::copy_n(keys[i].begin() + 8, 8, state.begin());
        compress_portable(state.data(), outer.data(), 1);
        std::vector<std::uint8_t> expected(Lanes<Word>::kDigest + 1, 0xee);
        store_digest(state.data(), expected.data());
        ASSERT_EQ(macs[i], expected) << n << " messages of " << count << " blocks";
      }
    }
  });
}

}  // namespace
}  // namespace lockstep::sha2

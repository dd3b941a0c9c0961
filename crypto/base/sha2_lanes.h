// SHA-2 of many independent messages: picks, for as many as there are, the quickest of the ways this processor has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "crypto/base/sha2_avx512.h"

namespace lockstep::sha2 {

/// What a processor offers for SHA-2. Less can be asked for than there is, so that tests reach every way.
struct Features {
  bool sha_ni = false;
  bool avx512 = false;
};
/// Of the processor this runs on.
Features processor_features();

/// Most messages handed over in one call.
constexpr std::size_t kMaxLanes = 16;

/// The functions for one word size (std::uint32_t: SHA-256; std::uint64_t: SHA-384). In all of them `n` is at most
/// kMaxLanes, arrays have `n` entries, and no output overlaps another entry's input.
template <class Word>
class Lanes {
 public:
  static constexpr std::size_t kBlock = 16 * sizeof(Word);
  static constexpr std::size_t kDigest = sizeof(Word) == 4 ? 32 : 48;

  explicit Lanes(Features features);

  /// Messages that fill the widest registers; n need not be more to be quickest.
  std::size_t width() const { return width_; }
  /// Adds `count` blocks from each of `blocks` to each of `states` (eight words).
  void compress(Word* const* states, const std::uint8_t* const* blocks, std::size_t count, std::size_t n) const;
  /// The states (eight words) after the blocks of HMAC keys (RFC 2104 section 2) of `sizes` bytes, at most a block;
  /// `pads` is ipad or opad in each byte.
  void key_block(const std::uint8_t* const* keys, const std::size_t* sizes, const Word* pads, Word* const* states,
                 std::size_t n) const;
  /// The MACs (digest size) of messages whose padded form, after the key's block, is `count` blocks long. `keys` are
  /// sixteen words each: the states after the inner and the outer key block.
  void hmac(const Word* const* keys, const std::uint8_t* const* blocks, std::size_t count, std::uint8_t* const* macs,
            std::size_t n) const;

  /// Whether `hmac_scheduled` is there: messages go in lanes.
  bool has_lanes() const { return ways_[0].kernels != nullptr; }
  /// The MACs of one message of one block, given as its schedule (see sha2_compress.h), for width() keys.
  void hmac_scheduled(const Word* const* keys, const Word* schedule, std::uint8_t* const* macs) const {
    ways_[0].kernels->hmac_scheduled(keys, schedule, macs);
  }

  static constexpr Word kInnerPad = static_cast<Word>(0x3636363636363636);
  static constexpr Word kOuterPad = static_cast<Word>(0x5c5c5c5c5c5c5c5c);

 private:
  /// A way to go, worth it from `least` messages on, or `least_keyed` where keys and MACs are made, which cost other
  /// ways some work around their blocks.
  struct Way {
    std::size_t lanes;
    std::size_t least;
    std::size_t least_keyed;
    void (*compress)(Word* const* states, const std::uint8_t* const* blocks, std::size_t count);
    const LaneKernels<Word>* kernels;  // nullptr where there are no lanes
  };
  const Way& way_for(std::size_t n) const;
  const Way& keyed_way_for(std::size_t n) const;
  void add_ways(Features features);
  void few_key_blocks(const std::uint8_t* const* keys, const std::size_t* sizes, const Word* pads, Word* const* states,
                      std::size_t n) const;
  void few_hmacs(const Word* const* keys, const std::uint8_t* const* blocks, std::size_t count,
                 std::uint8_t* const* macs, std::size_t n) const;

  std::array<Way, 3> ways_{};  // widest first
  std::size_t way_count_ = 0;
  std::size_t width_ = 1;
};

extern template class Lanes<std::uint32_t>;
extern template class Lanes<std::uint64_t>;

/// The initial state of SHA-256 (FIPS 180-4 section 5.3.3) or SHA-384 (5.3.4).
template <class Word>
inline constexpr std::array<Word, 8> kInitialState{};
template <>
inline constexpr std::array<std::uint32_t, 8> kInitialState<std::uint32_t> = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};
template <>
inline constexpr std::array<std::uint64_t, 8> kInitialState<std::uint64_t> = {
    0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
    0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

/// Stores the words of a digest as its bytes (FIPS 180-4 section 3.1: big-endian).
template <class Word>
void store_digest(const Word* state, std::uint8_t* digest);

}  // namespace lockstep::sha2

// The compression functions of SHA-2 (FIPS 180-4 section 6) for many independent messages at once, and HMAC (RFC 2104)
// on top of them: one message in each lane of AVX-512 registers. Includes nothing with inline code, since
// sha2_avx512.cc is compiled for a wider instruction set than the rest; to be called only when `has_avx512()`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::sha2 {

/// Whether this processor (and its operating system) can run the functions below: AVX512F, BW, DQ, VL and BMI2.
bool has_avx512();

/// One way to fill registers. `Word` is std::uint32_t for SHA-256 and std::uint64_t for SHA-384; states are eight
/// words, blocks sixteen. All arrays have `lanes` entries. A caller with fewer messages repeats one of them, output
/// included: lanes read before they write, and write the same there. Nothing needs alignment.
template <class Word>
struct LaneKernels {
  std::size_t lanes;
  /// Adds `count` blocks from each of `blocks` to each of `states`.
  void (*compress)(Word* const* states, const std::uint8_t* const* blocks, std::size_t count);
  /// The states after a block made of a key of up to a block's size, filled up with zeros, each word xor `pads[lane]`
  /// (RFC 2104 section 2). Reads no byte beyond `sizes[lane]`.
  void (*key_block)(const std::uint8_t* const* keys, const std::size_t* sizes, const Word* pads, Word* const* states);
  /// The MACs of messages whose padded form, after the key's block, is `count` blocks long. `keys` are sixteen words
  /// each: the states after the inner and the outer key block. Writes the hash's 32 or 48 bytes to each of `macs`.
  void (*hmac)(const Word* const* keys, const std::uint8_t* const* blocks, std::size_t count,
               std::uint8_t* const* macs);
  /// The same for one message of one block in all lanes, given as its message schedule with the round constants added.
  void (*hmac_scheduled)(const Word* const* keys, const Word* schedule, std::uint8_t* const* macs);
};

/// SHA-256 in 512-bit registers.
extern const LaneKernels<std::uint32_t> kSha256Lanes16;
/// SHA-384 in 512-bit registers.
extern const LaneKernels<std::uint64_t> kSha384Lanes8;
/// SHA-384 in 256-bit registers, which have one port more on Intel's cores: quicker for up to four messages.
extern const LaneKernels<std::uint64_t> kSha384Lanes4;

}  // namespace lockstep::sha2

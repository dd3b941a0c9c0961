// The compression functions that the MAC of CBC records stands on: one message at a time, and where the CPU has AVX-512
// one block of many messages at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "crypto/cbc_job.h"

namespace lockstep::crypto {

enum class MacHash : std::uint8_t { sha1, sha256, sha384 };
constexpr MacHash mac_hash(CbcSuite suite) {
  return mac_size(suite) == 20 ? MacHash::sha1 : mac_size(suite) == 32 ? MacHash::sha256 : MacHash::sha384;
}

/// Messages that one vector of words takes: 16 words of 32 bits, 8 of 64 bits.
template <class Word>
constexpr std::size_t kHashLanes = 64 / sizeof(Word);

/// Chaining values of many messages: word after word, in each word the lanes side by side.
template <class Word>
struct alignas(64) LaneStates {
  Word words[8][kHashLanes<Word>];
};

/// The compression function of one hash. FIPS 180-4 section 6.
template <class Word>
struct HashKernel {
  /// Adds `count` blocks to one state.
  void (*one)(Word* state, const std::uint8_t* blocks, std::size_t count);
  /// Adds `count` blocks to each lane of `active`: lane i's blocks start at blocks[i]. The pointers of the other lanes
  /// must be readable as well; their states stay. nullptr where the CPU lacks the instructions.
  void (*lanes)(LaneStates<Word>& states, const std::uint8_t* const* blocks, std::size_t count, std::uint32_t active);
  /// From this many active lanes on, `lanes` is quicker than `one` for each (measured, see README.md).
  std::size_t crossover;
};
struct HashKernels {
  HashKernel<std::uint32_t> sha1;
  HashKernel<std::uint32_t> sha256;
  HashKernel<std::uint64_t> sha384;
};

/// What serves best on this CPU.
const HashKernels& hash_kernels();

}  // namespace lockstep::crypto

// The compression functions that the MAC of CBC records stands on: one message at a time, and where the CPU has AVX-512
// one block of many messages at once.
#pragma once

#include "crypto/cbc_job.h"
#include "crypto/record/sha_lanes.h"

namespace lockstep::crypto {

enum class MacHash : std::uint8_t { sha1, sha256, sha384 };
constexpr MacHash mac_hash(CbcSuite suite) {
  return mac_size(suite) == 20 ? MacHash::sha1 : mac_size(suite) == 32 ? MacHash::sha256 : MacHash::sha384;
}

/// The compression function of one hash (FIPS 180-4 section 6).
template <class Word>
struct HashKernel {
  /// Adds `count` blocks to one state of eight words (SHA-1: five).
  void (*one)(Word* state, const std::uint8_t* blocks, std::size_t count);
  /// The same for many lanes, as sha_lanes.h says; nullptr where the CPU lacks the instructions.
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

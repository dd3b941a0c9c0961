// SHA-1, SHA-256 and SHA-512 of many messages at once (FIPS 180-4 section 6), a message in each lane of an AVX-512
// register. Includes nothing with inline code, since sha_lanes.cc is compiled for a wider instruction set than the
// rest.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::crypto {

/// Messages that one vector of words takes: 16 words of 32 bits, 8 of 64 bits.
template <class Word>
constexpr std::size_t kHashLanes = 64 / sizeof(Word);

/// Chaining values of many messages: word after word, in each word the lanes side by side. SHA-1 has five words.
template <class Word>
struct alignas(64) LaneStates {
  Word words[8][kHashLanes<Word>];
};

/// Each adds `count` blocks to every lane of `active`: lane i's blocks start at blocks[i]. The blocks of the other
/// lanes must be readable as well; their states stay as they are. Time and memory touched depend on `count` and the
/// pointers only. To be called only where the CPU has AVX512F and AVX512BW.
void sha1_lanes(LaneStates<std::uint32_t>& states, const std::uint8_t* const* blocks, std::size_t count,
                std::uint32_t active);
void sha256_lanes(LaneStates<std::uint32_t>& states, const std::uint8_t* const* blocks, std::size_t count,
                  std::uint32_t active);
void sha512_lanes(LaneStates<std::uint64_t>& states, const std::uint8_t* const* blocks, std::size_t count,
                  std::uint32_t active);

}  // namespace lockstep::crypto

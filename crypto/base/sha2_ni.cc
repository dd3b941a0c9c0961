// SHA-256 with the SHA instructions. sha256rnds2 does two rounds on the state as two registers, (a b e f) and (c d g
// h), and waits for the one before. Two messages side by side fill half of that wait; more gain nothing.
#include <immintrin.h>

#include "crypto/base/sha2_compress.h"

namespace lockstep::sha2 {

namespace {

struct Table {
  alignas(16) std::uint32_t words[64];
};

constexpr Table kConstants = [] {
  Table table{};
  for (std::size_t i = 0; i < 64; ++i) table.words[i] = static_cast<std::uint32_t>(kRoundConstants[i] >> 32U);
  return table;
}();

__m128i load(const void* at) {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

// `n` messages side by side; every step is done for each of them before the next.
template <int n>
struct Messages {
  __m128i abef[n];
  __m128i cdgh[n];
  __m128i m[4][n];  // the last sixteen words of the message schedule

  [[gnu::always_inline]] void load_states(const std::uint32_t* const* states) {
    for (int i = 0; i < n; ++i) {
      const __m128i cdab = _mm_shuffle_epi32(load(states[i]), 0xb1);
      const __m128i efgh = _mm_shuffle_epi32(load(states[i] + 4), 0x1b);
      abef[i] = _mm_alignr_epi8(cdab, efgh, 8);
      cdgh[i] = _mm_blend_epi16(efgh, cdab, 0xf0);
    }
  }

  [[gnu::always_inline]] void store_states(std::uint32_t* const* states) const {
    for (int i = 0; i < n; ++i) {
      const __m128i feba = _mm_shuffle_epi32(abef[i], 0x1b);
      const __m128i dchg = _mm_shuffle_epi32(cdgh[i], 0xb1);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(states[i]), _mm_blend_epi16(feba, dchg, 0xf0));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(states[i] + 4), _mm_alignr_epi8(dchg, feba, 8));
    }
  }

  // Four rounds with the message words w(t) .. w(t+3).
  [[gnu::always_inline]] void rounds(int words, std::size_t t) {
    for (int i = 0; i < n; ++i) {
      const __m128i input = _mm_add_epi32(m[words][i], load(kConstants.words + t));
      cdgh[i] = _mm_sha256rnds2_epu32(cdgh[i], abef[i], input);
      abef[i] = _mm_sha256rnds2_epu32(abef[i], cdgh[i], _mm_shuffle_epi32(input, 0x0e));
    }
  }

  // Replaces the oldest four words by the next four (FIPS 180-4 section 6.2.2 step 1), and uses them.
  [[gnu::always_inline]] void scheduled_rounds(int oldest, std::size_t t) {
    const auto& m1 = m[(oldest + 1) % 4];
    const auto& m2 = m[(oldest + 2) % 4];
    const auto& m3 = m[(oldest + 3) % 4];
    for (int i = 0; i < n; ++i) {
      const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(m[oldest][i], m1[i]), _mm_alignr_epi8(m3[i], m2[i], 4));
      m[oldest][i] = _mm_sha256msg2_epu32(sum, m3[i]);
    }
    rounds(oldest, t);
  }

  [[gnu::always_inline]] void add_block(const std::uint8_t* const* blocks, std::size_t offset) {
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i old_abef[n];
    __m128i old_cdgh[n];
    for (int i = 0; i < n; ++i) {
      old_abef[i] = abef[i];
      old_cdgh[i] = cdgh[i];
      for (std::size_t j = 0; j < 4; ++j) m[j][i] = _mm_shuffle_epi8(load(blocks[i] + offset + 16 * j), big_endian);
    }
    rounds(0, 0);
    rounds(1, 4);
    rounds(2, 8);
    rounds(3, 12);
    for (std::size_t t = 16; t < 64; t += 16) {
      scheduled_rounds(0, t);
      scheduled_rounds(1, t + 4);
      scheduled_rounds(2, t + 8);
      scheduled_rounds(3, t + 12);
    }
    for (int i = 0; i < n; ++i) {
      abef[i] = _mm_add_epi32(abef[i], old_abef[i]);
      cdgh[i] = _mm_add_epi32(cdgh[i], old_cdgh[i]);
    }
  }
};

template <int n>
[[gnu::always_inline]] inline void compress(std::uint32_t* const* states, const std::uint8_t* const* blocks,
                                            std::size_t count) {
  Messages<n> messages;
  messages.load_states(states);
  for (std::size_t i = 0; i < count; ++i) messages.add_block(blocks, 64 * i);
  messages.store_states(states);
}

}  // namespace

void compress256_ni(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
  compress<1>(&state, &blocks, count);
}

void compress256_ni_pair(std::uint32_t* const* states, const std::uint8_t* const* blocks, std::size_t count) {
  compress<2>(states, blocks, count);
}

}  // namespace lockstep::sha2

// SHA-256 with the SHA instructions. sha256rnds2 does two rounds on the state as two registers, (a b e f) and (c d g
// h).
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

// Four rounds with the message words w(t) .. w(t+3).
void rounds(__m128i& abef, __m128i& cdgh, __m128i message, std::size_t t) {
  const __m128i input = _mm_add_epi32(message, load(kConstants.words + t));
  cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
  abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0e));
}

// The next four message words from the last sixteen, oldest first (FIPS 180-4 section 6.2.2 step 1).
__m128i next_words(__m128i m0, __m128i m1, __m128i m2, __m128i m3) {
  const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(m0, m1), _mm_alignr_epi8(m3, m2, 4));
  return _mm_sha256msg2_epu32(sum, m3);
}

}  // namespace

void compress256_ni(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i cdab = _mm_shuffle_epi32(load(state), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(load(state + 4), 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

  for (; count > 0; --count, blocks += 64) {
    const __m128i old_abef = abef;
    const __m128i old_cdgh = cdgh;
    __m128i m0 = _mm_shuffle_epi8(load(blocks), big_endian);
    __m128i m1 = _mm_shuffle_epi8(load(blocks + 16), big_endian);
    __m128i m2 = _mm_shuffle_epi8(load(blocks + 32), big_endian);
    __m128i m3 = _mm_shuffle_epi8(load(blocks + 48), big_endian);
    rounds(abef, cdgh, m0, 0);
    rounds(abef, cdgh, m1, 4);
    rounds(abef, cdgh, m2, 8);
    rounds(abef, cdgh, m3, 12);
    for (std::size_t t = 16; t < 64; t += 16) {
      m0 = next_words(m0, m1, m2, m3);
      rounds(abef, cdgh, m0, t);
      m1 = next_words(m1, m2, m3, m0);
      rounds(abef, cdgh, m1, t + 4);
      m2 = next_words(m2, m3, m0, m1);
      rounds(abef, cdgh, m2, t + 8);
      m3 = next_words(m3, m0, m1, m2);
      rounds(abef, cdgh, m3, t + 12);
    }
    abef = _mm_add_epi32(abef, old_abef);
    cdgh = _mm_add_epi32(cdgh, old_cdgh);
  }

  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace lockstep::sha2

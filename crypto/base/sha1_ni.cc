// SHA-1 with the SHA instructions. sha1rnds4 does four rounds on the state as (a b c d), a in the top word; e comes
// with the message words, and for the following group of rounds is made from this one's a by sha1nexte.
#include <immintrin.h>

#include "crypto/base/sha1_compress.h"

namespace lockstep::sha1 {

namespace {

__m128i load(const void* at) {
  return _mm_loadu_si128(static_cast<const __m128i*>(at));
}

// The next four message words from the last sixteen, oldest first (FIPS 180-4 section 6.1.2 step 1).
__m128i next_words(__m128i m0, __m128i m1, __m128i m2, __m128i m3) {
  return _mm_sha1msg2_epu32(_mm_xor_si128(_mm_sha1msg1_epu32(m0, m1), m2), m3);
}

// Four rounds of kind `function` (0 to 3: Ch, Parity, Maj, Parity, with their constants). `e` is the variable abcd of
// the group before, whose a becomes this group's e.
template <int function>
void rounds(__m128i& abcd, __m128i& e, __m128i message) {
  const __m128i input = _mm_sha1nexte_epu32(e, message);
  e = abcd;
  abcd = _mm_sha1rnds4_epu32(abcd, input, function);
}

}  // namespace

void compress_ni(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
  const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
  __m128i abcd = _mm_shuffle_epi32(load(state), 0x1b);
  __m128i e = _mm_set_epi32(static_cast<int>(state[4]), 0, 0, 0);

  for (; count > 0; --count, blocks += 64) {
    const __m128i old_abcd = abcd;
    const __m128i old_e = e;
    __m128i m0 = _mm_shuffle_epi8(load(blocks), big_endian);
    __m128i m1 = _mm_shuffle_epi8(load(blocks + 16), big_endian);
    __m128i m2 = _mm_shuffle_epi8(load(blocks + 32), big_endian);
    __m128i m3 = _mm_shuffle_epi8(load(blocks + 48), big_endian);
    // The first group's e has not been rotated yet: it is added as it is.
    const __m128i input = _mm_add_epi32(e, m0);
    e = abcd;
    abcd = _mm_sha1rnds4_epu32(abcd, input, 0);
    rounds<0>(abcd, e, m1);
    rounds<0>(abcd, e, m2);
    rounds<0>(abcd, e, m3);
    m0 = next_words(m0, m1, m2, m3);
    rounds<0>(abcd, e, m0);
    m1 = next_words(m1, m2, m3, m0);
    rounds<1>(abcd, e, m1);
    m2 = next_words(m2, m3, m0, m1);
    rounds<1>(abcd, e, m2);
    m3 = next_words(m3, m0, m1, m2);
    rounds<1>(abcd, e, m3);
    m0 = next_words(m0, m1, m2, m3);
    rounds<1>(abcd, e, m0);
    m1 = next_words(m1, m2, m3, m0);
    rounds<1>(abcd, e, m1);
    m2 = next_words(m2, m3, m0, m1);
    rounds<2>(abcd, e, m2);
    m3 = next_words(m3, m0, m1, m2);
    rounds<2>(abcd, e, m3);
    m0 = next_words(m0, m1, m2, m3);
    rounds<2>(abcd, e, m0);
    m1 = next_words(m1, m2, m3, m0);
    rounds<2>(abcd, e, m1);
    m2 = next_words(m2, m3, m0, m1);
    rounds<2>(abcd, e, m2);
    m3 = next_words(m3, m0, m1, m2);
    rounds<3>(abcd, e, m3);
    m0 = next_words(m0, m1, m2, m3);
    rounds<3>(abcd, e, m0);
    m1 = next_words(m1, m2, m3, m0);
    rounds<3>(abcd, e, m1);
    m2 = next_words(m2, m3, m0, m1);
    rounds<3>(abcd, e, m2);
    m3 = next_words(m3, m0, m1, m2);
    rounds<3>(abcd, e, m3);
    e = _mm_sha1nexte_epu32(e, old_e);
    abcd = _mm_add_epi32(abcd, old_abcd);
  }

  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_shuffle_epi32(abcd, 0x1b));
  state[4] = static_cast<std::uint32_t>(_mm_extract_epi32(e, 3));
}

}  // namespace lockstep::sha1

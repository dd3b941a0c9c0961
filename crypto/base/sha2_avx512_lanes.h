// The lanes that SHA-2 runs in: instructions by word size and width of register, and how messages, keys, states and
// digests get into lanes and out of them. Part of sha2_avx512.cc, and included by it alone: everything here has
// internal linkage, since it is compiled for a wider instruction set than the rest.
#pragma once

#include <immintrin.h>

#include "crypto/base/sha2_compress.h"

namespace lockstep::sha2 {

namespace {

#define LOCKSTEP_INLINE [[gnu::always_inline]] static inline

struct Constants256 {
  std::uint32_t words[64];
};

constexpr Constants256 kConstants256 = [] {
  Constants256 table{};
  for (std::size_t i = 0; i < 64; ++i) table.words[i] = static_cast<std::uint32_t>(kRoundConstants[i] >> 32U);
  return table;
}();

// Sixteen lanes of 32 bits.
struct Sha256x16 {
  using Word = std::uint32_t;
  using Vector = __m512i;
  static constexpr std::size_t kLanes = 16;
  static constexpr std::size_t kRounds = 64;
  static constexpr std::size_t kDigestWords = 8;
  static constexpr Word kHmacBits = 8U * (64U + 32U);
  static constexpr Word kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                       0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

  LOCKSTEP_INLINE Vector load(const Word* at) { return _mm512_loadu_si512(at); }
  LOCKSTEP_INLINE Vector splat(Word word) { return _mm512_set1_epi32(static_cast<int>(word)); }
  LOCKSTEP_INLINE Vector constant(std::size_t t) { return splat(kConstants256.words[t]); }
  LOCKSTEP_INLINE Vector add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  LOCKSTEP_INLINE Vector exclusive_or(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
  template <int table>
  LOCKSTEP_INLINE Vector logic(Vector a, Vector b, Vector c) {
    return _mm512_ternarylogic_epi32(a, b, c, table);
  }
  template <int count>
  LOCKSTEP_INLINE Vector rotated(Vector a) {
    return _mm512_ror_epi32(a, count);
  }
  template <int count>
  LOCKSTEP_INLINE Vector shifted(Vector a) {
    return _mm512_srli_epi32(a, count);
  }
  LOCKSTEP_INLINE Vector big_sigma0(Vector a) { return logic<0x96>(rotated<2>(a), rotated<13>(a), rotated<22>(a)); }
  LOCKSTEP_INLINE Vector big_sigma1(Vector a) { return logic<0x96>(rotated<6>(a), rotated<11>(a), rotated<25>(a)); }
  LOCKSTEP_INLINE Vector small_sigma0(Vector a) { return logic<0x96>(rotated<7>(a), rotated<18>(a), shifted<3>(a)); }
  LOCKSTEP_INLINE Vector small_sigma1(Vector a) { return logic<0x96>(rotated<17>(a), rotated<19>(a), shifted<10>(a)); }

  LOCKSTEP_INLINE Vector big_endian(Vector a) {
    return _mm512_shuffle_epi8(a, _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203)));
  }

  // Four rows of four words in each 128-bit part, turned: row i becomes the words i.
  LOCKSTEP_INLINE void transpose4(Vector& r0, Vector& r1, Vector& r2, Vector& r3) {
    const Vector low01 = _mm512_unpacklo_epi32(r0, r1);
    const Vector high01 = _mm512_unpackhi_epi32(r0, r1);
    const Vector low23 = _mm512_unpacklo_epi32(r2, r3);
    const Vector high23 = _mm512_unpackhi_epi32(r2, r3);
    r0 = _mm512_unpacklo_epi64(low01, low23);
    r1 = _mm512_unpackhi_epi64(low01, low23);
    r2 = _mm512_unpacklo_epi64(high01, high23);
    r3 = _mm512_unpackhi_epi64(high01, high23);
  }

  // Rows of sixteen words, one for each lane, to words of sixteen lanes.
  LOCKSTEP_INLINE void transpose(Vector* r) {
    for (int i = 0; i < 16; i += 4) transpose4(r[i], r[i + 1], r[i + 2], r[i + 3]);
    for (int i = 0; i < 4; ++i) {
      const Vector low02 = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
      const Vector low13 = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
      const Vector high02 = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
      const Vector high13 = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
      r[i] = _mm512_shuffle_i32x4(low02, high02, 0x88);
      r[i + 4] = _mm512_shuffle_i32x4(low13, high13, 0x88);
      r[i + 8] = _mm512_shuffle_i32x4(low02, high02, 0xdd);
      r[i + 12] = _mm512_shuffle_i32x4(low13, high13, 0xdd);
    }
  }

  // The same for rows of eight words, which `row` gives by lane. Two lanes share a register, lanes i and i + 4 the
  // first four, 8 + i and 12 + i the others, so that they come out in order.
  LOCKSTEP_INLINE void transpose_halves(Vector* v, const auto& row) {
    for (std::size_t i = 0; i < 8; ++i) {
      const std::size_t lane = i < 4 ? i : i + 4;
      v[i] = _mm512_inserti64x4(_mm512_castsi256_si512(row(lane)), row(lane + 4), 1);
    }
    transpose4(v[0], v[1], v[2], v[3]);
    transpose4(v[4], v[5], v[6], v[7]);
    for (int i = 0; i < 4; ++i) {
      const Vector low = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
      const Vector high = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
      v[i] = low;
      v[i + 4] = high;
    }
  }

  LOCKSTEP_INLINE void load_blocks(const std::uint8_t* const* blocks, std::size_t offset, Vector* w) {
    for (std::size_t i = 0; i < 16; ++i) w[i] = big_endian(_mm512_loadu_si512(blocks[i] + offset));
    transpose(w);
  }
  LOCKSTEP_INLINE void load_keys(const std::uint8_t* const* keys, const std::size_t* sizes, Vector* w) {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < 16; ++i) longest = sizes[i] > longest ? sizes[i] : longest;
    if (longest > 32) {
      for (std::size_t i = 0; i < 16; ++i)
        w[i] = big_endian(_mm512_maskz_loadu_epi8(_bzhi_u64(~0ULL, static_cast<unsigned>(sizes[i])), keys[i]));
      transpose(w);
      return;
    }
    const auto half = [=](std::size_t lane) __attribute__((always_inline)) {
      return _mm256_maskz_loadu_epi8(_bzhi_u32(~0U, static_cast<unsigned>(sizes[lane])), keys[lane]);
    };
    transpose_halves(w, half);
    for (int i = 0; i < 8; ++i) w[i] = big_endian(w[i]);
    for (int i = 8; i < 16; ++i) w[i] = splat(0);
  }
  LOCKSTEP_INLINE void load_states(const Word* const* states, std::size_t offset, Vector* v) {
    transpose_halves(v, [=](std::size_t lane) __attribute__((always_inline)) {
      return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(states[lane] + offset));
    });
  }
  LOCKSTEP_INLINE void store_rows(Vector* v, const auto& store) {
    const Vector first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    const Vector second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    for (int i = 0; i < 4; ++i) {
      const Vector low = _mm512_permutex2var_epi64(v[i], first, v[i + 4]);
      const Vector high = _mm512_permutex2var_epi64(v[i], second, v[i + 4]);
      v[i] = low;
      v[i + 4] = high;
    }
    transpose4(v[0], v[1], v[2], v[3]);
    transpose4(v[4], v[5], v[6], v[7]);
    for (std::size_t i = 0; i < 8; ++i) {
      const std::size_t lane = i < 4 ? i : i + 4;
      store(lane, _mm512_castsi512_si256(v[i]));
      store(lane + 4, _mm512_extracti64x4_epi64(v[i], 1));
    }
  }
  LOCKSTEP_INLINE void store_states(Vector* v, Word* const* states, std::size_t offset) {
    store_rows(v, [=](std::size_t lane, __m256i row) __attribute__((always_inline)) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(states[lane] + offset), row);
    });
  }
  LOCKSTEP_INLINE void store_digests(Vector* v, std::uint8_t* const* digests) {
    for (int i = 0; i < 8; ++i) v[i] = big_endian(v[i]);
    store_rows(v, [=](std::size_t lane, __m256i row) __attribute__((always_inline)) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(digests[lane]), row);
    });
  }
};

// What SHA-512's lanes have in common, whatever their number.
template <class Sha>
class Sha384Common {
 public:
  LOCKSTEP_INLINE auto big_sigma0(auto a) {
    return Sha::template logic<0x96>(Sha::template rotated<28>(a), Sha::template rotated<34>(a),
                                     Sha::template rotated<39>(a));
  }
  LOCKSTEP_INLINE auto big_sigma1(auto a) {
    return Sha::template logic<0x96>(Sha::template rotated<14>(a), Sha::template rotated<18>(a),
                                     Sha::template rotated<41>(a));
  }
  LOCKSTEP_INLINE auto small_sigma0(auto a) {
    return Sha::template logic<0x96>(Sha::template rotated<1>(a), Sha::template rotated<8>(a),
                                     Sha::template shifted<7>(a));
  }
  LOCKSTEP_INLINE auto small_sigma1(auto a) {
    return Sha::template logic<0x96>(Sha::template rotated<19>(a), Sha::template rotated<61>(a),
                                     Sha::template shifted<6>(a));
  }

  using Word = std::uint64_t;
  static constexpr std::size_t kRounds = 80;
  static constexpr std::size_t kDigestWords = 6;  // SHA-384's
  static constexpr Word kHmacBits = 8ULL * (128 + 48);
  static constexpr Word kInitial[8] = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
                                       0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};

 private:
  friend Sha;
  Sha384Common() = default;
};

// Eight lanes of 64 bits.
struct Sha384x8 : Sha384Common<Sha384x8> {
  using Vector = __m512i;
  static constexpr std::size_t kLanes = 8;

  LOCKSTEP_INLINE Vector load(const Word* at) { return _mm512_loadu_si512(at); }
  LOCKSTEP_INLINE Vector splat(Word word) { return _mm512_set1_epi64(static_cast<long long>(word)); }
  LOCKSTEP_INLINE Vector constant(std::size_t t) { return splat(kRoundConstants[t]); }
  LOCKSTEP_INLINE Vector add(Vector a, Vector b) { return _mm512_add_epi64(a, b); }
  LOCKSTEP_INLINE Vector exclusive_or(Vector a, Vector b) { return _mm512_xor_si512(a, b); }
  template <int table>
  LOCKSTEP_INLINE Vector logic(Vector a, Vector b, Vector c) {
    return _mm512_ternarylogic_epi64(a, b, c, table);
  }
  template <int count>
  LOCKSTEP_INLINE Vector rotated(Vector a) {
    return _mm512_ror_epi64(a, count);
  }
  template <int count>
  LOCKSTEP_INLINE Vector shifted(Vector a) {
    return _mm512_srli_epi64(a, count);
  }
  LOCKSTEP_INLINE Vector big_endian(Vector a) {
    return _mm512_shuffle_epi8(a, _mm512_broadcast_i32x4(_mm_set_epi64x(0x08090a0b0c0d0e0f, 0x0001020304050607)));
  }

  LOCKSTEP_INLINE void transpose(Vector* r) {
    for (int i = 0; i < 8; i += 2) {
      const Vector low = _mm512_unpacklo_epi64(r[i], r[i + 1]);
      r[i + 1] = _mm512_unpackhi_epi64(r[i], r[i + 1]);
      r[i] = low;
    }
    // Row 2 i + j now has the words j, 2 + j, 4 + j, 6 + j of lanes 2 i and 2 i + 1.
    for (int j = 0; j < 2; ++j) {
      const Vector low01 = _mm512_shuffle_i64x2(r[j], r[j + 2], 0x88);
      const Vector high01 = _mm512_shuffle_i64x2(r[j], r[j + 2], 0xdd);
      const Vector low23 = _mm512_shuffle_i64x2(r[j + 4], r[j + 6], 0x88);
      const Vector high23 = _mm512_shuffle_i64x2(r[j + 4], r[j + 6], 0xdd);
      r[j] = _mm512_shuffle_i64x2(low01, low23, 0x88);
      r[j + 2] = _mm512_shuffle_i64x2(high01, high23, 0x88);
      r[j + 4] = _mm512_shuffle_i64x2(low01, low23, 0xdd);
      r[j + 6] = _mm512_shuffle_i64x2(high01, high23, 0xdd);
    }
  }

  LOCKSTEP_INLINE void load_blocks(const std::uint8_t* const* blocks, std::size_t offset, Vector* w) {
    for (std::size_t half = 0; half < 2; ++half, offset += 64, w += 8) {
      for (std::size_t i = 0; i < 8; ++i) w[i] = big_endian(_mm512_loadu_si512(blocks[i] + offset));
      transpose(w);
    }
  }
  LOCKSTEP_INLINE void load_keys(const std::uint8_t* const* keys, const std::size_t* sizes, Vector* w) {
    for (std::size_t half = 0; half < 2; ++half, w += 8) {
      for (std::size_t i = 0; i < 8; ++i) {
        const std::size_t size = sizes[i] < 64 * half ? 0 : sizes[i] - 64 * half;
        const __mmask64 bytes = _bzhi_u64(~0ULL, static_cast<unsigned>(size));
        w[i] = big_endian(_mm512_maskz_loadu_epi8(bytes, keys[i] + 64 * half));
      }
      transpose(w);
    }
  }
  LOCKSTEP_INLINE void load_states(const Word* const* states, std::size_t offset, Vector* v) {
    for (std::size_t i = 0; i < 8; ++i) v[i] = _mm512_loadu_si512(states[i] + offset);
    transpose(v);
  }
  LOCKSTEP_INLINE void store_states(Vector* v, Word* const* states, std::size_t offset) {
    transpose(v);
    for (std::size_t i = 0; i < 8; ++i) _mm512_storeu_si512(states[i] + offset, v[i]);
  }
  LOCKSTEP_INLINE void store_digests(Vector* v, std::uint8_t* const* digests) {
    transpose(v);
    for (std::size_t i = 0; i < 8; ++i) _mm512_mask_storeu_epi64(digests[i], 0x3f, big_endian(v[i]));
  }
};

// Four lanes of 64 bits: half the work of eight, on one more port.
struct Sha384x4 : Sha384Common<Sha384x4> {
  using Vector = __m256i;
  static constexpr std::size_t kLanes = 4;

  LOCKSTEP_INLINE Vector load(const Word* at) { return _mm256_loadu_si256(reinterpret_cast<const Vector*>(at)); }
  LOCKSTEP_INLINE Vector splat(Word word) { return _mm256_set1_epi64x(static_cast<long long>(word)); }
  LOCKSTEP_INLINE Vector constant(std::size_t t) { return splat(kRoundConstants[t]); }
  LOCKSTEP_INLINE Vector add(Vector a, Vector b) { return _mm256_add_epi64(a, b); }
  LOCKSTEP_INLINE Vector exclusive_or(Vector a, Vector b) { return _mm256_xor_si256(a, b); }
  template <int table>
  LOCKSTEP_INLINE Vector logic(Vector a, Vector b, Vector c) {
    return _mm256_ternarylogic_epi64(a, b, c, table);
  }
  template <int count>
  LOCKSTEP_INLINE Vector rotated(Vector a) {
    return _mm256_ror_epi64(a, count);
  }
  template <int count>
  LOCKSTEP_INLINE Vector shifted(Vector a) {
    return _mm256_srli_epi64(a, count);
  }
  LOCKSTEP_INLINE Vector big_endian(Vector a) {
    return _mm256_shuffle_epi8(a, _mm256_broadcastsi128_si256(_mm_set_epi64x(0x08090a0b0c0d0e0f, 0x0001020304050607)));
  }

  LOCKSTEP_INLINE void transpose(Vector* r) {
    const Vector low01 = _mm256_unpacklo_epi64(r[0], r[1]);
    const Vector high01 = _mm256_unpackhi_epi64(r[0], r[1]);
    const Vector low23 = _mm256_unpacklo_epi64(r[2], r[3]);
    const Vector high23 = _mm256_unpackhi_epi64(r[2], r[3]);
    r[0] = _mm256_permute2x128_si256(low01, low23, 0x20);
    r[1] = _mm256_permute2x128_si256(high01, high23, 0x20);
    r[2] = _mm256_permute2x128_si256(low01, low23, 0x31);
    r[3] = _mm256_permute2x128_si256(high01, high23, 0x31);
  }

  LOCKSTEP_INLINE void load_blocks(const std::uint8_t* const* blocks, std::size_t offset, Vector* w) {
    for (std::size_t part = 0; part < 4; ++part, offset += 32, w += 4) {
      for (std::size_t i = 0; i < 4; ++i)
        w[i] = big_endian(_mm256_loadu_si256(reinterpret_cast<const Vector*>(blocks[i] + offset)));
      transpose(w);
    }
  }
  LOCKSTEP_INLINE void load_keys(const std::uint8_t* const* keys, const std::size_t* sizes, Vector* w) {
    for (std::size_t part = 0; part < 4; ++part, w += 4) {
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t size = sizes[i] < 32 * part ? 0 : sizes[i] - 32 * part;
        const auto bytes = static_cast<__mmask32>(_bzhi_u64(~0U, static_cast<unsigned>(size)));
        w[i] = big_endian(_mm256_maskz_loadu_epi8(bytes, keys[i] + 32 * part));
      }
      transpose(w);
    }
  }
  LOCKSTEP_INLINE void load_states(const Word* const* states, std::size_t offset, Vector* v) {
    for (std::size_t half = 0; half < 2; ++half, offset += 4, v += 4) {
      for (std::size_t i = 0; i < 4; ++i)
        v[i] = _mm256_loadu_si256(reinterpret_cast<const Vector*>(states[i] + offset));
      transpose(v);
    }
  }
  LOCKSTEP_INLINE void store_states(Vector* v, Word* const* states, std::size_t offset) {
    for (std::size_t half = 0; half < 2; ++half, offset += 4, v += 4) {
      transpose(v);
      for (std::size_t i = 0; i < 4; ++i) _mm256_storeu_si256(reinterpret_cast<Vector*>(states[i] + offset), v[i]);
    }
  }
  LOCKSTEP_INLINE void store_digests(Vector* v, std::uint8_t* const* digests) {
    transpose(v);
    transpose(v + 4);
    for (std::size_t i = 0; i < 4; ++i) {
      _mm256_storeu_si256(reinterpret_cast<Vector*>(digests[i]), big_endian(v[i]));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(digests[i] + 32), _mm256_castsi256_si128(big_endian(v[i + 4])));
    }
  }
};

}  // namespace

}  // namespace lockstep::sha2

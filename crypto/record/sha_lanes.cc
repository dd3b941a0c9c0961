#include "crypto/record/sha_lanes.h"

#include <immintrin.h>

#include "crypto/base/sha2_compress.h"

namespace lockstep::crypto {
namespace {

using Vector = __m512i;

// The truth tables of vpternlog: bit 4x + 2y + z is the result.
constexpr int kXor = 0x96;
constexpr int kCh = 0xca;
constexpr int kMaj = 0xe8;

/// Sixteen bytes of four lanes, `first` and each fourth after it, or each second for 64-bit words.
template <std::size_t step>
[[gnu::always_inline]] inline Vector quarters(const std::uint8_t* const* blocks, std::size_t first, std::size_t at) {
  const auto load = [&](std::size_t lane) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks[lane] + at));
  };
  Vector v = _mm512_castsi128_si512(load(first));
  v = _mm512_inserti32x4(v, load(first + step), 1);
  v = _mm512_inserti32x4(v, load(first + 2 * step), 2);
  return _mm512_inserti32x4(v, load(first + 3 * step), 3);
}

/// Calls f(std::integral_constant-like index) for 0 .. n - 1, each with its index known at compile time.
template <std::size_t i>
struct Index {
  static constexpr std::size_t value = i;
};
template <std::size_t i, std::size_t n, class F>
[[gnu::always_inline]] inline void unrolled(F&& f) {
  if constexpr (i < n) {
    f(Index<i>());
    unrolled<i + 1, n>(f);
  }
}

/// What the hashes of 32-bit words have in common.
struct Words32 {
  using Word = std::uint32_t;
  static constexpr std::size_t kBlock = 64;
  [[gnu::always_inline]] static Vector add(Vector a, Vector b) { return _mm512_add_epi32(a, b); }
  [[gnu::always_inline]] static Vector logic_xor(Vector a, Vector b, Vector c) {
    return _mm512_ternarylogic_epi32(a, b, c, kXor);
  }
  [[gnu::always_inline]] static Vector masked_add(Vector old, std::uint32_t active, Vector more) {
    return _mm512_mask_add_epi32(old, static_cast<__mmask16>(active), old, more);
  }
  [[gnu::always_inline]] static void load(Vector* w, const std::uint8_t* const* blocks, std::size_t at) {
    const Vector big_endian = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
    unrolled<0, 4>([&](auto index) __attribute__((always_inline)) {
      constexpr std::size_t r = index.value;
      const Vector q0 = quarters<4>(blocks, 0, at + 16 * r);
      const Vector q1 = quarters<4>(blocks, 1, at + 16 * r);
      const Vector q2 = quarters<4>(blocks, 2, at + 16 * r);
      const Vector q3 = quarters<4>(blocks, 3, at + 16 * r);
      const Vector low01 = _mm512_unpacklo_epi32(q0, q1);
      const Vector high01 = _mm512_unpackhi_epi32(q0, q1);
      const Vector low23 = _mm512_unpacklo_epi32(q2, q3);
      const Vector high23 = _mm512_unpackhi_epi32(q2, q3);
      w[4 * r] = _mm512_shuffle_epi8(_mm512_unpacklo_epi64(low01, low23), big_endian);
      w[4 * r + 1] = _mm512_shuffle_epi8(_mm512_unpackhi_epi64(low01, low23), big_endian);
      w[4 * r + 2] = _mm512_shuffle_epi8(_mm512_unpacklo_epi64(high01, high23), big_endian);
      w[4 * r + 3] = _mm512_shuffle_epi8(_mm512_unpackhi_epi64(high01, high23), big_endian);
    });
  }
};

/// FIPS 180-4 section 6.1.
struct Sha1 : Words32 {
  static constexpr std::size_t kStateWords = 5;

  template <std::size_t t>
  [[gnu::always_inline]] static Vector function(Vector b, Vector c, Vector d) {
    if constexpr (t < 20) return _mm512_ternarylogic_epi32(b, c, d, kCh);
    if constexpr (t >= 40 && t < 60) return _mm512_ternarylogic_epi32(b, c, d, kMaj);
    return logic_xor(b, c, d);
  }
  [[gnu::always_inline]] static void rounds(Vector* v, Vector* w) {
    unrolled<0, 80>([&](auto index) __attribute__((always_inline)) {
      constexpr std::size_t t = index.value;
      constexpr std::uint32_t kConstants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
      Vector& word = w[t % 16];
      if constexpr (t >= 16) {
        const Vector mixed = logic_xor(w[(t + 13) % 16], w[(t + 8) % 16], w[(t + 2) % 16]);
        word = _mm512_rol_epi32(_mm512_xor_si512(mixed, word), 1);
      }
      // Instead of moving the five variables on, each round names them one place further.
      const auto variable = [&](std::size_t letter)
                                __attribute__((always_inline)) -> Vector& { return v[(letter + 80 - t) % 5]; };
      const Vector input = add(word, _mm512_set1_epi32(static_cast<int>(kConstants[t / 20])));
      const Vector mixed = add(add(variable(4), input), function<t>(variable(1), variable(2), variable(3)));
      variable(1) = _mm512_rol_epi32(variable(1), 30);
      variable(4) = add(mixed, _mm512_rol_epi32(variable(0), 5));
    });
  }
};

/// What SHA-256 and SHA-512 have in common: sections 6.2 and 6.4 differ in word, rounds and rotations.
template <class Sha>
[[gnu::always_inline]] inline void sha2_rounds(Vector* v, Vector* w) {
  for (std::size_t t = 0; t < Sha::kRounds; t += 16) {
    unrolled<0, 16>([&](auto index) __attribute__((always_inline)) {
      constexpr std::size_t i = index.value;
      const auto variable = [&](std::size_t letter)
                                __attribute__((always_inline)) -> Vector& { return v[(letter + 16 - i) % 8]; };
      const Vector e = variable(4);
      const Vector a = variable(0);
      Vector t1 = Sha::add(variable(7), Sha::add(w[i], Sha::constant(t + i)));
      t1 = Sha::add(t1, _mm512_ternarylogic_epi64(e, variable(5), variable(6), kCh));
      t1 = Sha::add(t1, Sha::big_sigma1(e));
      variable(3) = Sha::add(variable(3), t1);
      t1 = Sha::add(t1, _mm512_ternarylogic_epi64(a, variable(1), variable(2), kMaj));
      variable(7) = Sha::add(t1, Sha::big_sigma0(a));
    });
    if (t + 16 == Sha::kRounds) break;
    unrolled<0, 16>([&](auto index) __attribute__((always_inline)) {
      constexpr std::size_t i = index.value;
      const Vector sum = Sha::add(Sha::add(w[i], w[(i + 9) % 16]), Sha::small_sigma0(w[(i + 1) % 16]));
      w[i] = Sha::add(sum, Sha::small_sigma1(w[(i + 14) % 16]));
    });
  }
}

struct Sha256 : Words32 {
  static constexpr std::size_t kStateWords = 8;
  static constexpr std::size_t kRounds = 64;
  [[gnu::always_inline]] static Vector constant(std::size_t t) {
    return _mm512_set1_epi32(static_cast<int>(sha2::kRoundConstants[t] >> 32U));
  }
  template <int r1, int r2, int r3>
  [[gnu::always_inline]] static Vector sigma(Vector x) {
    return logic_xor(_mm512_ror_epi32(x, r1), _mm512_ror_epi32(x, r2), _mm512_ror_epi32(x, r3));
  }
  template <int r1, int r2, int shift>
  [[gnu::always_inline]] static Vector shifted(Vector x) {
    return logic_xor(_mm512_ror_epi32(x, r1), _mm512_ror_epi32(x, r2), _mm512_srli_epi32(x, shift));
  }
  [[gnu::always_inline]] static Vector big_sigma0(Vector x) { return sigma<2, 13, 22>(x); }
  [[gnu::always_inline]] static Vector big_sigma1(Vector x) { return sigma<6, 11, 25>(x); }
  [[gnu::always_inline]] static Vector small_sigma0(Vector x) { return shifted<7, 18, 3>(x); }
  [[gnu::always_inline]] static Vector small_sigma1(Vector x) { return shifted<17, 19, 10>(x); }
  [[gnu::always_inline]] static void rounds(Vector* v, Vector* w) { sha2_rounds<Sha256>(v, w); }
};

struct Sha512 {
  using Word = std::uint64_t;
  static constexpr std::size_t kBlock = 128;
  static constexpr std::size_t kStateWords = 8;
  static constexpr std::size_t kRounds = 80;
  [[gnu::always_inline]] static Vector add(Vector a, Vector b) { return _mm512_add_epi64(a, b); }
  [[gnu::always_inline]] static Vector masked_add(Vector old, std::uint32_t active, Vector more) {
    return _mm512_mask_add_epi64(old, static_cast<__mmask8>(active), old, more);
  }
  [[gnu::always_inline]] static Vector constant(std::size_t t) {
    return _mm512_set1_epi64(static_cast<long long>(sha2::kRoundConstants[t]));
  }
  template <int r1, int r2, int r3>
  [[gnu::always_inline]] static Vector sigma(Vector x) {
    return _mm512_ternarylogic_epi64(_mm512_ror_epi64(x, r1), _mm512_ror_epi64(x, r2), _mm512_ror_epi64(x, r3), kXor);
  }
  template <int r1, int r2, int shift>
  [[gnu::always_inline]] static Vector shifted(Vector x) {
    return _mm512_ternarylogic_epi64(_mm512_ror_epi64(x, r1), _mm512_ror_epi64(x, r2), _mm512_srli_epi64(x, shift),
                                     kXor);
  }
  [[gnu::always_inline]] static Vector big_sigma0(Vector x) { return sigma<28, 34, 39>(x); }
  [[gnu::always_inline]] static Vector big_sigma1(Vector x) { return sigma<14, 18, 41>(x); }
  [[gnu::always_inline]] static Vector small_sigma0(Vector x) { return shifted<1, 8, 7>(x); }
  [[gnu::always_inline]] static Vector small_sigma1(Vector x) { return shifted<19, 61, 6>(x); }
  [[gnu::always_inline]] static void rounds(Vector* v, Vector* w) { sha2_rounds<Sha512>(v, w); }
  [[gnu::always_inline]] static void load(Vector* w, const std::uint8_t* const* blocks, std::size_t at) {
    const Vector big_endian = _mm512_broadcast_i32x4(_mm_set_epi64x(0x08090a0b0c0d0e0f, 0x0001020304050607));
    unrolled<0, 8>([&](auto index) __attribute__((always_inline)) {
      constexpr std::size_t r = index.value;
      const Vector even = quarters<2>(blocks, 0, at + 16 * r);
      const Vector odd = quarters<2>(blocks, 1, at + 16 * r);
      w[2 * r] = _mm512_shuffle_epi8(_mm512_unpacklo_epi64(even, odd), big_endian);
      w[2 * r + 1] = _mm512_shuffle_epi8(_mm512_unpackhi_epi64(even, odd), big_endian);
    });
  }
};

template <class Sha>
[[gnu::always_inline]] inline void compress(LaneStates<typename Sha::Word>& states, const std::uint8_t* const* blocks,
                                            std::size_t count, std::uint32_t active) {
  for (std::size_t at = 0; at < count * Sha::kBlock; at += Sha::kBlock) {
    Vector w[16];
    Vector v[Sha::kStateWords];
    Sha::load(w, blocks, at);
    unrolled<0, Sha::kStateWords>([&](auto index) __attribute__((always_inline)) {
      v[index.value] = _mm512_load_si512(states.words[index.value]);
    });
    Sha::rounds(v, w);
    unrolled<0, Sha::kStateWords>([&](auto index) __attribute__((always_inline)) {
      const Vector old = _mm512_load_si512(states.words[index.value]);
      _mm512_store_si512(states.words[index.value], Sha::masked_add(old, active, v[index.value]));
    });
  }
}

}  // namespace

void sha1_lanes(LaneStates<std::uint32_t>& states, const std::uint8_t* const* blocks, std::size_t count,
                std::uint32_t active) {
  compress<Sha1>(states, blocks, count, active);
}

void sha256_lanes(LaneStates<std::uint32_t>& states, const std::uint8_t* const* blocks, std::size_t count,
                  std::uint32_t active) {
  compress<Sha256>(states, blocks, count, active);
}

void sha512_lanes(LaneStates<std::uint64_t>& states, const std::uint8_t* const* blocks, std::size_t count,
                  std::uint32_t active) {
  compress<Sha512>(states, blocks, count, active);
}

}  // namespace lockstep::crypto

// Eight 64-bit numbers side by side, and the two multiply-adds that AVX512-IFMA has for them. Kernels are written once
// against this file and compiled twice: for IFMA, the instance that runs, and portably, for checks that know no AVX-512
// (valgrind) and as a second opinion. Each instance lives in a namespace of its own (LOCKSTEP_LANES_INSTANCE is `ifma`
// or `portable`), so that no inline function is shared between files compiled for different processors. For the same
// reason kernels include nothing but this, <cstdint> and <cstddef>, and use no templates of the standard library.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef __AVX512IFMA__
#include <immintrin.h>
#endif

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// One number per lane. + - & | ^ ~ and shifts by a scalar work lane by lane (the compilers' vector extension).
using U64x8 = std::uint64_t __attribute__((vector_size(64)));
using I64x8 = std::int64_t __attribute__((vector_size(64)));

/// A condition per lane: bit i for lane i.
using Mask = std::uint8_t;

#ifdef __AVX512IFMA__
#define LOCKSTEP_INLINE static inline __attribute__((always_inline))
#else
// The portable instance need not be fast, and would take minutes to compile in one piece.
#define LOCKSTEP_INLINE static inline
#endif

/// The same number in every lane.
LOCKSTEP_INLINE U64x8 splat(std::uint64_t value) {
  return U64x8{value, value, value, value, value, value, value, value};
}

/// Shift right that keeps the sign of each lane.
LOCKSTEP_INLINE U64x8 shift_right_signed(U64x8 a, int count) {
  return reinterpret_cast<U64x8>(reinterpret_cast<I64x8>(a) >> count);
}

#ifdef __AVX512IFMA__

/// accumulator + the low 52 bits of the product of the low 52 bits of a and b.
LOCKSTEP_INLINE U64x8 madd52_lo(U64x8 accumulator, U64x8 a, U64x8 b) {
  return reinterpret_cast<U64x8>(_mm512_madd52lo_epu64(reinterpret_cast<__m512i>(accumulator),
                                                       reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
/// accumulator + the high 52 bits of that product.
LOCKSTEP_INLINE U64x8 madd52_hi(U64x8 accumulator, U64x8 a, U64x8 b) {
  return reinterpret_cast<U64x8>(_mm512_madd52hi_epu64(reinterpret_cast<__m512i>(accumulator),
                                                       reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
}
/// `a` in the lanes of `mask`, `b` in the others.
LOCKSTEP_INLINE U64x8 select(Mask mask, U64x8 a, U64x8 b) {
  return reinterpret_cast<U64x8>(
      _mm512_mask_blend_epi64(mask, reinterpret_cast<__m512i>(b), reinterpret_cast<__m512i>(a)));
}
/// Lanes in which a and b are equal.
LOCKSTEP_INLINE Mask equal(U64x8 a, U64x8 b) {
  return _mm512_cmpeq_epi64_mask(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
}
/// Lanes in which a < b, unsigned.
LOCKSTEP_INLINE Mask less(U64x8 a, U64x8 b) {
  return _mm512_cmplt_epu64_mask(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b));
}

#else

LOCKSTEP_INLINE U64x8 madd52_lo(U64x8 accumulator, U64x8 a, U64x8 b) {
  constexpr std::uint64_t kLow = (std::uint64_t{1} << 52U) - 1;
  for (int i = 0; i < 8; ++i) accumulator[i] += ((a[i] & kLow) * (b[i] & kLow)) & kLow;
  return accumulator;
}
LOCKSTEP_INLINE U64x8 madd52_hi(U64x8 accumulator, U64x8 a, U64x8 b) {
  constexpr std::uint64_t kLow = (std::uint64_t{1} << 52U) - 1;
  __extension__ using U128 = unsigned __int128;
  for (int i = 0; i < 8; ++i)
    accumulator[i] += static_cast<std::uint64_t>((static_cast<U128>(a[i] & kLow) * (b[i] & kLow)) >> 52U);
  return accumulator;
}
LOCKSTEP_INLINE U64x8 select(Mask mask, U64x8 a, U64x8 b) {
  U64x8 chosen{};
  for (unsigned i = 0; i < 8; ++i) {
    const std::uint64_t all = 0 - static_cast<std::uint64_t>(mask >> i & 1U);
    chosen[i] = (a[i] & all) | (b[i] & ~all);
  }
  return chosen;
}
LOCKSTEP_INLINE Mask equal(U64x8 a, U64x8 b) {
  unsigned mask = 0;
  for (unsigned i = 0; i < 8; ++i) {
    const std::uint64_t difference = a[i] ^ b[i];
    mask |= static_cast<unsigned>(((difference | (0 - difference)) >> 63U) ^ 1U) << i;
  }
  return static_cast<Mask>(mask);
}
LOCKSTEP_INLINE Mask less(U64x8 a, U64x8 b) {
  unsigned mask = 0;
  for (unsigned i = 0; i < 8; ++i) {
    // Hacker's Delight 2-12: the borrow of a - b.
    const std::uint64_t borrow = (~a[i] & b[i]) | ((~a[i] | b[i]) & (a[i] - b[i]));
    mask |= static_cast<unsigned>(borrow >> 63U) << i;
  }
  return static_cast<Mask>(mask);
}

#endif

/// Overwrites `count` vectors with zeros in a way the compiler may not leave out.
LOCKSTEP_INLINE void wipe_vectors(U64x8* vectors, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) vectors[i] = U64x8{};
  asm volatile("" : : "r"(vectors) : "memory");
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

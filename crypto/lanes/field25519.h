// The field of curve25519 (RFC 7748 section 4.1): numbers modulo p = 2^255 - 19, in radix 2^52, five digits, a number
// per lane.
//
// A product of two numbers is 25 products of digits, each a multiply-add of the low and one of the high 52 bits. A
// digit may therefore have no more than 52 bits when it is multiplied, and since there is not a bit to spare, numbers
// come in two kinds:
//
//   Wide   the value is the sum of digit i times 2^(52 i), digits use all their 64 bits. What products give; may be
//          added and subtracted, but not multiplied.
//   Tight  the same sum, taken of the low 52 bits of each digit only: what is above has been carried into the next
//          digit and is left where it was, because the multiply-adds do not read it. The top digit is less than
//          2^47 + 2^12. May be multiplied, but neither added nor compared.
//
// carry() makes the second from the first. It costs eleven instructions and there is no cheaper form known to us: with
// 51 bits a digit, sums need no carry, but the high halves need doubling and the reduction by 19 cannot use the
// multiply-adds. All of it is written over `Vector`, a U64x8 or a Pair of them: a pair does two independent
// calculations instruction by instruction, which hides the four cycles that a multiply-add takes.
//
// Bounds. A product's digits are sums of at most nine halves (each < 2^52) and two of the reduction, so they are
// < 11 * 2^52 < 2^55.5 =: W; "biased" products start from a multiple of p whose digits are all in
// (2^56 - 2^14, 2^56], so that another product can be subtracted from them digit by digit. Sums must stay < 2^63.
#pragma once

#include "crypto/lanes/vector.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

#ifdef __AVX512IFMA__
#define LOCKSTEP_FIELD LOCKSTEP_INLINE
#else
// Portably a vector instruction is a loop over lanes; copying whole products of them into every caller takes a compiler
// minutes.
#define LOCKSTEP_FIELD static inline __attribute__((noinline))
#endif

/// Two vectors that are calculated with side by side.
struct Pair {
  U64x8 first;
  U64x8 second;
};

LOCKSTEP_INLINE Pair operator+(const Pair& a, const Pair& b) {
  return {a.first + b.first, a.second + b.second};
}
LOCKSTEP_INLINE Pair operator-(const Pair& a, const Pair& b) {
  return {a.first - b.first, a.second - b.second};
}
LOCKSTEP_INLINE Pair operator&(const Pair& a, U64x8 b) {
  return {a.first & b, a.second & b};
}
LOCKSTEP_INLINE Pair operator>>(const Pair& a, int count) {
  return {a.first >> count, a.second >> count};
}
LOCKSTEP_INLINE Pair madd52_lo(const Pair& accumulator, const Pair& a, const Pair& b) {
  return {madd52_lo(accumulator.first, a.first, b.first), madd52_lo(accumulator.second, a.second, b.second)};
}
LOCKSTEP_INLINE Pair madd52_hi(const Pair& accumulator, const Pair& a, const Pair& b) {
  return {madd52_hi(accumulator.first, a.first, b.first), madd52_hi(accumulator.second, a.second, b.second)};
}
LOCKSTEP_INLINE Pair madd52_lo(const Pair& accumulator, const Pair& a, U64x8 b) {
  return {madd52_lo(accumulator.first, a.first, b), madd52_lo(accumulator.second, a.second, b)};
}
LOCKSTEP_INLINE Pair madd52_hi(const Pair& accumulator, const Pair& a, U64x8 b) {
  return {madd52_hi(accumulator.first, a.first, b), madd52_hi(accumulator.second, a.second, b)};
}

/// A number that may be added; see above.
template <class Vector>
struct Wide {
  Vector d0, d1, d2, d3, d4;
};
/// A number that may be multiplied; see above.
template <class Vector>
struct Tight {
  Vector d0, d1, d2, d3, d4;
};

/// Where a product's digits start: at zero, or at a multiple of p that is larger than any product, digit by digit:
/// 512 p = 2^264 - 9728 = (2^56 - 9728) + (2^56 - 16) (2^52 + 2^104 + 2^156 + 2^208).
struct Unbiased {
  static constexpr std::uint64_t kLowest = 0;
  static constexpr std::uint64_t kOther = 0;
};
struct Biased {
  static constexpr std::uint64_t kLowest = (std::uint64_t{1} << 56U) - 9728;
  static constexpr std::uint64_t kOther = (std::uint64_t{1} << 56U) - 16;
};

/// Two numbers as a number of pairs, and back.
LOCKSTEP_INLINE Wide<Pair> pair(const Wide<U64x8>& a, const Wide<U64x8>& b) {
  return {{a.d0, b.d0}, {a.d1, b.d1}, {a.d2, b.d2}, {a.d3, b.d3}, {a.d4, b.d4}};
}
LOCKSTEP_INLINE Tight<Pair> pair(const Tight<U64x8>& a, const Tight<U64x8>& b) {
  return {{a.d0, b.d0}, {a.d1, b.d1}, {a.d2, b.d2}, {a.d3, b.d3}, {a.d4, b.d4}};
}
LOCKSTEP_INLINE Wide<U64x8> first(const Wide<Pair>& a) {
  return {a.d0.first, a.d1.first, a.d2.first, a.d3.first, a.d4.first};
}
LOCKSTEP_INLINE Tight<U64x8> first(const Tight<Pair>& a) {
  return {a.d0.first, a.d1.first, a.d2.first, a.d3.first, a.d4.first};
}
LOCKSTEP_INLINE Wide<U64x8> second(const Wide<Pair>& a) {
  return {a.d0.second, a.d1.second, a.d2.second, a.d3.second, a.d4.second};
}
LOCKSTEP_INLINE Tight<U64x8> second(const Tight<Pair>& a) {
  return {a.d0.second, a.d1.second, a.d2.second, a.d3.second, a.d4.second};
}
/// a in the lanes of mask, b in the others.
LOCKSTEP_INLINE Wide<U64x8> select(Mask mask, const Wide<U64x8>& a, const Wide<U64x8>& b) {
  return {select(mask, a.d0, b.d0), select(mask, a.d1, b.d1), select(mask, a.d2, b.d2), select(mask, a.d3, b.d3),
          select(mask, a.d4, b.d4)};
}
LOCKSTEP_INLINE Tight<U64x8> select(Mask mask, const Tight<U64x8>& a, const Tight<U64x8>& b) {
  return {select(mask, a.d0, b.d0), select(mask, a.d1, b.d1), select(mask, a.d2, b.d2), select(mask, a.d3, b.d3),
          select(mask, a.d4, b.d4)};
}

/// A digit to start from: of a pair, the first number alone is biased.
template <class Vector>
LOCKSTEP_INLINE Vector start_at(std::uint64_t value) {
  if constexpr (sizeof(Vector) == sizeof(U64x8)) {
    return splat(value);
  } else {
    return {splat(value), U64x8{}};
  }
}

/// a + b. Digits must stay < 2^63.
template <class Vector>
LOCKSTEP_INLINE Wide<Vector> operator+(const Wide<Vector>& a, const Wide<Vector>& b) {
  return {a.d0 + b.d0, a.d1 + b.d1, a.d2 + b.d2, a.d3 + b.d3, a.d4 + b.d4};
}
/// a - b, where no digit of a is less than b's: a is or contains a biased product, b an unbiased one.
template <class Vector>
LOCKSTEP_INLINE Wide<Vector> operator-(const Wide<Vector>& a, const Wide<Vector>& b) {
  return {a.d0 - b.d0, a.d1 - b.d1, a.d2 - b.d2, a.d3 - b.d3, a.d4 - b.d4};
}

/// Carries: the same number modulo p. Digits < 2^63. What is above bit 255 returns at the bottom times 19 first, which
/// adds less than 2^21 there, so that the carries of less than 2^12 that then run upwards end in the top digit.
template <class Vector>
LOCKSTEP_FIELD Tight<Vector> carry(const Wide<Vector>& a) {
  const Vector top = a.d4 >> 47;
  Tight<Vector> tight;
  tight.d0 = madd52_lo(a.d0, top, splat(19));
  tight.d1 = a.d1 + (tight.d0 >> 52);
  tight.d2 = a.d2 + (tight.d1 >> 52);
  tight.d3 = a.d3 + (tight.d2 >> 52);
  tight.d4 = (a.d4 & splat((std::uint64_t{1} << 47U) - 1)) + (tight.d3 >> 52);
  return tight;
}

/// Adds the upper half of a product, times 2^260 = 608 mod p, to its lower half. t5 to t8 have been carried, so that
/// only their low 52 bits count; t9 < 2^42 + 2^9, so that 608 t9 has less than 52 bits.
template <class Vector>
LOCKSTEP_FIELD Wide<Vector> fold(const Wide<Vector>& low, const Vector& t5, const Vector& t6, const Vector& t7,
                                 const Vector& t8, const Vector& t9) {
  const U64x8 factor = splat(608);
  Wide<Vector> sum = low;
  sum.d0 = madd52_lo(sum.d0, t5, factor);
  sum.d1 = madd52_hi(sum.d1, t5, factor);
  sum.d1 = madd52_lo(sum.d1, t6, factor);
  sum.d2 = madd52_hi(sum.d2, t6, factor);
  sum.d2 = madd52_lo(sum.d2, t7, factor);
  sum.d3 = madd52_hi(sum.d3, t7, factor);
  sum.d3 = madd52_lo(sum.d3, t8, factor);
  sum.d4 = madd52_hi(sum.d4, t8, factor);
  sum.d4 = madd52_lo(sum.d4, t9, factor);
  return sum;
}

/// a * b. The upper columns are carried into each other. A column that starts from the carry of the one below saves an
/// addition, and waits for it: which of them are worth it was measured in the ladder (here all but column 6, in
/// square() column 8 alone).
template <class Start = Unbiased, class Vector>
LOCKSTEP_FIELD Wide<Vector> multiply(const Tight<Vector>& a, const Tight<Vector>& b) {
  const Vector zero = start_at<Vector>(0);
  const Vector other = start_at<Vector>(Start::kOther);
  Wide<Vector> t;
  Vector t5 = madd52_hi(zero, a.d0, b.d4);
  t.d4 = madd52_lo(other, a.d0, b.d4);
  t5 = madd52_hi(t5, a.d4, b.d0);
  t.d4 = madd52_lo(t.d4, a.d4, b.d0);
  t5 = madd52_hi(t5, a.d1, b.d3);
  t.d4 = madd52_lo(t.d4, a.d1, b.d3);
  t5 = madd52_hi(t5, a.d3, b.d1);
  t.d4 = madd52_lo(t.d4, a.d3, b.d1);
  t5 = madd52_hi(t5, a.d2, b.d2);
  t.d4 = madd52_lo(t.d4, a.d2, b.d2);
  t5 = madd52_lo(t5, a.d1, b.d4);
  t.d4 = madd52_hi(t.d4, a.d0, b.d3);
  t.d3 = madd52_lo(other, a.d0, b.d3);
  t5 = madd52_lo(t5, a.d4, b.d1);
  t.d4 = madd52_hi(t.d4, a.d3, b.d0);
  t.d3 = madd52_lo(t.d3, a.d3, b.d0);
  t5 = madd52_lo(t5, a.d2, b.d3);
  t.d4 = madd52_hi(t.d4, a.d1, b.d2);
  t.d3 = madd52_lo(t.d3, a.d1, b.d2);
  t5 = madd52_lo(t5, a.d3, b.d2);
  t.d4 = madd52_hi(t.d4, a.d2, b.d1);
  t.d3 = madd52_lo(t.d3, a.d2, b.d1);

  Vector t6 = zero;
  t.d3 = madd52_hi(t.d3, a.d0, b.d2);
  t.d2 = madd52_lo(other, a.d0, b.d2);
  t6 = madd52_hi(t6, a.d1, b.d4);
  t.d3 = madd52_hi(t.d3, a.d2, b.d0);
  t.d2 = madd52_lo(t.d2, a.d2, b.d0);
  t6 = madd52_hi(t6, a.d4, b.d1);
  t.d3 = madd52_hi(t.d3, a.d1, b.d1);
  t.d2 = madd52_lo(t.d2, a.d1, b.d1);
  t6 = madd52_hi(t6, a.d2, b.d3);
  t.d2 = madd52_hi(t.d2, a.d0, b.d1);
  t.d1 = madd52_lo(other, a.d0, b.d1);
  t6 = madd52_hi(t6, a.d3, b.d2);
  t.d2 = madd52_hi(t.d2, a.d1, b.d0);
  t.d1 = madd52_lo(t.d1, a.d1, b.d0);
  t6 = madd52_lo(t6, a.d2, b.d4);
  t.d1 = madd52_hi(t.d1, a.d0, b.d0);
  t.d0 = madd52_lo(start_at<Vector>(Start::kLowest), a.d0, b.d0);
  t6 = madd52_lo(t6, a.d4, b.d2);
  t6 = madd52_lo(t6, a.d3, b.d3);

  t6 = t6 + (t5 >> 52);
  Vector t7 = t6 >> 52;
  t7 = madd52_hi(t7, a.d2, b.d4);
  t7 = madd52_hi(t7, a.d4, b.d2);
  t7 = madd52_hi(t7, a.d3, b.d3);
  t7 = madd52_lo(t7, a.d3, b.d4);
  t7 = madd52_lo(t7, a.d4, b.d3);

  Vector t8 = t7 >> 52;
  t8 = madd52_hi(t8, a.d3, b.d4);
  t8 = madd52_hi(t8, a.d4, b.d3);
  t8 = madd52_lo(t8, a.d4, b.d4);

  const Vector t9 = madd52_hi(t8 >> 52, a.d4, b.d4);
  return fold(t, t5, t6, t7, t8, t9);
}

/// a * a. Products of different digits count twice: those with the top digit by doubling it, which has room for it;
/// the others by doubling their sum, or by adding the only one twice (in column 6).
template <class Start = Unbiased, class Vector>
LOCKSTEP_FIELD Wide<Vector> square(const Tight<Vector>& a) {
  static_assert(Start::kOther % 2 == 0);
  const Vector zero = start_at<Vector>(0);
  const Vector half = start_at<Vector>(Start::kOther / 2);
  const Vector twice4 = a.d4 + a.d4;
  Wide<Vector> t;
  Vector t5 = madd52_lo(zero, a.d2, a.d3);
  t.d4 = madd52_lo(half, a.d1, a.d3);
  t5 = madd52_hi(t5, a.d1, a.d3);
  t.d4 = madd52_hi(t.d4, a.d1, a.d2);
  t.d3 = madd52_lo(half, a.d1, a.d2);
  t5 = t5 + t5;
  t.d4 = madd52_hi(t.d4, a.d0, a.d3);
  t.d3 = madd52_lo(t.d3, a.d0, a.d3);
  t5 = madd52_hi(t5, a.d2, a.d2);
  t.d3 = madd52_hi(t.d3, a.d0, a.d2);
  t.d2 = madd52_lo(half, a.d0, a.d2);
  t5 = madd52_hi(t5, a.d0, twice4);
  t.d4 = t.d4 + t.d4;
  t.d2 = madd52_hi(t.d2, a.d0, a.d1);
  t.d1 = madd52_lo(half, a.d0, a.d1);
  t5 = madd52_lo(t5, a.d1, twice4);
  t.d4 = madd52_lo(t.d4, a.d0, twice4);
  t.d3 = t.d3 + t.d3;
  t.d2 = t.d2 + t.d2;
  t.d1 = t.d1 + t.d1;

  Vector t6 = zero;
  t.d4 = madd52_lo(t.d4, a.d2, a.d2);
  t6 = madd52_hi(t6, a.d2, a.d3);
  t.d3 = madd52_hi(t.d3, a.d1, a.d1);
  t6 = madd52_hi(t6, a.d2, a.d3);
  t.d2 = madd52_lo(t.d2, a.d1, a.d1);
  t6 = madd52_hi(t6, a.d1, twice4);
  t.d1 = madd52_hi(t.d1, a.d0, a.d0);
  t6 = madd52_lo(t6, a.d2, twice4);
  t.d0 = madd52_lo(start_at<Vector>(Start::kLowest), a.d0, a.d0);
  t6 = madd52_lo(t6, a.d3, a.d3);

  Vector t7 = zero;
  t7 = madd52_hi(t7, a.d2, twice4);
  t7 = madd52_hi(t7, a.d3, a.d3);
  t7 = madd52_lo(t7, a.d3, twice4);

  t6 = t6 + (t5 >> 52);
  t7 = t7 + (t6 >> 52);
  Vector t8 = t7 >> 52;
  t8 = madd52_hi(t8, a.d3, twice4);
  t8 = madd52_lo(t8, a.d4, a.d4);

  const Vector t9 = madd52_hi(t8 >> 52, a.d4, a.d4);
  return fold(t, t5, t6, t7, t8, t9);
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

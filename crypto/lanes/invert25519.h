// Inverses modulo p = 2^255 - 19 by division steps: Bernstein, Yang, "Fast constant-time gcd computation and modular
// inversion" (2019), in the form that starts from 1/2 (Wuille's "hddivsteps"), of which
// floor((45907 * 255 + 26313) / 19929) = 588 are enough for numbers of 255 bits.
//
// A step takes (f, g), f odd, to (g, (g - f) / 2), (f, (g + f) / 2) or (f, g / 2), which depends on g's lowest bit and
// on a counter. So fifty steps depend on the lowest fifty bits, and are a matrix of integers times (f, g) / 2^50. The
// same matrices, taken modulo p and without the division, lead from (0, 1) to the inverse times 2^600.
//
// A squaring chain needs 254 squarings, each waiting for the one before; this needs half of its time.
#pragma once

#include "crypto/lanes/field25519_number.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

#ifdef __AVX512IFMA__
/// Lanes in which a is odd.
LOCKSTEP_INLINE Mask odd(U64x8 a) {
  return _mm512_test_epi64_mask(reinterpret_cast<__m512i>(a), _mm512_set1_epi64(1));
}
/// Lanes in which a, as a signed number, is less than 0.
LOCKSTEP_INLINE Mask negative(U64x8 a) {
  return _mm512_movepi64_mask(reinterpret_cast<__m512i>(a));
}
LOCKSTEP_INLINE Mask both(Mask a, Mask b) {
  return _kand_mask8(a, b);
}
/// a + b in the lanes of mask, a in the others.
LOCKSTEP_INLINE U64x8 add_where(Mask mask, U64x8 a, U64x8 b) {
  return reinterpret_cast<U64x8>(_mm512_mask_add_epi64(reinterpret_cast<__m512i>(a), mask, reinterpret_cast<__m512i>(a),
                                                       reinterpret_cast<__m512i>(b)));
}
/// -a in the lanes of mask, a in the others.
LOCKSTEP_INLINE U64x8 negate_where(Mask mask, U64x8 a) {
  return reinterpret_cast<U64x8>(
      _mm512_mask_sub_epi64(reinterpret_cast<__m512i>(a), mask, _mm512_setzero_si512(), reinterpret_cast<__m512i>(a)));
}
#else
LOCKSTEP_INLINE Mask odd(U64x8 a) {
  return equal(a & splat(1), splat(1));
}
LOCKSTEP_INLINE Mask negative(U64x8 a) {
  return equal(a >> 63, splat(1));
}
LOCKSTEP_INLINE Mask both(Mask a, Mask b) {
  return a & b;
}
LOCKSTEP_INLINE U64x8 add_where(Mask mask, U64x8 a, U64x8 b) {
  return select(mask, a + b, a);
}
LOCKSTEP_INLINE U64x8 negate_where(Mask mask, U64x8 a) {
  return select(mask, U64x8{} - a, a);
}
#endif

/// 2^n times what n steps do to (f, g): f <- (uf f + ug g) / 2^n, g <- (vf f + vg g) / 2^n. Signed; the magnitudes of a
/// row add up to 2^n at most (Bernstein, Yang, section 9).
struct StepMatrix {
  U64x8 uf, ug, vf, vg;
};

/// kCount <= 17 steps from the lowest bits of f and g. `counter` is -(delta + 1/2).
///
/// A row of the matrix goes through the same additions and halvings as f or g itself, so all three sit in one number:
/// f (20 bits), its row (22 bits each), the latter starting at 2^kCount so that halving is exact. None exceeds
/// 2^17 in magnitude.
template <int kCount>
LOCKSTEP_FIELD StepMatrix steps(U64x8& counter, U64x8 f, U64x8 g) {
  const U64x8 low = splat((std::uint64_t{1} << kCount) - 1);
  U64x8 row_f = (f & low) | splat(std::uint64_t{1} << (20 + kCount));
  U64x8 row_g = (g & low) | splat(std::uint64_t{1} << (42 + kCount));
#pragma GCC unroll 17
  for (int i = 0; i < kCount; ++i) {
    const Mask g_odd = odd(row_g);
    const Mask behind = negative(counter);
    const Mask exchange = both(g_odd, behind);
    const U64x8 added = add_where(g_odd, row_g, negate_where(behind, row_f));
    row_f = add_where(exchange, row_f, added);
    row_g = shift_right_signed(added, 1);
    counter = select(exchange, splat(~std::uint64_t{1}) - counter, counter - splat(1));
  }
  const U64x8 half = splat(std::uint64_t{1} << 19U);
  const U64x8 halves = splat((std::uint64_t{1} << 41U) + (std::uint64_t{1} << 19U));
  return {shift_right_signed((row_f + half) << 22, 42), shift_right_signed(row_f + halves, 42),
          shift_right_signed((row_g + half) << 22, 42), shift_right_signed(row_g + halves, 42)};
}

/// First `earlier`, then `later`.
LOCKSTEP_FIELD StepMatrix join(const StepMatrix& later, const StepMatrix& earlier) {
  return {later.uf * earlier.uf + later.ug * earlier.vf, later.uf * earlier.ug + later.ug * earlier.vg,
          later.vf * earlier.uf + later.vg * earlier.vf, later.vf * earlier.ug + later.vg * earlier.vg};
}

/// Fifty steps from the lowest fifty bits of f and g.
LOCKSTEP_FIELD StepMatrix fifty_steps(U64x8& counter, U64x8 f, U64x8 g) {
  const StepMatrix one = steps<17>(counter, f, g);
  const U64x8 f17 = (one.uf * f + one.ug * g) >> 17;
  const U64x8 g17 = (one.vf * f + one.vg * g) >> 17;
  const StepMatrix two = steps<17>(counter, f17, g17);
  const U64x8 f34 = (two.uf * f17 + two.ug * g17) >> 17;
  const U64x8 g34 = (two.vf * f17 + two.vg * g17) >> 17;
  return join(steps<16>(counter, f34, g34), join(two, one));
}

/// f or g: a signed number of less than 2^255 in magnitude, as two's complement in radix 2^52. Of the top digit only
/// the low 52 bits count. And four times it, with a sixth digit of nothing but sign; of all of these only the low 52
/// bits count.
struct SignedNumber {
  U64x8 digit[5];
  U64x8 times4[6];
};

/// Digits of any sign that are less than 2^60 in magnitude, carried.
LOCKSTEP_FIELD SignedNumber carry_signed(const U64x8* digits) {
  SignedNumber number;
  U64x8 carried{};
#pragma GCC unroll 5
  for (int i = 0; i < 5; ++i) {
    const U64x8 sum = digits[i] + carried;
    carried = shift_right_signed(sum, 52);
    number.digit[i] = sum & splat(kLow52);
    number.times4[i] = number.digit[i] << 2;
    if (i > 0) number.times4[i] += number.digit[i - 1] >> 50;
  }
  number.times4[5] = shift_right_signed(number.times4[4] << 12, 63);
  return number;
}

/// (a f + b g) / 2^50 for |a|, |b| <= 2^50. With A = a + 2^50, B = b + 2^50, which are not negative, it is
/// (A 4f + B 4g) / 2^52 - (f + g), where dividing is leaving out a digit.
LOCKSTEP_FIELD SignedNumber combine(U64x8 a, U64x8 b, const SignedNumber& f, const SignedNumber& g) {
  const U64x8 positive_a = a + splat(std::uint64_t{1} << 50U);
  const U64x8 positive_b = b + splat(std::uint64_t{1} << 50U);
  U64x8 digits[5];
  const U64x8 lowest = madd52_lo(madd52_lo(U64x8{}, positive_a, f.times4[0]), positive_b, g.times4[0]);
#pragma GCC unroll 5
  for (int i = 0; i < 5; ++i) {
    U64x8 sum = i == 0 ? lowest >> 52 : U64x8{};
    sum = madd52_hi(madd52_hi(sum, positive_a, f.times4[i]), positive_b, g.times4[i]);
    sum = madd52_lo(madd52_lo(sum, positive_a, f.times4[i + 1]), positive_b, g.times4[i + 1]);
    digits[i] = sum - (f.digit[i] + g.digit[i]);
  }
  return carry_signed(digits);
}

/// sum + a number < 2^52 times d: at most two halves more in a digit; `upper` takes what exceeds 2^260.
LOCKSTEP_FIELD Wide<U64x8> add_multiple(const Wide<U64x8>& sum, U64x8& upper, U64x8 number, const Number& d) {
  upper = madd52_hi(upper, number, d.d4);
  return {madd52_lo(sum.d0, number, d.d0), madd52_lo(madd52_hi(sum.d1, number, d.d0), number, d.d1),
          madd52_lo(madd52_hi(sum.d2, number, d.d1), number, d.d2),
          madd52_lo(madd52_hi(sum.d3, number, d.d2), number, d.d3),
          madd52_lo(madd52_hi(sum.d4, number, d.d3), number, d.d4)};
}

/// 2^50 d modulo p: a digit is less than four halves.
LOCKSTEP_FIELD Wide<U64x8> shift_fifty(const Number& d) {
  U64x8 upper{};
  Wide<U64x8> sum = add_multiple(Wide<U64x8>{}, upper, splat(std::uint64_t{1} << 50U), d);
  sum.d0 = madd52_lo(sum.d0, upper, splat(608));
  sum.d1 = madd52_hi(sum.d1, upper, splat(608));
  return sum;
}

/// a d + b e modulo p for a, b < 2^52, biased: less than six halves more in a digit. The upper half is two times less
/// than 2^47 + 2^12.
LOCKSTEP_FIELD Wide<U64x8> combine(U64x8 a, U64x8 b, const Number& d, const Number& e) {
  const U64x8 other = splat(Biased::kOther);
  U64x8 upper{};
  Wide<U64x8> sum{splat(Biased::kLowest), other, other, other, other};
  sum = add_multiple(add_multiple(sum, upper, a, d), upper, b, e);
  sum.d0 = madd52_lo(sum.d0, upper, splat(608));
  sum.d1 = madd52_hi(sum.d1, upper, splat(608));
  return sum;
}

/// 1/a modulo p, and 0 of 0. Twelve times fifty steps.
LOCKSTEP_FIELD Number invert(const Number& a) {
  const U64x8 zero{};
  const U64x8 offset = splat(std::uint64_t{1} << 50U);
  const U64x8 prime[5] = {splat(kLow52 - 18), splat(kLow52), splat(kLow52), splat(kLow52), splat(kLow47)};
  const Number reduced = from_words(to_words(a));
  const U64x8 low52 = splat(kLow52);
  const U64x8 digits[5] = {reduced.d0 & low52, reduced.d1 & low52, reduced.d2 & low52, reduced.d3 & low52, reduced.d4};
  SignedNumber f = carry_signed(prime);
  SignedNumber g = carry_signed(digits);
  // Modulo p: d a = 2^(50 i) f, e a = 2^(50 i) g.
  Wide<U64x8> d{zero, zero, zero, zero, zero};
  Wide<U64x8> e{splat(1), zero, zero, zero, zero};
  U64x8 counter = splat(~std::uint64_t{0});
  for (int i = 0; i < 12; ++i) {
    const StepMatrix matrix = fifty_steps(counter, f.digit[0], g.digit[0]);
    const SignedNumber next_f = combine(matrix.uf, matrix.ug, f, g);
    g = combine(matrix.vf, matrix.vg, f, g);
    f = next_f;
    // Again with 2^50 added to the matrix: 2^50 (d + e) too much.
    const Number tight_d = carry(d);
    const Number tight_e = carry(e);
    const Wide<U64x8> excess = shift_fifty(carry(d + e));
    d = combine(matrix.uf + offset, matrix.ug + offset, tight_d, tight_e) - excess;
    e = combine(matrix.vf + offset, matrix.vg + offset, tight_d, tight_e) - excess;
  }
  // f is 1 or -1, or p where a is 0 (and d a multiple of p).
  const Mask minus = negative(f.times4[5]);
  constexpr std::uint64_t kScale[5] = {0x83e6788dd407e, 0xa3cfc744c9656, 0xe016b1490aa31, 0x5dc1855b1b224,
                                       0x4469d9422c90};  // 2^-600
  const Number scale{splat(kScale[0]), splat(kScale[1]), splat(kScale[2]), splat(kScale[3]), splat(kScale[4])};
  return product(carry(select(minus, difference(Wide<U64x8>{zero, zero, zero, zero, zero}, d), d)), scale);
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

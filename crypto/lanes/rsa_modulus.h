// Arithmetic modulo an odd number of kDigits digits of 52 bits, eight moduli at a time, in Montgomery's form
// (Montgomery 1985): a stands for a / R, R = 2^(52 * kDigits).
//
// Almost reduced: every result is below 2.01 * modulus and every factor may be below 8 * modulus, as long as
// 2^16 * modulus <= R; nothing is subtracted in between (Walter 1999). reduced() ends that.
//
// The digits of the quotient need no multiplication: with k = -modulus^-1 mod 2^52, k * modulus is -1 modulo 2^52, so
// the quotient digit that clears a column by adding a multiple of k * modulus is the column's own digit, and adding it
// is adding digit * folded one column higher, folded = (k * modulus + 1) / 2^52 having no more digits than the modulus.
// That makes a row's chain of dependent instructions 5 cycles instead of 13, shorter than the row itself. The last
// digit is cleared with the modulus itself, as in the textbook: else the result would be below 2^52 * modulus only.
#pragma once

#include "crypto/lanes/rsa_blocks.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

template <int kDigits, int kBlock>
struct Modulus {
  static_assert(kDigits % kBlock == 0);
  /// The modulus, and a zero above it.
  U64x8 value[kDigits + 1];
  U64x8 folded[kDigits];
  U64x8 negative_inverse;
  /// R, R^2 and R^3, reduced.
  U64x8 r1[kDigits];
  U64x8 r2[kDigits];
  U64x8 r3[kDigits];
};

/// Columns that a product and its reduction need.
template <int kDigits>
constexpr int kColumns = 2 * kDigits;

/// Makes `folded` of `value` and `negative_inverse`.
template <int kDigits, int kBlock>
static void fold(Modulus<kDigits, kBlock>* modulus) {
  const U64x8 k = modulus->negative_inverse;
  // The lowest digit of k * modulus is 2^52 - 1: one more, and it is the carry.
  U64x8 carry = splat(1);
  for (int i = 0; i < kDigits; ++i) {
    const U64x8 column = madd52_lo(madd52_hi(carry, k, modulus->value[i]), k, modulus->value[i + 1]);
    modulus->folded[i] = column & splat(kDigitMask);
    carry = column >> 52;
  }
}

/// result = columns / R; columns are any sums below 2^63 that make a number below 2^-10 * R * modulus.
template <int kDigits, int kBlock>
LOCKSTEP_INLINE void reduce(U64x8* result, U64x8* columns, const Modulus<kDigits, kBlock>& modulus) {
  if constexpr (kDigits == kBlock) {
    reduce_one_block<kBlock>(result, columns, modulus.folded, modulus.value, &modulus.negative_inverse);
    return;
  }
  for (int i = 0; i < kDigits; i += kBlock) {
    const bool last_row = i + kBlock < kDigits;
    reduce_block<kBlock>(columns + i, modulus.folded, last_row);
    for (int j = kBlock; j < kDigits; j += kBlock)
      multiply_block<kBlock, false>(columns + i + j + 1, columns + i, modulus.folded + j, last_row);
  }
  const U64x8 top = columns[kDigits - 1];
  const U64x8 digit = madd52_lo(U64x8{}, top, modulus.negative_inverse);
  U64x8 carry = madd52_lo(top, digit, modulus.value[0]) >> 52;
#pragma GCC unroll 10
  for (int i = 0; i < kDigits; ++i) {
    U64x8 column = madd52_hi(columns[kDigits + i], digit, modulus.value[i]);
    column = madd52_lo(column, digit, modulus.value[i + 1]) + carry;
    result[i] = column;
    carry = column >> 52;
  }
}

/// columns += a * b.
template <int kDigits, int kBlock>
LOCKSTEP_INLINE void add_product(U64x8* columns, const U64x8* a, const U64x8* b) {
  for (int i = 0; i < kDigits; i += kBlock)
    for (int j = 0; j < kDigits; j += kBlock) multiply_block<kBlock, false>(columns + i + j, a + i, b + j, true);
}

/// result = a * b / R.
template <int kDigits, int kBlock>
static __attribute__((noinline)) void multiply(U64x8* result, const U64x8* a, const U64x8* b, U64x8* columns,
                                               const Modulus<kDigits, kBlock>& modulus) {
  if constexpr (kDigits == kBlock) {
    multiply_block<kBlock, true>(columns, a, b, true);
  } else {
    for (int i = 0; i < 2 * kDigits; ++i) columns[i] = U64x8{};
    add_product<kDigits, kBlock>(columns, a, b);
  }
  reduce(result, columns, modulus);
}

/// result = a * a / R.
template <int kDigits, int kBlock>
static __attribute__((noinline)) void square(U64x8* result, const U64x8* a, U64x8* columns,
                                             const Modulus<kDigits, kBlock>& modulus) {
  if constexpr (kDigits == kBlock) {
    square_block<kBlock, true>(columns, a);
  } else {
    if constexpr (kDigits == 2 * kBlock) {
      for (int i = 0; i < kBlock; ++i) columns[i] = columns[3 * kBlock + i] = U64x8{};
      multiply_block<kBlock, true>(columns + kBlock, a, a + kBlock, true);
    } else {
      for (int i = 0; i < 2 * kDigits; ++i) columns[i] = U64x8{};
      for (int i = 0; i < kDigits; i += kBlock)
        for (int j = i + kBlock; j < kDigits; j += kBlock)
          multiply_block<kBlock, false>(columns + i + j, a + i, a + j, true);
    }
    for (int i = 0; i < kDigits; i += kBlock) square_block<kBlock, false>(columns + std::ptrdiff_t{2} * i, a + i);
  }
  reduce(result, columns, modulus);
}

/// result = a, columns at least kDigits, carried into digits.
template <int kDigits>
static void carry_digits(U64x8* result, const U64x8* columns) {
  I64x8 carry{};
  for (int i = 0; i < kDigits; ++i) {
    const U64x8 column = columns[i] + reinterpret_cast<U64x8>(carry);
    result[i] = column & splat(kDigitMask);
    carry = reinterpret_cast<I64x8>(column) >> 52;
  }
}

/// difference = a - b, digits without anything above them; returns all ones in the lanes with a < b (the difference has
/// R added there), else zeros.
template <int kDigits>
static U64x8 subtract(U64x8* difference, const U64x8* a, const U64x8* b) {
  U64x8 borrow{};
  for (int i = 0; i < kDigits; ++i) {
    const U64x8 column = (a[i] & splat(kDigitMask)) - (b[i] & splat(kDigitMask)) + borrow;
    difference[i] = column & splat(kDigitMask);
    borrow = shift_right_signed(column, 52);
  }
  return borrow;
}

/// a = a mod modulus, for a < 3 * modulus, without anything above its digits; `difference` is overwritten.
template <int kDigits>
static void reduce_fully(U64x8* a, const U64x8* modulus, U64x8* difference) {
  for (int times = 0; times < 2; ++times) {
    const U64x8 less = subtract<kDigits>(difference, a, modulus);
    for (int i = 0; i < kDigits; ++i) a[i] = (a[i] & splat(kDigitMask) & less) | (difference[i] & ~less);
  }
}

/// All ones in the lanes with a = b, else zeros.
LOCKSTEP_INLINE U64x8 equal_lanes(U64x8 a, U64x8 b) {
  const U64x8 different = a ^ b;
  return ~shift_right_signed(different | (U64x8{} - different), 63);
}

/// The same for numbers, both fully reduced.
template <int kDigits>
static U64x8 equal_digits(const U64x8* a, const U64x8* b) {
  U64x8 different{};
  for (int i = 0; i < kDigits; ++i) different |= a[i] ^ b[i];
  return equal_lanes(different, U64x8{});
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

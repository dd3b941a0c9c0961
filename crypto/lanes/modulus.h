// The constants that Montgomery arithmetic needs of a modulus, computed by the compiler from its 64-bit words, and the
// reduction of a modulus without special form.
#pragma once

#include "crypto/lanes/limbs.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// The limbs of a constant.
template <int kLimbs, int kWords>
constexpr Constant<kLimbs> limbs_of(const Constant<kWords>& words) {
  Constant<kLimbs> limbs{};
  for (int bit = 0; bit < 64 * kWords; ++bit)
    limbs.word[bit / kLimbBits] |= (words.word[bit / 64] >> (bit % 64) & 1U) << (bit % kLimbBits);
  return limbs;
}

/// a * 2^count modulo the modulus; a is below it. Everything in limbs.
template <int kLimbs>
constexpr Constant<kLimbs> doubled(Constant<kLimbs> a, const Constant<kLimbs>& modulus, int count) {
  for (; count > 0; --count) {
    Constant<kLimbs> difference{};
    std::uint64_t carry = 0;
    std::uint64_t borrow = 0;
    for (int i = 0; i < kLimbs; ++i) {
      const std::uint64_t twice = 2 * a.word[i] + carry;
      a.word[i] = twice & kLimbMask;
      carry = twice >> kLimbBits;
      const std::uint64_t limb = a.word[i] - modulus.word[i] - borrow;
      difference.word[i] = limb & kLimbMask;
      borrow = limb >> 63U;
    }
    if (borrow == 0) a = difference;
  }
  return a;
}

/// -1 / value modulo 2^52, of an odd value, by Newton's iteration.
constexpr std::uint64_t negated_inverse(std::uint64_t value) {
  std::uint64_t inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - value * inverse;
  return (0 - inverse) & kLimbMask;
}

/// value - small.
template <int kWords>
constexpr Constant<kWords> minus(Constant<kWords> value, std::uint64_t small) {
  for (int i = 0; i < kWords; ++i) {
    const std::uint64_t before = value.word[i];
    value.word[i] -= small;
    small = before < small ? 1 : 0;
  }
  return value;
}

/// The sizes of a modulus that fills kWords words.
template <int kLimbs_, int kWords_>
struct ModulusSizes {
  static constexpr int kLimbs = kLimbs_;
  static constexpr int kWords = kWords_;
  /// Bits of the limbs above the modulus.
  static constexpr int kSlackBits = kLimbBits * kLimbs - 64 * kWords;
  /// In sixteenths: what fits in the limbs, and does not overflow the counting.
  static constexpr int kMaximum = kSlackBits < 8 ? 16 << kSlackBits : 1 << 14;

  /// Before a product is summed up: nothing to add.
  LOCKSTEP_INLINE void start(U64x8* /*column*/) {}
};

/// Adds the multiple of a modulus without a useful form that makes the lowest of kLimbs + 1 columns vanish, and moves
/// its carry.
template <class M>
LOCKSTEP_INLINE void reduce_generic(U64x8* column) {
  constexpr int kLimbs = M::kLimbs;
  constexpr std::uint64_t kNegatedInverse = negated_inverse(M::kModulusLimbs.word[0]);
  const U64x8 quotient = madd52_lo(U64x8{}, column[0], splat(kNegatedInverse));
  repeat<kLimbs>([&](auto i)
                     LOCKSTEP_INLINED { column[i] = madd52_lo(column[i], quotient, splat(M::kModulusLimbs.word[i])); });
  column[1] += column[0] >> kLimbBits;
  repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED {
    column[i + 1] = madd52_hi(column[i + 1], quotient, splat(M::kModulusLimbs.word[i]));
  });
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

// Arithmetic modulo a prime in eight lanes: Montgomery multiplication in radix 2^52 with lazy carries. Bounds are part
// of the types, so that the compiler checks the proof that nothing overflows.
//
// A Modulus names kLimbs, kWords, kSlackBits (the modulus is below 2^(52 kLimbs - kSlackBits)), kModulus, kSigned (its
// limbs as a short signed sum, most of them zero), `start`, `reduce` and, where bounds come near the slack, `fold`.
#pragma once

#include "crypto/lanes/limbs.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// Bounds are counted in sixteenths of the modulus.
constexpr int kOne = 16;

/// A number modulo M in Montgomery form (times R = 2^(52 kLimbs)). It lies in [-kBelow, kAbove) sixteenths of M.
///
/// kExact: it is the sum of limb[i] 2^(52 i), limbs taken as signed and at most kLimb 2^52 in magnitude. Can be added.
/// kFactor: it is the sum of (limb[i] mod 2^52) 2^(52 i), not negative. Can be multiplied, since IFMA ignores higher
/// bits.
template <class M, int kAbove_, int kBelow_, int kLimb_, bool kExact_, bool kFactor_>
struct Value {
  using Modulus = M;
  static constexpr int kAbove = kAbove_;
  static constexpr int kBelow = kBelow_;
  static constexpr int kLimb = kLimb_;
  static constexpr bool kExact = kExact_;
  static constexpr bool kFactor = kFactor_;
  static_assert(kLimb < 1024, "a limb keeps its sign in 64 bits");

  /// A wider bound holds too, and fewer permissions.
  template <int kWider, bool kStillExact, bool kStillFactor>
  __attribute__((always_inline)) operator Value<M, kWider, 0, kLimb, kStillExact, kStillFactor>() const {  // NOLINT
    static_assert(kWider >= kAbove && kBelow == 0 && kExact >= kStillExact && kFactor >= kStillFactor);
    Value<M, kWider, 0, kLimb, kStillExact, kStillFactor> same;
    __builtin_memcpy(&same, this, sizeof same);
    return same;
  }

  U64x8 limb[M::kLimbs];
};

/// After additions and subtractions, before carries.
template <class M, int kAbove, int kBelow, int kLimb>
using Sum = Value<M, kAbove, kBelow, kLimb, true, false>;
/// Carried, but with the carries' bits left in place: good for multiplications only.
template <class M, int kAbove>
using Factor = Value<M, kAbove, 0, 1, false, true>;
/// Carried, all limbs below 2^52: good for everything.
template <class M, int kAbove>
using Residue = Value<M, kAbove, 0, 1, true, true>;

template <class M, int kA, int kAbelow, int kAlimb, bool kAf, int kB, int kBbelow, int kBlimb, bool kBf>
LOCKSTEP_INLINE auto operator+(const Value<M, kA, kAbelow, kAlimb, true, kAf>& a,
                               const Value<M, kB, kBbelow, kBlimb, true, kBf>& b) {
  Sum<M, kA + kB, kAbelow + kBbelow, kAlimb + kBlimb> sum;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { sum.limb[i] = a.limb[i] + b.limb[i]; });
  return sum;
}

template <class M, int kA, int kAbelow, int kAlimb, bool kAf, int kB, int kBbelow, int kBlimb, bool kBf>
LOCKSTEP_INLINE auto operator-(const Value<M, kA, kAbelow, kAlimb, true, kAf>& a,
                               const Value<M, kB, kBbelow, kBlimb, true, kBf>& b) {
  Sum<M, kA + kBbelow, kAbelow + kB, kAlimb + kBlimb> difference;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { difference.limb[i] = a.limb[i] - b.limb[i]; });
  return difference;
}

/// a * 2^kShift.
template <int kShift, class M, int kA, int kBelow, int kLimb, bool kF>
LOCKSTEP_INLINE auto shifted(const Value<M, kA, kBelow, kLimb, true, kF>& a) {
  Sum<M, (kA << kShift), (kBelow << kShift), (kLimb << kShift)> product;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { product.limb[i] = a.limb[i] << kShift; });
  return product;
}

/// Adds as many times the modulus as make the value certainly not negative, limb by limb.
template <class M, int kA, int kBelow, int kLimb, bool kF>
LOCKSTEP_INLINE auto made_positive(const Value<M, kA, kBelow, kLimb, true, kF>& a) {
  constexpr int kTimes = (kBelow + kOne - 1) / kOne;
  Sum<M, kA + kTimes * kOne, 0, kLimb + kTimes> sum;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED {
    sum.limb[i] = a.limb[i];
    if constexpr (kTimes > 0) {
      constexpr std::int64_t kAdded = M::kSigned[i] * kTimes;
      if constexpr (kAdded != 0) sum.limb[i] += splat(static_cast<std::uint64_t>(kAdded));
    }
  });
  return sum;
}

/// Moves each limb's excess over 52 bits to the next one, without clearing it.
template <int kLimbs>
LOCKSTEP_INLINE void carry(U64x8* limb) {
  repeat<kLimbs - 1>([&](auto i) LOCKSTEP_INLINED { limb[i + 1] += shift_right_signed(limb[i], kLimbBits); });
}

/// The same number, ready to be multiplied.
template <class M, int kA, int kBelow, int kLimb, bool kF>
LOCKSTEP_INLINE auto factor(const Value<M, kA, kBelow, kLimb, true, kF>& a) {
  const auto positive = made_positive(a);
  static_assert(positive.kAbove <= M::kMaximum, "fits in the limbs");
  Factor<M, positive.kAbove> result;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { result.limb[i] = positive.limb[i]; });
  carry<M::kLimbs>(result.limb);
  return result;
}

template <class M, int kA, int kBelow, int kLimb, bool kF>
LOCKSTEP_INLINE auto carried(const Value<M, kA, kBelow, kLimb, true, kF>& a) {
  const auto unmasked = factor(a);
  Residue<M, unmasked.kAbove> result;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { result.limb[i] = unmasked.limb[i]; });
  repeat<M::kLimbs - 1>([&](auto i) LOCKSTEP_INLINED { result.limb[i] &= splat(kLimbMask); });
  return result;
}

/// The same number with limbs below 2^52 and a value of at most kLimit sixteenths, folded if carrying alone is not
/// enough for that.
template <int kLimit, class M, int kA, int kBelow, int kLimb, bool kF>
LOCKSTEP_INLINE Residue<M, kLimit> residue(const Value<M, kA, kBelow, kLimb, true, kF>& a) {
  if constexpr (kA + (kBelow + kOne - 1) / kOne * kOne <= kLimit) {
    return carried(a);
  } else {
    return carried(M::fold(a));
  }
}

/// out = (a b + addend) / R, before carries; addend may be null.
template <class M>
LOCKSTEP_INLINE void multiply_limbs(U64x8* out, const U64x8* a, const U64x8* b, const U64x8* addend) {
  constexpr int kLimbs = M::kLimbs;
  U64x8 column[2 * kLimbs] = {};
  M::start(column);
  if (addend != nullptr) repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED { column[i] += addend[i]; });
  // Row by row, each reduced at once: the longest chain of dependences is that of the reductions.
  repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED {
    repeat<kLimbs>([&](auto j) LOCKSTEP_INLINED { column[i + j] = madd52_lo(column[i + j], a[i], b[j]); });
    repeat<kLimbs>([&](auto j) LOCKSTEP_INLINED { column[i + j + 1] = madd52_hi(column[i + j + 1], a[i], b[j]); });
    M::reduce(column + i);
  });
  repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED { out[i] = column[kLimbs + i]; });
}

template <class M>
__attribute__((noinline)) void multiply_limbs(U64x8* out, const U64x8* a, const U64x8* b) {
  multiply_limbs<M>(out, a, b, nullptr);
}

/// out = a a / R, before carries.
template <class M>
LOCKSTEP_INLINE void square_limbs_inline(U64x8* out, const U64x8* a) {
  constexpr int kLimbs = M::kLimbs;
  U64x8 column[2 * kLimbs] = {};
  repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED {
    repeat<kLimbs, i + 1>([&](auto j) LOCKSTEP_INLINED {
      column[i + j] = madd52_lo(column[i + j], a[i], a[j]);
      column[i + j + 1] = madd52_hi(column[i + j + 1], a[i], a[j]);
    });
  });
  repeat<2 * kLimbs - 1, 1>([&](auto i) LOCKSTEP_INLINED { column[i] += column[i]; });
  M::start(column);
  repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED {
    column[2 * i] = madd52_lo(column[2 * i], a[i], a[i]);
    column[2 * i + 1] = madd52_hi(column[2 * i + 1], a[i], a[i]);
  });
  repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED { M::reduce(column + i); });
  repeat<kLimbs>([&](auto i) LOCKSTEP_INLINED { out[i] = column[kLimbs + i]; });
}

template <class M>
__attribute__((noinline)) void square_limbs(U64x8* out, const U64x8* a) {
  square_limbs_inline<M>(out, a);
}

/// What a Montgomery product of numbers below a and b sixteenths is below: (a b + R M) / R, and M < R 2^-kSlackBits.
template <class M>
constexpr int product_bound(int a, int b) {
  const std::int64_t product = static_cast<std::int64_t>(a) * b;
  const int shift = 4 + M::kSlackBits;
  return kOne + static_cast<int>((product + (std::int64_t{1} << shift) - 1) >> shift);
}
/// Columns of a product and its reduction add up to fewer than 40 numbers of 52 bits for 8 limbs.
constexpr int kProductLimb = 40;

template <class M, int kAbove>
using Product = Sum<M, kAbove, 0, kProductLimb>;

/// a b / R.
template <class M, int kA, int kALimb, bool kAE, int kB, int kBLimb, bool kBE>
LOCKSTEP_INLINE auto multiply(const Value<M, kA, 0, kALimb, kAE, true>& a,
                              const Value<M, kB, 0, kBLimb, kBE, true>& b) {
  Product<M, product_bound<M>(kA, kB)> product;
  multiply_limbs<M>(product.limb, a.limb, b.limb);
  return product;
}

/// (a b + c) / R.
template <class M, int kA, int kB, int kC>
LOCKSTEP_INLINE auto multiply_add(const Residue<M, kA>& a, const Residue<M, kB>& b, const Residue<M, kC>& c) {
  static_assert(kC <= std::int64_t{kOne} << M::kSlackBits);
  Product<M, product_bound<M>(kA, kB) + kOne> product;
  multiply_limbs<M>(product.limb, a.limb, b.limb, c.limb);
  return product;
}

/// a a / R.
template <class M, int kA, int kLimb, bool kE>
LOCKSTEP_INLINE auto square(const Value<M, kA, 0, kLimb, kE, true>& a) {
  Product<M, product_bound<M>(kA, kA)> product;
  square_limbs<M>(product.limb, a.limb);
  return product;
}

/// `a` in the lanes of `mask`, `b` in the others.
template <class M, int kAbove, int kLimb, bool kE, bool kF>
LOCKSTEP_INLINE auto select(Mask mask, const Value<M, kAbove, 0, kLimb, kE, kF>& a,
                            const Value<M, kAbove, 0, kLimb, kE, kF>& b) {
  Value<M, kAbove, 0, kLimb, kE, kF> chosen;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { chosen.limb[i] = select(mask, a.limb[i], b.limb[i]); });
  return chosen;
}

/// A number in words, below 2^(64 kWords), as limbs; not brought to Montgomery form.
template <class M>
LOCKSTEP_INLINE auto from_words(const Words<M::kWords>& words) {
  Residue<M, kOne + 1> result;
  repeat<M::kLimbs>(
      [&](auto i) LOCKSTEP_INLINED { result.limb[i] = limb_of_words<M::kWords>(words.word, i) & splat(kLimbMask); });
  return result;
}

/// The number itself, reduced, as words.
template <class M, int kAbove>
LOCKSTEP_INLINE Words<M::kWords> to_words(const Residue<M, kAbove>& a) {
  static_assert(kAbove <= 2 * kOne, "one subtraction is enough");
  U64x8 difference[M::kLimbs];
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { difference[i] = a.limb[i] - splat(M::kModulusLimbs.word[i]); });
  carry<M::kLimbs>(difference);
  const Mask below = less(splat(~std::uint64_t{0} >> 1U), difference[M::kLimbs - 1]);
  repeat<M::kLimbs>(
      [&](auto i) LOCKSTEP_INLINED { difference[i] = select(below, a.limb[i], difference[i] & splat(kLimbMask)); });
  Words<M::kWords> words;
  repeat<M::kWords>([&](auto i) LOCKSTEP_INLINED { words.word[i] = word_of_limbs<M::kLimbs>(difference, i); });
  return words;
}

/// The same constant in every lane.
template <class M>
LOCKSTEP_INLINE Residue<M, kOne> splat_limbs(const Constant<M::kLimbs>& constant) {
  Residue<M, kOne> result;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { result.limb[i] = splat(constant.word[i]); });
  return result;
}

/// Montgomery form of a number in words, which need not be below the modulus.
template <class M>
LOCKSTEP_INLINE auto to_montgomery(const Words<M::kWords>& words) {
  return carried(multiply(from_words<M>(words), splat_limbs<M>(M::kRSquared)));
}

/// The number itself, reduced, from Montgomery form.
template <class M, int kAbove, int kLimb, bool kE>
LOCKSTEP_INLINE Words<M::kWords> from_montgomery(const Value<M, kAbove, 0, kLimb, kE, true>& a) {
  return to_words(carried(multiply(a, splat_limbs<M>(Constant<M::kLimbs>{{1}}))));
}

/// Lanes whose number is zero modulo M.
template <class M, int kA, int kBelow, int kLimb, bool kF>
LOCKSTEP_INLINE Mask is_zero(const Value<M, kA, kBelow, kLimb, true, kF>& a) {
  return is_zero(from_montgomery(factor(a)));
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

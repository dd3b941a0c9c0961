// Multiplication of points by secret numbers, eight at a time. Scalars are recoded into digits that are all odd, so
// that no digit is zero and nothing depends on a digit but the choice of a table's entry and a sign.
//
// Recoding: an odd k < 2^(w L) is the sum over i < L of d_i 2^(w i) with d_i = 2 b_i - (2^w - 1), b_i the windows of w
// bits of (k - 1) / 2 + 2^(w L - 1). Each |d_i| is odd and below 2^w. For an even k its opposite n - k is odd.
//
// No exceptional case but in the last addition. Call A and D the multiples of the base, as integers, that an addition
// adds. Both are sums of odd digits over sets of windows without a window in common, so that A, D, A + D and A - D are
// odd multiples of powers of two, and not zero. Where |A| + |D| < n, A and D are therefore neither equal nor opposite
// modulo n, nor zero, and neither is their sum. That holds for all additions but the last:
// - With a fixed base the highest window comes last. Without it |A| + |D| < 2^(w (L - 1)) < n.
// - With a variable base windows come from high to low. Before the last one 0 < A + D <= k / 2^w + 1 and |D| < 2^w, so
//   |A| + |D| < n / 2^w + 2^(w + 1) + 1 < n.
// In the last addition A + D = k is not zero modulo n, but A - D may be n (with P-256's base for k = 30 2^252 - n; with
// any point of P-384 for k = n - 38). It is made complete.
//
// The multiples that fill a variable base's table are of small numbers. Doublings have no exceptions.
#pragma once

#include "crypto/lanes/vector_table.h"
#include "crypto/lanes/weierstrass_group.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// A scalar in (0, n) as windows: `bits` of an odd number, and the lanes where that is the scalar's opposite.
template <class Curve>
struct Recoded {
  static constexpr int kWords = Curve::Order::kWords;
  U64x8 bits[kWords + 1];
  Mask opposite;
};

/// Recodes for kWindows windows of kWidth bits.
template <class Curve, int kWidth, int kWindows>
LOCKSTEP_INLINE Recoded<Curve> recode(const Words<Curve::Order::kWords>& scalar) {
  constexpr int kWords = Curve::Order::kWords;
  constexpr int kTop = kWidth * kWindows - 1;
  static_assert(kTop >= 64 * kWords - 1 && kTop < 64 * (kWords + 1));
  Words<kWords> odd;
  subtract_words(odd, splat_words(Curve::Order::kModulus), scalar);
  Recoded<Curve> recoded;
  recoded.opposite = equal(scalar.word[0] & splat(1), U64x8{});
  odd = select_words(recoded.opposite, odd, scalar);
  for (int i = 0; i + 1 < kWords; ++i) recoded.bits[i] = (odd.word[i] >> 1) | (odd.word[i + 1] << 63);
  recoded.bits[kWords - 1] = odd.word[kWords - 1] >> 1;
  recoded.bits[kWords] = U64x8{};
  recoded.bits[kTop / 64] += splat(std::uint64_t{1} << (kTop % 64));
  return recoded;
}

/// A digit as an index of the table of odd multiples (0 for 1, 1 for 3, ...) and a sign.
struct Digit {
  U64x8 index;
  Mask negative;
};

template <class Curve, int kWidth>
LOCKSTEP_INLINE Digit digit_at(const Recoded<Curve>& recoded, int window) {
  const int first = kWidth * window / 64;
  const int shift = kWidth * window % 64;
  U64x8 bits = recoded.bits[first] >> shift;
  if (shift > 64 - kWidth && first < Recoded<Curve>::kWords) bits |= recoded.bits[first + 1] << (64 - shift);
  const Mask negative = equal(bits & splat(std::uint64_t{1} << (kWidth - 1)), U64x8{});
  const U64x8 low = splat((std::uint64_t{1} << (kWidth - 1)) - 1);
  return {select(negative, ~bits, bits) & low, negative};
}

/// -a in the lanes of `mask`, `a` in the others.
template <class M, int kAbove>
LOCKSTEP_INLINE auto negated_where(Mask mask, const Residue<M, kAbove>& a) {
  const auto opposite = made_positive(Residue<M, 0>{} - a);
  Sum<M, (opposite.kAbove > kAbove ? opposite.kAbove : kAbove), 0, opposite.kLimb> chosen;
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { chosen.limb[i] = select(mask, opposite.limb[i], a.limb[i]); });
  return chosen;
}

/// The entry of a table of the fixed base's odd multiples. A row of the table is one word of all its points' x or y.
template <class Curve>
LOCKSTEP_INLINE AffineAddend<Curve> base_entry(int table, const Digit& digit) {
  using Field = typename Curve::Field;
  Words<Field::kWords> x;
  Words<Field::kWords> y;
  for (int i = 0; i < Field::kWords; ++i) {
    x.word[i] = table_lookup<Curve::kBaseEntries>(Curve::kBaseTable[table][i], digit.index);
    y.word[i] = table_lookup<Curve::kBaseEntries>(Curve::kBaseTable[table][Field::kWords + i], digit.index);
  }
  return {from_words<Field>(x), factor(negated_where(digit.negative, from_words<Field>(y)))};
}

/// 1 in Montgomery form.
template <class Curve>
LOCKSTEP_INLINE Residue<typename Curve::Field, kOne> one() {
  return splat_limbs<typename Curve::Field>(Curve::Field::kR);
}

/// result = scalar G, for 0 < scalar < n. A comb of kBaseWindows windows, of which each kBaseSpacing-th has a table;
/// the others are reached by doublings.
template <class Curve>
__attribute__((noinline)) void multiply_base(JacobianPoint<Curve>& result, const Words<Curve::Order::kWords>& scalar) {
  constexpr int kWidth = Curve::kBaseWidth;
  constexpr int kSpacing = Curve::kBaseSpacing;
  constexpr int kLast = Curve::kBaseWindows - 1;
  static_assert(kLast % kSpacing == 0, "the highest window comes last");
  const Recoded<Curve> recoded = recode<Curve, kWidth, Curve::kBaseWindows>(scalar);
  const AffineAddend<Curve> first = base_entry<Curve>(0, digit_at<Curve, kWidth>(recoded, kSpacing - 1));
  result.x = carried(multiply(first.x, one<Curve>()));
  result.y = carried(multiply(first.y, one<Curve>()));
  result.z = one<Curve>();
  for (int offset = kSpacing - 1; offset >= 0; --offset) {
    for (int window = offset == kSpacing - 1 ? offset + kSpacing : offset; window < kLast; window += kSpacing)
      add_affine<Curve>(result, base_entry<Curve>(window / kSpacing, digit_at<Curve, kWidth>(recoded, window)));
    for (int i = 0; offset > 0 && i < kWidth; ++i) double_point<Curve>(result);
  }
  const AffineAddend<Curve> last = base_entry<Curve>(kLast / kSpacing, digit_at<Curve, kWidth>(recoded, kLast));
  add_points_complete<Curve>(result, {last.x, last.y, one<Curve>()});
  result.y = residue<Curve::kCoordinate>(negated_where(recoded.opposite, result.y));
}

/// table[i] = (2 i + 1) point.
template <class Curve>
LOCKSTEP_INLINE void odd_multiples(JacobianPoint<Curve>* table, int entries, const JacobianPoint<Curve>& point) {
  table[0] = point;
  JacobianPoint<Curve> twice = point;
  double_point<Curve>(twice);
  for (int i = 1; i < entries; ++i) {
    table[i] = table[i - 1];
    add_points<Curve>(table[i], {twice.x, twice.y, twice.z});
  }
}

/// The entry of a digit, chosen by reading all of them.
template <class Curve, int kEntries>
LOCKSTEP_INLINE JacobianPoint<Curve> entry_of(const JacobianPoint<Curve>* table, const U64x8& index) {
  JacobianPoint<Curve> chosen = table[0];
  for (int i = 1; i < kEntries; ++i)
    chosen = select(equal(index, splat(static_cast<std::uint64_t>(i))), table[i], chosen);
  return chosen;
}

/// result = scalar point, for 0 < scalar < n and a point other than infinity.
template <class Curve>
__attribute__((noinline)) void multiply_point(JacobianPoint<Curve>& result, const Words<Curve::Order::kWords>& scalar,
                                              const JacobianPoint<Curve>& point) {
  constexpr int kWidth = 5;
  constexpr int kEntries = 1 << (kWidth - 1);
  constexpr int kWindows = 64 * Curve::Order::kWords / kWidth + 1;
  JacobianPoint<Curve> table[kEntries];
  odd_multiples<Curve>(table, kEntries, point);
  const Recoded<Curve> recoded = recode<Curve, kWidth, kWindows>(scalar);
  // The highest window of (k - 1) / 2 + 2^(w L - 1) has its highest bit set: the digit is positive.
  result = entry_of<Curve, kEntries>(table, digit_at<Curve, kWidth>(recoded, kWindows - 1).index);
  for (int window = kWindows - 2; window >= 0; --window) {
    for (int i = 0; i < kWidth; ++i) double_point<Curve>(result);
    const Digit digit = digit_at<Curve, kWidth>(recoded, window);
    const JacobianPoint<Curve> entry = entry_of<Curve, kEntries>(table, digit.index);
    const JacobianAddend<Curve> addend{entry.x, factor(negated_where(digit.negative, entry.y)), entry.z};
    if (window > 0) {
      add_points<Curve>(result, addend);
    } else {
      add_points_complete<Curve>(result, addend);
    }
  }
  result.y = residue<Curve::kCoordinate>(negated_where(recoded.opposite, result.y));
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

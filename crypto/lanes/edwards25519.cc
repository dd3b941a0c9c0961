#if defined(__AVX512IFMA__) && !defined(__clang__)
#pragma GCC optimize("schedule-insns", "no-schedule-insns2")  // see curve25519_ladder.cc
#endif

#include "crypto/lanes/edwards25519.h"

#include "crypto/lanes/invert25519.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

namespace {

constexpr int kWindows = 64;

/// See tables/edwards25519_comb.py. 30 KB, which stays in the first-level cache.
alignas(64) constexpr std::uint64_t kComb[kWindows / 2 * 15][8] = {
#include "crypto/lanes/tables/edwards25519_comb.inc"
};

/// (X : Y : Z : T), x = X/Z, y = Y/Z, x y = T/Z (Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited",
/// 2008). y and z are biased.
struct Point {
  Wide<U64x8> x, y, z, t;
};

/// y + x, y - x, 2 d x y of an affine point.
struct Entry {
  Number plus, minus, twice_dxy;
};

#ifdef __AVX512IFMA__
/// row[index] in the lanes of mask, 0 in the others; index < 8. A permutation of a register: no address depends on it.
LOCKSTEP_INLINE U64x8 look_up(Mask mask, U64x8 index, const std::uint64_t* row) {
  return reinterpret_cast<U64x8>(
      _mm512_maskz_permutexvar_epi64(mask, reinterpret_cast<__m512i>(index), _mm512_load_si512(row)));
}
#else
LOCKSTEP_INLINE U64x8 look_up(Mask mask, U64x8 index, const std::uint64_t* row) {
  U64x8 found{};
  for (std::uint64_t i = 0; i < 8; ++i)
    found |= select(static_cast<Mask>(equal(index, splat(i)) & mask), splat(row[i]), U64x8{});
  return found;
}
#endif

LOCKSTEP_FIELD Number look_up(Mask mask, U64x8 index, const std::uint64_t (*rows)[8]) {
  return {look_up(mask, index, rows[0]), look_up(mask, index, rows[1]), look_up(mask, index, rows[2]),
          look_up(mask, index, rows[3]), look_up(mask, index, rows[4])};
}

LOCKSTEP_INLINE Point neutral() {
  const U64x8 zero{};
  const U64x8 other = splat(Biased::kOther);
  const Wide<U64x8> one{splat(Biased::kLowest + 1), other, other, other, other};
  return {{zero, zero, zero, zero, zero}, one, one, {zero, zero, zero, zero, zero}};
}

/// sum += entry, or -= in the lanes of `negative`: which exchanges y + x with y - x and changes the sign of 2 d x y.
/// Complete: no case is special. Seven products ("add-2008-hwcd-3" with Z2 = 1).
LOCKSTEP_FIELD void add(Point& sum, const Entry& entry, Mask negative) {
  const Tight<Pair> left = carry(pair(sum.y + sum.x, sum.y - sum.x));
  const Tight<Pair> right = pair(select(negative, entry.minus, entry.plus), select(negative, entry.plus, entry.minus));
  const Wide<Pair> b_a = multiply<Biased>(left, right);
  const Wide<U64x8> c = multiply(carry(sum.t), entry.twice_dxy);
  const Wide<U64x8> d = sum.z + sum.z;
  const Tight<Pair> h_e = carry(pair(first(b_a) + second(b_a), first(b_a) - second(b_a)));
  const Wide<U64x8> d_plus = d + c;
  const Wide<U64x8> d_minus = d - c;
  const Tight<Pair> g_f = carry(pair(select(negative, d_minus, d_plus), select(negative, d_plus, d_minus)));
  const Wide<Pair> y_x = multiply<Biased>(h_e, g_f);
  const Wide<Pair> z_t = multiply<Biased>(pair(first(g_f), first(h_e)), pair(second(g_f), second(h_e)));
  sum = {second(y_x), first(y_x), first(z_t), second(z_t)};
}

/// 2 point ("dbl-2008-hwcd" with all signs turned). Digits: 2 Z^2 is twice biased, so that Y^2, once biased, can be
/// subtracted from it.
LOCKSTEP_FIELD Point twice(const Point& point) {
  const Tight<Pair> y_x = carry(pair(point.y, point.x));
  const Wide<Pair> squares = square<Biased>(y_x);
  const Wide<U64x8> zz = square<Biased>(carry(point.z));
  const Wide<U64x8> xy = multiply(first(y_x), second(y_x));
  const Wide<U64x8> h = first(squares) + second(squares);
  const Wide<U64x8> g = first(squares) - second(squares);
  const Tight<Pair> e_g = carry(pair(xy + xy, g));
  const Tight<Pair> h_f = carry(pair(h, zz + zz - g));
  const Wide<Pair> y_new = multiply<Biased>(pair(first(h_f), first(e_g)), pair(second(e_g), second(h_f)));
  const Wide<Pair> z_new = multiply<Biased>(pair(second(e_g), first(e_g)), pair(second(h_f), first(h_f)));
  return {second(y_new), first(y_new), first(z_new), second(z_new)};
}

/// The scalar in radix 16 with digits of -8 to 7 (the highest 0 to 8), each plus 8 (but the highest).
LOCKSTEP_FIELD Words recode(const Words& scalar) {
  constexpr std::uint64_t kEights = 0x8888888888888888;
  Words sum;
  U64x8 carried{};
  for (int i = 0; i < 4; ++i) {
    const U64x8 eights = splat(i == 3 ? kEights >> 4U : kEights);
    const U64x8 partial = scalar.word[i] + carried;
    const Mask first_carry = less(partial, carried);
    sum.word[i] = partial + eights;
    const Mask second_carry = less(sum.word[i], eights);
    carried = select(static_cast<Mask>(first_carry | second_carry), splat(1), U64x8{});
  }
  return sum;
}

/// Adds digit times 256^(window / 2) B for one digit of the recoded scalar.
LOCKSTEP_FIELD void add_digit(Point& sum, const Words& recoded, int window) {
  const U64x8 offset = splat(window == kWindows - 1 ? 0 : 8);
  const U64x8 digit = (recoded.word[window / 16] >> (4 * (window % 16))) & splat(15);
  const Mask negative = less(digit, offset);
  const U64x8 absolute = select(negative, offset - digit, digit - offset);
  const Mask not_zero = static_cast<Mask>(~equal(absolute, U64x8{}));
  const U64x8 index = absolute - splat(1);
  const std::uint64_t(*const rows)[8] = kComb + static_cast<std::size_t>(window / 2) * 15;
  Entry entry{look_up(not_zero, index, rows), look_up(not_zero, index, rows + 5), look_up(not_zero, index, rows + 10)};
  entry.plus.d0 = select(not_zero, entry.plus.d0, splat(1));
  entry.minus.d0 = select(not_zero, entry.minus.d0, splat(1));
  add(sum, entry, negative);
}

/// scalar * B by 64 additions and four doublings: 16 (sum of the odd digits) + (sum of the even digits), powers of 256
/// being in the table (Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures", 2011, section 4).
Point multiply_base(const Words& scalar) {
  Words recoded = recode(scalar);
  Point sum = neutral();
  for (int window = 1; window < kWindows; window += 2) add_digit(sum, recoded, window);
  for (int i = 0; i < 4; ++i) sum = twice(sum);
  for (int window = 0; window < kWindows; window += 2) add_digit(sum, recoded, window);
  wipe_vectors(recoded.word, 4);
  return sum;
}

}  // namespace

void base_to_montgomery(std::uint8_t (*u)[32], const Words& scalar) {
  Point point = multiply_base(scalar);
  const Number numerator = carry(point.z + point.y);
  const Number denominator = carry(difference(point.z, point.y));
  store_words(u[0], 32, to_words(product(numerator, invert(denominator))));
  wipe_vectors(&point.x.d0, sizeof point / sizeof(U64x8));
}

void base_to_edwards(std::uint8_t* encoded, std::size_t stride, const Words& scalar) {
  Point point = multiply_base(scalar);
  const Number inverse = invert(carry(point.z));
  const Words x = to_words(product(carry(point.x), inverse));
  Words y = to_words(product(carry(point.y), inverse));
  y.word[3] |= x.word[0] << 63;
  store_words(encoded, stride, y);
  wipe_vectors(&point.x.d0, sizeof point / sizeof(U64x8));
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

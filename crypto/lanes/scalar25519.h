// Numbers modulo the order of edwards25519's base point (RFC 8032 section 5.1), a number per lane, in radix 2^52.
#pragma once

#include "crypto/lanes/field25519_number.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// Five digits of 52 bits.
struct Scalar {
  U64x8 digit[5];
};

/// L = 2^252 + 27742317777372353535851937790883648493.
constexpr std::uint64_t kOrder[5] = {0x2631a5cf5d3ed, 0xdea2f79cd6581, 0x14def9, 0x0, 0x100000000000};

/// Digit `index` of a number of `count` words.
LOCKSTEP_FIELD U64x8 digit_of(const U64x8* words, int count, int index) {
  const int word = 52 * index / 64;
  const int shift = 52 * index % 64;
  U64x8 digit = words[word] >> shift;
  if (shift > 12 && word + 1 < count) digit |= words[word + 1] << (64 - shift);
  return digit & splat(kLow52);
}

LOCKSTEP_INLINE Scalar to_scalar(const Words& words) {
  Scalar scalar;
  for (int i = 0; i < 5; ++i) scalar.digit[i] = digit_of(words.word, 4, i);
  return scalar;
}

LOCKSTEP_INLINE Words to_words(const Scalar& a) {
  const U64x8* const d = a.digit;
  return {{d[0] | (d[1] << 52), (d[1] >> 12) | (d[2] << 40), (d[2] >> 24) | (d[3] << 28), (d[3] >> 36) | (d[4] << 16)}};
}

/// t / 2^260 mod L, less than t / 2^260 + L, of a number in ten digits, each < 2^60 (Montgomery, "Modular
/// Multiplication Without Trial Division", 1985). Overwrites t.
LOCKSTEP_FIELD Scalar reduce(U64x8* t) {
  constexpr std::uint64_t kFactor = 0x51da312547e1b;  // -1/L mod 2^52
  for (int i = 0; i < 5; ++i) {
    const U64x8 q = madd52_lo(U64x8{}, t[i], splat(kFactor));
    for (int j = 0; j < 5; ++j) {
      if (kOrder[j] == 0) continue;
      t[i + j] = madd52_lo(t[i + j], q, splat(kOrder[j]));
      t[i + j + 1] = madd52_hi(t[i + j + 1], q, splat(kOrder[j]));
    }
    t[i + 1] += t[i] >> 52;
  }
  Scalar result;
  for (int i = 0; i < 5; ++i) {
    result.digit[i] = t[5 + i] & splat(kLow52);
    if (i < 4) t[6 + i] += t[5 + i] >> 52;
  }
  return result;
}

/// a * b / 2^260 mod L, less than a b / 2^260 + L.
LOCKSTEP_FIELD Scalar multiply(const Scalar& a, const Scalar& b) {
  U64x8 t[11] = {};
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 5; ++j) {
      t[i + j] = madd52_lo(t[i + j], a.digit[i], b.digit[j]);
      t[i + j + 1] = madd52_hi(t[i + j + 1], a.digit[i], b.digit[j]);
    }
  }
  const Scalar result = reduce(t);
  wipe_vectors(t, 11);
  return result;
}

/// a * 2^260 mod L, less than a / 2^8 + L.
LOCKSTEP_INLINE Scalar times_radix(const Scalar& a) {
  // 2^520 mod L
  constexpr std::uint64_t kSquare[5] = {0x9d265e952d13b, 0xd63c715bea69f, 0x5be65cb687604, 0x3dceec73d217f,
                                        0x009411b7c309a};
  Scalar square;
  for (int i = 0; i < 5; ++i) square.digit[i] = splat(kSquare[i]);
  return multiply(a, square);
}

/// a if a < L, else a - L.
LOCKSTEP_FIELD Scalar subtract_order(const Scalar& a) {
  Scalar less_order;
  U64x8 borrow{};
  for (int i = 0; i < 5; ++i) {
    const U64x8 difference = a.digit[i] - splat(kOrder[i]) + borrow;
    less_order.digit[i] = difference & splat(kLow52);
    borrow = shift_right_signed(difference, 52);
  }
  const Mask smaller = static_cast<Mask>(~equal(borrow, U64x8{}));
  for (int i = 0; i < 5; ++i) less_order.digit[i] = select(smaller, a.digit[i], less_order.digit[i]);
  return less_order;
}

/// A digest of 512 bits as a number, little-endian in eight words, modulo L. Less than L.
LOCKSTEP_FIELD Scalar reduce_digest(const U64x8* words) {
  U64x8 t[11] = {};
  for (int i = 0; i < 10; ++i) t[i] = digit_of(words, 8, i);
  const Scalar result = subtract_order(times_radix(reduce(t)));
  wipe_vectors(t, 11);
  return result;
}

/// a * b + c mod L, less than L; a and c < L, b < 2^255.
LOCKSTEP_FIELD Scalar multiply_add(const Scalar& a, const Scalar& b, const Scalar& c) {
  Scalar sum = times_radix(multiply(a, b));
  for (int i = 0; i < 5; ++i) sum.digit[i] += c.digit[i];
  for (int i = 0; i < 4; ++i) {
    sum.digit[i + 1] += sum.digit[i] >> 52;
    sum.digit[i] &= splat(kLow52);
  }
  return subtract_order(subtract_order(sum));
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

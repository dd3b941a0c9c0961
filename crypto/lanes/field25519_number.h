// Single numbers of the field of curve25519: their bytes, differences, and products with a fixed factor.
#pragma once

#include "crypto/lanes/field25519.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

using Number = Tight<U64x8>;

constexpr std::uint64_t kLow52 = (std::uint64_t{1} << 52U) - 1;
constexpr std::uint64_t kLow47 = (std::uint64_t{1} << 47U) - 1;

/// 256 bits a lane, least significant word first.
struct Words {
  U64x8 word[4];
};

/// Reads 32 little-endian bytes a lane.
LOCKSTEP_FIELD Words load_words(const std::uint8_t (*bytes)[32]) {
  Words words;
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t lane = 0; lane < 8; ++lane) {
      std::uint64_t word;
      __builtin_memcpy(&word, bytes[lane] + 8 * i, 8);
      words.word[i][lane] = word;
    }
  }
  return words;
}
/// Writes 32 little-endian bytes a lane, `stride` bytes from one lane to the next.
LOCKSTEP_FIELD void store_words(std::uint8_t* bytes, std::size_t stride, const Words& words) {
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t lane = 0; lane < 8; ++lane) {
      const std::uint64_t word = words.word[i][lane];
      __builtin_memcpy(bytes + stride * lane + 8 * i, &word, 8);
    }
  }
}

/// The number in the low 255 bits; not reduced, which a Tight need not be.
LOCKSTEP_FIELD Number from_words(const Words& words) {
  const U64x8* const w = words.word;
  return {w[0], (w[0] >> 52) | (w[1] << 12), (w[1] >> 40) | (w[2] << 24), (w[2] >> 28) | (w[3] << 36),
          (w[3] >> 16) & splat(kLow47)};
}

/// The number's one representative in [0, p) (RFC 7748 section 5). A Tight is less than 2^255 + 2^221 < 2p, so p has
/// to be taken away at most once, which is where adding 19 carries into bit 255.
LOCKSTEP_FIELD Words to_words(const Number& a) {
  const U64x8 low52 = splat(kLow52);
  const U64x8 d0 = a.d0 & low52, d1 = a.d1 & low52, d2 = a.d2 & low52, d3 = a.d3 & low52, d4 = a.d4 & low52;
  const U64x8 above = (d1 + ((d0 + splat(19)) >> 52)) >> 52;
  const U64x8 excess = (d4 + ((d3 + ((d2 + above) >> 52)) >> 52)) >> 47;
  const U64x8 e0 = madd52_lo(d0, excess, splat(19));
  const U64x8 e1 = d1 + (e0 >> 52);
  const U64x8 e2 = d2 + (e1 >> 52);
  const U64x8 e3 = d3 + (e2 >> 52);
  const U64x8 e4 = (d4 + (e3 >> 52)) & splat(kLow47);
  return {{(e0 & low52) | (e1 << 52), ((e1 & low52) >> 12) | (e2 << 40), ((e2 & low52) >> 24) | (e3 << 28),
           ((e3 & low52) >> 36) | (e4 << 16)}};
}

/// a - b for any products a and b, biased or not, and sums of two. 4 times the bias of Biased is added.
LOCKSTEP_FIELD Wide<U64x8> difference(const Wide<U64x8>& a, const Wide<U64x8>& b) {
  const U64x8 lowest = splat(4 * Biased::kLowest);
  const U64x8 other = splat(4 * Biased::kOther);
  return {a.d0 + lowest - b.d0, a.d1 + other - b.d1, a.d2 + other - b.d2, a.d3 + other - b.d3, a.d4 + other - b.d4};
}

LOCKSTEP_FIELD Number product(const Number& a, const Number& b) {
  return carry(multiply(a, b));
}

/// A factor of many products: row i is the number times 2^(52 i), reduced, so that a product with it has hardly any
/// upper half.
struct FixedFactor {
  Number row[5];
};

LOCKSTEP_FIELD FixedFactor fixed_factor(const Number& a) {
  const Number radix{U64x8{}, splat(1), U64x8{}, U64x8{}, U64x8{}};
  FixedFactor factor;
  factor.row[0] = a;
  for (int i = 1; i < 5; ++i) factor.row[i] = product(factor.row[i - 1], radix);
  return factor;
}

/// Adds digit times row to sum; `upper` takes what exceeds 2^260.
LOCKSTEP_FIELD void add_row(Wide<U64x8>& sum, U64x8& upper, U64x8 digit, const Number& row) {
  sum.d0 = madd52_lo(sum.d0, digit, row.d0);
  sum.d1 = madd52_hi(sum.d1, digit, row.d0);
  sum.d2 = madd52_hi(sum.d2, digit, row.d1);
  sum.d3 = madd52_hi(sum.d3, digit, row.d2);
  sum.d4 = madd52_hi(sum.d4, digit, row.d3);
  upper = madd52_hi(upper, digit, row.d4);
  sum.d1 = madd52_lo(sum.d1, digit, row.d1);
  sum.d2 = madd52_lo(sum.d2, digit, row.d2);
  sum.d3 = madd52_lo(sum.d3, digit, row.d3);
  sum.d4 = madd52_lo(sum.d4, digit, row.d4);
}

/// a times the factor: an unbiased product. The upper half is five times less than 2^47 + 2^12, so 608 times it needs
/// no carry before; digits are < 12 * 2^52.
LOCKSTEP_FIELD Wide<U64x8> multiply(const Number& a, const FixedFactor& factor) {
  Wide<U64x8> sum{};
  U64x8 upper{};
  add_row(sum, upper, a.d0, factor.row[0]);
  add_row(sum, upper, a.d1, factor.row[1]);
  add_row(sum, upper, a.d2, factor.row[2]);
  add_row(sum, upper, a.d3, factor.row[3]);
  add_row(sum, upper, a.d4, factor.row[4]);
  sum.d0 = madd52_lo(sum.d0, upper, splat(608));
  sum.d1 = madd52_hi(sum.d1, upper, splat(608));
  return sum;
}

/// sum + a * factor, factor < 2^17.
LOCKSTEP_FIELD Wide<U64x8> multiply_add_small(const Wide<U64x8>& sum, const Number& a, std::uint64_t factor) {
  const U64x8 small = splat(factor);
  const U64x8 upper = madd52_hi(U64x8{}, a.d4, small);
  return {
      madd52_lo(madd52_lo(sum.d0, a.d0, small), upper, splat(608)),
      madd52_lo(madd52_hi(sum.d1, a.d0, small), a.d1, small), madd52_lo(madd52_hi(sum.d2, a.d1, small), a.d2, small),
      madd52_lo(madd52_hi(sum.d3, a.d2, small), a.d3, small), madd52_lo(madd52_hi(sum.d4, a.d3, small), a.d4, small)};
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

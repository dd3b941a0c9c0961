// The two primes of P-384 (SP 800-186 section 3.2.1.4): the field's and the group order's.
#pragma once

#include "crypto/lanes/inversion.h"
#include "crypto/lanes/modulus.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// p = 2^384 - 2^128 - 2^96 + 2^32 - 1.
struct P384Field : ModulusSizes<8, 6> {
  static constexpr Constant<6> kModulus{{0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff,
                                         0xffffffffffffffff, 0xffffffffffffffff}};
  static constexpr Constant<8> kModulusLimbs = limbs_of<8>(kModulus);
  /// R = 2^416.
  static constexpr Constant<8> kR = doubled(Constant<8>{{1}}, kModulusLimbs, 416);
  static constexpr Constant<8> kRSquared = doubled(Constant<8>{{1}}, kModulusLimbs, 832);
  static constexpr std::int64_t kSigned[8] = {
      (std::int64_t{1} << 32) - 1, -(std::int64_t{1} << 44), -(std::int64_t{1} << 24), 0, 0, 0, 0,
      std::int64_t{1} << 20};

  /// The steps of the reduction subtract q (2^96 + 2^128), each with its own q, by adding (2^52 - 1 - q) (2^96 +
  /// 2^128). What that adds too much over the eight steps is (2^416 - 1) (2^96 + 2^128), taken off here.
  LOCKSTEP_INLINE void start(U64x8* column) {
    column[1] += splat(std::uint64_t{1} << 44U);
    column[2] += splat(std::uint64_t{1} << 24U);
    column[9] -= splat(std::uint64_t{1} << 44U);
    column[10] -= splat(std::uint64_t{1} << 24U);
  }

  /// -1 / p = 1 + 2^32 modulo 2^52. The quotient q = column[0] (1 + 2^32) mod 2^52 is computed with a carry above it;
  /// adding q p = q (2^384 - 2^128 - 2^96 + 2^32 - 1) leaves that carry of column[0].
  LOCKSTEP_INLINE void reduce(U64x8* column) {
    const U64x8 quotient = madd52_lo(column[0], column[0], splat(std::uint64_t{1} << 32U));
    const U64x8 complement = ~quotient;
    // Two chains of column 1, since the next step waits for it.
    const U64x8 carry = madd52_lo(quotient >> kLimbBits, complement, splat(std::uint64_t{1} << 44U));
    column[1] = madd52_hi(column[1], quotient, splat(std::uint64_t{1} << 32U)) + carry;
    column[2] = madd52_hi(column[2], complement, splat(std::uint64_t{1} << 44U));
    column[2] = madd52_lo(column[2], complement, splat(std::uint64_t{1} << 24U));
    column[3] = madd52_hi(column[3], complement, splat(std::uint64_t{1} << 24U));
    column[7] = madd52_lo(column[7], quotient, splat(std::uint64_t{1} << 20U));
    column[8] = madd52_hi(column[8], quotient, splat(std::uint64_t{1} << 20U));
  }

  static constexpr Chain<14> kInversionChain{{{1, 0, 1, 0},    // 2 ones
                                              {2, 1, 1, 0},    // 3
                                              {3, 2, 3, 2},    // 6
                                              {4, 3, 6, 3},    // 12
                                              {3, 4, 3, 2},    // 15
                                              {4, 3, 15, 3},   // 30
                                              {5, 4, 2, 1},    // 32
                                              {6, 4, 30, 4},   // 60
                                              {7, 6, 60, 6},   // 120
                                              {6, 7, 120, 7},  // 240
                                              {7, 6, 15, 3},   // 255
                                              {7, 7, 33, 5},   // a zero, 32 ones
                                              {7, 7, 94, 4},   // 64 zeros, 30 ones
                                              {7, 7, 2, 0}},   // 01
                                             14};
};

/// The order n of the group.
struct P384Order : ModulusSizes<8, 6> {
  static constexpr Constant<6> kModulus{{0xecec196accc52973, 0x581a0db248b0a77a, 0xc7634d81f4372ddf, 0xffffffffffffffff,
                                         0xffffffffffffffff, 0xffffffffffffffff}};
  static constexpr Constant<8> kModulusLimbs = limbs_of<8>(kModulus);
  static constexpr Constant<8> kR = doubled(Constant<8>{{1}}, kModulusLimbs, 416);
  static constexpr Constant<8> kRSquared = doubled(Constant<8>{{1}}, kModulusLimbs, 832);
  static constexpr Constant<8> kRCubed = doubled(Constant<8>{{1}}, kModulusLimbs, 1248);
  static constexpr auto kInversionChain = window_chain(minus(kModulus, 2));

  LOCKSTEP_INLINE void reduce(U64x8* column) { reduce_generic<P384Order>(column); }
};

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

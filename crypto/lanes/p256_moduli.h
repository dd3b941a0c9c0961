// The two primes of P-256 (SP 800-186 section 3.2.1.3): the field's and the group order's.
#pragma once

#include "crypto/lanes/inversion.h"
#include "crypto/lanes/modulus.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// p = 2^256 - 2^224 + 2^192 + 2^96 - 1.
struct P256Field : ModulusSizes<5, 4> {
  static constexpr Constant<4> kModulus{
      {0xffffffffffffffff, 0x00000000ffffffff, 0x0000000000000000, 0xffffffff00000001}};
  static constexpr Constant<5> kModulusLimbs = limbs_of<5>(kModulus);
  /// R = 2^260.
  static constexpr Constant<5> kR = doubled(Constant<5>{{1}}, kModulusLimbs, 260);
  static constexpr Constant<5> kRSquared = doubled(Constant<5>{{1}}, kModulusLimbs, 520);
  static constexpr std::int64_t kSigned[5] = {-1, std::int64_t{1} << 44, 0, std::int64_t{1} << 36,
                                              (std::int64_t{1} << 48) - (std::int64_t{1} << 16)};

  /// p + 1 is a multiple of 2^96, so the quotient of a step is the lowest column itself: adding column[0] p takes it
  /// away but for its carry.
  LOCKSTEP_INLINE void reduce(U64x8* column) {
    const U64x8 quotient = column[0];
    const U64x8 top = splat(0xffffffff0000);
    column[1] = madd52_lo(column[1], quotient, splat(std::uint64_t{1} << 44U)) + (quotient >> kLimbBits);
    column[2] = madd52_hi(column[2], quotient, splat(std::uint64_t{1} << 44U));
    column[3] = madd52_lo(column[3], quotient, splat(std::uint64_t{1} << 36U));
    column[4] = madd52_hi(column[4], quotient, splat(std::uint64_t{1} << 36U));
    column[4] = madd52_lo(column[4], quotient, top);
    column[5] = madd52_hi(column[5], quotient, top);
  }

  /// Takes off as many times p as the highest limb says. Its bits from 2^44 on, less one at 2^44, stay: at least 2^252
  /// and below 17/16 2^256 (the other limbs and the multiple of 2^224 in p change that by less than 2^232).
  template <class Number>
  LOCKSTEP_INLINE Sum<P256Field, 18, 0, Number::kLimb + 1> fold(const Number& a) {
    Sum<P256Field, 18, 0, Number::kLimb + 1> result;
    const U64x8 times = shift_right_signed(a.limb[4] - splat(std::uint64_t{1} << 44U), 48);
    result.limb[0] = a.limb[0] + times;
    result.limb[1] = a.limb[1] - (times << 44);
    result.limb[2] = a.limb[2];
    result.limb[3] = a.limb[3] - (times << 36);
    result.limb[4] = a.limb[4] - (times << 48) + (times << 16);
    return result;
  }

  static constexpr Chain<12> kInversionChain{{{1, 0, 1, 0},    // 2 ones
                                              {2, 1, 1, 0},    // 3
                                              {3, 2, 3, 2},    // 6
                                              {4, 3, 6, 3},    // 12
                                              {3, 4, 3, 2},    // 15
                                              {4, 3, 15, 3},   // 30
                                              {5, 4, 2, 1},    // 32
                                              {6, 5, 32, 0},   // ffffffff 00000001
                                              {6, 6, 128, 5},  // 00000000 00000000 00000000 ffffffff
                                              {6, 6, 32, 5},   // ffffffff
                                              {6, 6, 30, 4},   // fffffffd, but for two bits
                                              {6, 6, 2, 0}},
                                             12};
};

/// The order n of the group.
struct P256Order : ModulusSizes<5, 4> {
  static constexpr Constant<4> kModulus{
      {0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000}};
  static constexpr Constant<5> kModulusLimbs = limbs_of<5>(kModulus);
  static constexpr Constant<5> kR = doubled(Constant<5>{{1}}, kModulusLimbs, 260);
  static constexpr Constant<5> kRSquared = doubled(Constant<5>{{1}}, kModulusLimbs, 520);
  static constexpr Constant<5> kRCubed = doubled(Constant<5>{{1}}, kModulusLimbs, 780);
  static constexpr auto kInversionChain = window_chain(minus(kModulus, 2));

  LOCKSTEP_INLINE void reduce(U64x8* column) { reduce_generic<P256Order>(column); }
};

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

// The five operations of weierstrass.h for one Curve.
#pragma once

#include "crypto/lanes/weierstrass.h"
#include "crypto/lanes/weierstrass_multiply.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

template <class Curve>
struct Kernels {
  using Field = typename Curve::Field;
  using Order = typename Curve::Order;
  static constexpr int kWords = Field::kWords;
  static constexpr std::size_t kSize = std::size_t{8} * kWords;
  using Scalar = Words<kWords>;
  using Table = WeierstrassKernels<kSize>;
  using Number = typename Table::Number;
  using EncodedPoint = typename Table::Point;
  using Pair = NoncePair<kSize>;
  using Coordinate = typename JacobianPoint<Curve>::Coordinate;

  /// What the frames of an operation and of the functions that it calls take at most, with room (-fstack-usage).
  static constexpr std::size_t kStack = std::size_t{9216} * Field::kLimbs;
  static constexpr std::size_t kSignStack = std::size_t{768} * Field::kLimbs;

  /// Scalars; where they are not in (0, n) 1 stands for them and `valid` loses the lane.
  LOCKSTEP_INLINE Scalar load_scalar(const Number* number, Mask& valid) {
    const Scalar scalar = load_words<kWords>(&number[0][0], kSize);
    valid &= static_cast<Mask>(is_below(scalar, Order::kModulus) & ~is_zero(scalar));
    return select_words(valid, scalar, splat_words(Constant<kWords>{{1}}));
  }

  /// Peers' points; where they are not on the curve the generator stands for them and `valid` loses the lane.
  LOCKSTEP_INLINE void load_point(JacobianPoint<Curve>& point, const EncodedPoint* encoded, Mask& valid) {
    unsigned uncompressed = 0;
    for (unsigned lane = 0; lane < kLanes; ++lane) uncompressed |= (encoded[lane][0] == 4 ? 1U : 0U) << lane;
    const Scalar x_words = load_words<kWords>(&encoded[0][1], sizeof(EncodedPoint));
    const Scalar y_words = load_words<kWords>(&encoded[0][1 + kSize], sizeof(EncodedPoint));
    const Coordinate x = to_montgomery<Field>(x_words);
    const Coordinate y = to_montgomery<Field>(y_words);
    valid &= static_cast<Mask>(uncompressed & is_below(x_words, Field::kModulus) & is_below(y_words, Field::kModulus));
    valid &= is_on_curve<Curve>(x, y);
    const AffineAddend<Curve> generator = base_entry<Curve>(0, {U64x8{}, 0});
    const Coordinate generator_x = carried(multiply(generator.x, one<Curve>()));
    const Coordinate generator_y = carried(multiply(generator.y, one<Curve>()));
    point.x = select(valid, x, generator_x);
    point.y = select(valid, y, generator_y);
    point.z = one<Curve>();
  }

  /// The affine coordinates, in words, from 1 / Z. y may be null.
  template <class Inverse>
  LOCKSTEP_INLINE Mask affine(Scalar& x, Scalar* y, const JacobianPoint<Curve>& point, const Inverse& inverse) {
    const auto inverse_squared = factor(square(inverse));
    const auto affine_x = carried(multiply(point.x, inverse_squared));
    const auto affine_y = factor(multiply(point.y, factor(multiply(inverse, inverse_squared))));
    x = from_montgomery(affine_x);
    if (y != nullptr) *y = from_montgomery(affine_y);
    return is_on_curve<Curve>(affine_x, affine_y);
  }

  static __attribute__((noinline)) Mask base_multiply(EncodedPoint* public_key, const Number* private_key) {
    Mask valid = kAllLanes;
    JacobianPoint<Curve> point;
    multiply_base<Curve>(point, load_scalar(private_key, valid));
    typename Inversion<Field>::Element inverse;
    invert<Field>(inverse, point.z);
    Scalar x;
    Scalar y;
    valid &= affine(x, &y, point, inverse);
    for (unsigned lane = 0; lane < kLanes; ++lane)
      public_key[lane][0] = static_cast<std::uint8_t>((valid >> lane & 1U) * 4U);
    store_words<kWords>(&public_key[0][1], sizeof(EncodedPoint), x, valid);
    store_words<kWords>(&public_key[0][1 + kSize], sizeof(EncodedPoint), y, valid);
    return valid;
  }

  static __attribute__((noinline)) Mask derive(Number* shared, const Number* private_key, const EncodedPoint* peer) {
    Mask valid = kAllLanes;
    JacobianPoint<Curve> point;
    load_point(point, peer, valid);
    const Scalar scalar = load_scalar(private_key, valid);
    multiply_point<Curve>(point, scalar, point);
    typename Inversion<Field>::Element inverse;
    invert<Field>(inverse, point.z);
    Scalar x;
    valid &= affine(x, nullptr, point, inverse);
    store_words<kWords>(&shared[0][0], kSize, x, valid);
    return valid;
  }

  static __attribute__((noinline)) Mask make_nonce_pair(Pair* pair, const Number* k) {
    Mask valid = kAllLanes;
    const Scalar scalar = load_scalar(k, valid);
    JacobianPoint<Curve> point;
    multiply_base<Curve>(point, scalar);
    const auto nonce = to_montgomery<Order>(scalar);
    typename Inversion<Field>::Element z_inverse;
    typename Inversion<Order>::Element k_inverse;
    invert_both<Field, Order>(z_inverse, point.z, k_inverse, nonce);
    Scalar x;
    valid &= affine(x, nullptr, point, z_inverse);
    const auto product = from_montgomery(factor(multiply(nonce, k_inverse)));
    valid &= equal_words(product, splat_words(Constant<kWords>{{1}}));
    const Scalar r = reduce_once(x, Order::kModulus);
    valid &= static_cast<Mask>(~is_zero(r));
    store_words<kWords>(&pair[0].k_inverse[0], sizeof(Pair), from_montgomery(k_inverse), valid);
    store_words<kWords>(&pair[0].r[0], sizeof(Pair), r, valid);
    return valid;
  }

  static __attribute__((noinline)) Mask sign(std::uint8_t (*signature)[2 * kSize], const Pair* pair,
                                             const Number* private_key, const Number* digest) {
    const Scalar r = load_words<kWords>(&pair[0].r[0], sizeof(Pair));
    const auto k_inverse = from_words<Order>(load_words<kWords>(&pair[0].k_inverse[0], sizeof(Pair)));
    const auto d = from_words<Order>(load_words<kWords>(&private_key[0][0], kSize));
    const auto e = from_words<Order>(load_words<kWords>(&digest[0][0], kSize));
    // (r d + e) / R, times R^3 / R, times k^-1 / R.
    const auto sum = factor(multiply_add(from_words<Order>(r), d, e));
    const auto scaled = factor(multiply(sum, splat_limbs<Order>(Order::kRCubed)));
    const Scalar s = to_words(carried(multiply(scaled, k_inverse)));
    const auto valid = static_cast<Mask>(~is_zero(s));
    store_words<kWords>(&signature[0][0], 2 * kSize, r, valid);
    store_words<kWords>(&signature[0][kSize], 2 * kSize, s, valid);
    return valid;
  }

  static __attribute__((noinline)) Mask verify(const EncodedPoint* public_key,
                                               const std::uint8_t (*signature)[2 * kSize], const Number* digest) {
    Number r_bytes[kLanes];
    Number s_bytes[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      __builtin_memcpy(r_bytes[lane], &signature[lane][0], kSize);
      __builtin_memcpy(s_bytes[lane], &signature[lane][kSize], kSize);
    }
    Mask valid = kAllLanes;
    JacobianPoint<Curve> key;
    load_point(key, public_key, valid);
    const Scalar r = load_scalar(r_bytes, valid);
    typename Inversion<Order>::Element s_inverse;
    invert<Order>(s_inverse, to_montgomery<Order>(load_scalar(s_bytes, valid)));
    const auto e = from_words<Order>(load_words<kWords>(&digest[0][0], kSize));
    // (e / 1) (R / s) / R: out of Montgomery form.
    Scalar u1 = to_words(carried(multiply(e, s_inverse)));
    const Scalar u2 = to_words(carried(multiply(from_words<Order>(r), s_inverse)));
    const Mask nothing_of_base = is_zero(u1);
    u1 = select_words(nothing_of_base, splat_words(Constant<kWords>{{1}}), u1);
    JacobianPoint<Curve> of_base;
    multiply_base<Curve>(of_base, u1);
    multiply_point<Curve>(key, u2, key);
    JacobianPoint<Curve> sum = key;
    add_points_complete<Curve>(sum, {of_base.x, of_base.y, of_base.z});
    return valid & has_x(select(nothing_of_base, key, sum), r);
  }

  /// Lanes whose point is not infinity and has x = r modulo n.
  LOCKSTEP_INLINE Mask has_x(const JacobianPoint<Curve>& point, const Scalar& r) {
    const auto z_squared = factor(square(point.z));
    Scalar second;
    const Mask carry = add_words(second, r, splat_words(Order::kModulus));
    const auto second_possible = static_cast<Mask>(is_below(second, Field::kModulus) & ~carry);
    const Mask first_is = is_zero(multiply(to_montgomery<Field>(r), z_squared) - point.x);
    const Mask second_is = is_zero(multiply(to_montgomery<Field>(second), z_squared) - point.x);
    return static_cast<Mask>(~is_zero(point.z) & (first_is | (second_possible & second_is)));
  }

  /// `operation` with the stack wiped after it.
  template <std::size_t kStackBytes, auto operation, class... Arguments>
  static LaneMask wiped(Arguments... arguments) {
    const LaneMask valid = operation(arguments...);
    wipe_stack<kStackBytes>();
    return valid;
  }

  static constexpr Table kTable{wiped<kStack, base_multiply>, wiped<kStack, derive>, wiped<kStack, make_nonce_pair>,
                                wiped<kSignStack, sign>, verify};
};

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

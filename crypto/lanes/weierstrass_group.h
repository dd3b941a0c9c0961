// Points of y^2 = x^3 - 3x + b over a prime field in Jacobian coordinates (x = X / Z^2, y = Y / Z^3), eight at a time.
// A Curve names Field, Order, kB (in Montgomery form), kCoordinate (a bound that fits the formulas) and its tables.
#pragma once

#include "crypto/lanes/montgomery.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// A point; infinity has Z = 0.
template <class Curve>
struct JacobianPoint {
  using Coordinate = Residue<typename Curve::Field, Curve::kCoordinate>;
  Coordinate x, y, z;
};

/// What is added to a point.
template <class Curve>
struct JacobianAddend {
  using Coordinate = Factor<typename Curve::Field, Curve::kCoordinate + 2 * kOne>;
  Coordinate x, y, z;
};

/// A point other than infinity with Z = 1 that is added to a point.
template <class Curve>
struct AffineAddend {
  using Coordinate = Factor<typename Curve::Field, 2 * kOne>;
  Coordinate x, y;
};

/// `a` in the lanes of `mask`, `b` in the others.
template <class Curve>
LOCKSTEP_INLINE JacobianPoint<Curve> select(Mask mask, const JacobianPoint<Curve>& a, const JacobianPoint<Curve>& b) {
  return {select(mask, a.x, b.x), select(mask, a.y, b.y), select(mask, a.z, b.z)};
}

/// point = 2 point. Right for every point: the groups' orders are odd, so that no Y is zero, and Z = 0 stays zero.
/// Bernstein and Lange, dbl-2001-b, with Z3 as a product.
template <class Curve>
__attribute__((noinline)) void double_point(JacobianPoint<Curve>& point) {
  constexpr int kBound = Curve::kCoordinate;
  const auto delta = square(point.z);
  const auto gamma = factor(square(point.y));
  const auto z = multiply(point.y, point.z);
  const auto difference = factor(point.x - delta);
  const auto sum = factor(point.x + delta);
  const auto beta = multiply(point.x, gamma);
  const auto third = multiply(difference, sum);
  const auto alpha = factor(third + shifted<1>(third));
  const auto gamma_squared = square(gamma);
  point.z = residue<kBound>(shifted<1>(z));
  const auto four_beta = shifted<2>(beta);
  point.x = residue<kBound>(square(alpha) - shifted<1>(four_beta));
  point.y = residue<kBound>(multiply(alpha, factor(four_beta - point.x)) - shifted<3>(gamma_squared));
}

/// The second half of an addition: from U1 = X1 Z2^2, S1 = Y1 Z2^3, H = U2 - U1, R = S2 - S1.
template <class Curve, class U, class S, class H, class R>
LOCKSTEP_INLINE void finish_addition(JacobianPoint<Curve>& point, const U& u, const S& s, const H& h, const R& r) {
  constexpr int kBound = Curve::kCoordinate;
  const auto h_squared = factor(square(h));
  const auto r_squared = square(r);
  const auto h_cubed = multiply(h, h_squared);
  const auto v = multiply(u, h_squared);
  point.x = residue<kBound>(r_squared - h_cubed - shifted<1>(v));
  const auto subtrahend = multiply(s, factor(h_cubed));
  point.y = residue<kBound>(multiply(r, factor(v - point.x)) - subtrahend);
}

/// point += addend. Wrong where they are equal (gives Z = 0) or either is infinity; right where they are opposite.
template <class Curve>
__attribute__((noinline)) void add_points(JacobianPoint<Curve>& point, const JacobianAddend<Curve>& addend) {
  const auto z1_squared = factor(square(point.z));
  const auto z2_squared = factor(square(addend.z));
  const auto z1_cubed = factor(multiply(point.z, z1_squared));
  const auto z2_cubed = factor(multiply(addend.z, z2_squared));
  const auto u1 = carried(multiply(point.x, z2_squared));
  const auto u2 = multiply(addend.x, z1_squared);
  const auto s1 = carried(multiply(point.y, z2_cubed));
  const auto s2 = multiply(addend.y, z1_cubed);
  const auto z = factor(multiply(point.z, addend.z));
  const auto h = factor(u2 - u1);
  const auto r = factor(s2 - s1);
  finish_addition<Curve>(point, u1, s1, h, r);
  point.z = residue<Curve::kCoordinate>(multiply(z, h));
}

/// point += addend, with the exceptions of add_points.
template <class Curve>
__attribute__((noinline)) void add_affine(JacobianPoint<Curve>& point, const AffineAddend<Curve>& addend) {
  const auto z_squared = factor(square(point.z));
  const auto u2 = multiply(addend.x, z_squared);
  const auto z_cubed = factor(multiply(point.z, z_squared));
  const auto h = factor(u2 - point.x);
  const auto s2 = multiply(addend.y, z_cubed);
  const auto z = multiply(point.z, h);
  const auto r = factor(s2 - point.y);
  const auto x = point.x;
  const auto y = point.y;
  finish_addition<Curve>(point, x, y, h, r);
  point.z = residue<Curve::kCoordinate>(z);
}

/// point += addend, also where they are equal. Neither is infinity.
template <class Curve>
__attribute__((noinline)) void add_points_complete(JacobianPoint<Curve>& point, const JacobianAddend<Curve>& addend) {
  const auto z1_squared = factor(square(point.z));
  const auto z2_squared = factor(square(addend.z));
  const auto h = multiply(addend.x, z1_squared) - multiply(point.x, z2_squared);
  const auto r = multiply(addend.y, factor(multiply(point.z, z1_squared))) -
                 multiply(point.y, factor(multiply(addend.z, z2_squared)));
  const Mask same = is_zero(h) & is_zero(r);
  JacobianPoint<Curve> twice = point;
  double_point<Curve>(twice);
  add_points<Curve>(point, addend);
  point = select(same, twice, point);
}

/// x^3 - 3x + b.
template <class Curve, class X>
LOCKSTEP_INLINE auto right_hand_side(const X& x) {
  using Field = typename Curve::Field;
  const auto x_squared = carried(square(x));
  const auto three = splat_limbs<Field>(Curve::kThree);
  return multiply(factor(x_squared - three), x) + splat_limbs<Field>(Curve::kB);
}

/// Lanes in which (x, y) is on the curve.
template <class Curve, class X, class Y>
LOCKSTEP_INLINE Mask is_on_curve(const X& x, const Y& y) {
  return is_zero(square(y) - right_hand_side<Curve>(x));
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

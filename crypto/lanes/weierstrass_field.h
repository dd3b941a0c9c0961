// The field arithmetic of the P-256 and P-384 kernels by itself. Only the tests use it: they give it limbs that whole
// operations meet too rarely.
#pragma once

#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes {

/// Arithmetic modulo one of the primes. Numbers are `kLimbs` limbs of 52 bits, least significant first, each for eight
/// lanes. R = 2^(52 kLimbs).
template <std::size_t kLimbs>
struct FieldKernels {
  using Number = std::uint64_t[kLimbs][kLanes];
  /// out = a b / R modulo the prime, below twice the prime, for a and b of which one is below R / 4 and the other below
  /// four times the prime. Bits of a and b above the 52nd are ignored.
  void (*multiply)(Number& out, const Number& a, const Number& b);
  /// out = a a / R, for an a below four times the prime.
  void (*square)(Number& out, const Number& a);
  /// out = R^2 / a, of an a below three times the prime, zero of zero.
  void (*invert)(Number& out, const Number& a);
  /// out = 4 (a - b), of a and b below twice the prime: as a coordinate of a point, below 5/2 of P-256's prime, 64
  /// times P-384's. Null for the orders.
  void (*subtract)(Number& out, const Number& a, const Number& b);
};

extern const FieldKernels<5> kP256FieldIfma, kP256OrderIfma, kP256FieldPortable, kP256OrderPortable;
extern const FieldKernels<8> kP384FieldIfma, kP384OrderIfma, kP384FieldPortable, kP384OrderPortable;

}  // namespace lockstep::crypto::lanes

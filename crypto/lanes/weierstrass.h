// P-256 and P-384 (FIPS 186-5, SP 800-186), eight operations at a time. Constant time in scalars, nonces and keys;
// public keys, signatures and digests that are verified are public. All numbers are big-endian, kSize bytes.
#pragma once

#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes {

/// The part of an ECDSA signature that does not depend on the message (FIPS 186-5 section 6.3): k^-1 mod n and
/// r = x(kG) mod n. Gives the private key away when used for two messages: single use, wiped.
template <std::size_t kSize>
struct NoncePair {
  std::uint8_t k_inverse[kSize];
  std::uint8_t r[kSize];
};

/// kSize: 32 for P-256, 48 for P-384. Pointers are to arrays of eight, one element a lane.
template <std::size_t kSize>
struct WeierstrassKernels {
  using Number = std::uint8_t[kSize];
  /// Uncompressed (SEC 1 section 2.3.3): 4, x, y.
  using Point = std::uint8_t[1 + 2 * kSize];

  /// public_key = private_key * G. Returns the lanes with 0 < private_key < n and the product on the curve (a computing
  /// fault fails this); the others' output is zeros.
  LaneMask (*base_multiply)(Point* public_key, const Number* private_key);
  /// shared = x(private_key * peer) (SP 800-56A 5.7.1.2). Returns the lanes whose private key is in range and whose
  /// peer is uncompressed, in range and on the curve (and the product too, which a computing fault fails); the others'
  /// output is zeros.
  LaneMask (*derive)(Number* shared, const Number* private_key, const Point* peer);
  /// (k^-1, r) of each k. Returns the lanes with 0 < k < n, r != 0, kG on the curve and k k^-1 = 1 (computing faults
  /// fail these); the others' output is zeros.
  LaneMask (*make_nonce_pair)(NoncePair<kSize>* pair, const Number* k);
  /// signature = r, s with s = k^-1 (e + r d) mod n, e the digest as a number, reduced: the leftmost kSize bytes of a
  /// longer digest, a shorter one with zeros before it (FIPS 186-5 section 6.4.1). Pairs and keys are in range. Returns
  /// the lanes with s != 0; the others' output is zeros.
  LaneMask (*sign)(std::uint8_t (*signature)[2 * kSize], const NoncePair<kSize>* pair, const Number* private_key,
                   const Number* digest);
  /// Returns the lanes whose signature (r, s) over `digest` is valid for `public_key` (FIPS 186-5 section 6.4). Keys
  /// are checked as in derive. Not constant time: everything is public.
  LaneMask (*verify)(const Point* public_key, const std::uint8_t (*signature)[2 * kSize], const Number* digest);
};

using P256Kernels = WeierstrassKernels<32>;
using P384Kernels = WeierstrassKernels<48>;

/// Run on processors with AVX512-IFMA only; see ifma_available().
extern const P256Kernels kP256Ifma;
extern const P384Kernels kP384Ifma;
/// The same source without vector instructions; in the library of the tests only.
extern const P256Kernels kP256Portable;
extern const P384Kernels kP384Portable;

}  // namespace lockstep::crypto::lanes

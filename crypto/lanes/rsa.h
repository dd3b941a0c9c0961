// RSA with two primes of half the modulus' size (RFC 8017 section 5.1.2, 5.2.1), 2048, 3072 and 4096 bits, eight
// operations at a time. Constant time in keys, inputs and outputs of the private operation; public exponents and sizes
// are public. All numbers are big-endian: the modulus' size, what belongs to a prime half of it.
#pragma once

#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes {

/// Digits of 52 bits of the largest modulus, and of its primes.
constexpr std::size_t kMaxRsaDigits = 80;
constexpr std::size_t kMaxRsaPrimeDigits = kMaxRsaDigits / 2;
/// Bytes of fresh randomness that a private operation takes for its blinding.
constexpr std::size_t kRsaRandomSize = 16;

/// A private key as numbers (RFC 8017 section 3.2).
struct RsaNumbers {
  const std::uint8_t* modulus;
  std::uint64_t public_exponent;
  const std::uint8_t* prime1;
  const std::uint8_t* prime2;
  const std::uint8_t* exponent1;
  const std::uint8_t* exponent2;
  const std::uint8_t* coefficient;
};

/// A prime and what Montgomery's multiplication needs of it: 52-bit digits, lowest first; R = 2^(52 * digits).
struct RsaPrime {
  std::uint64_t value[kMaxRsaPrimeDigits];
  /// R, R^2 and R^3 modulo the prime.
  std::uint64_t r1[kMaxRsaPrimeDigits];
  std::uint64_t r2[kMaxRsaPrimeDigits];
  std::uint64_t r3[kMaxRsaPrimeDigits];
  std::uint64_t exponent[kMaxRsaPrimeDigits];
  /// -value^-1 modulo 2^52.
  std::uint64_t negative_inverse;
};

/// A private key as the kernels read it. Plain memory, secret, owned and wiped by the caller; read-only once made, so
/// that all cores share it.
struct RsaKey {
  std::uint64_t modulus[kMaxRsaDigits];
  /// R, R^2 and R^3 modulo the modulus.
  std::uint64_t r1[kMaxRsaDigits];
  std::uint64_t r2[kMaxRsaDigits];
  std::uint64_t r3[kMaxRsaDigits];
  std::uint64_t negative_inverse;
  std::uint64_t public_exponent;
  RsaPrime prime1;
  RsaPrime prime2;
  /// prime2^-1 modulo prime1.
  std::uint64_t coefficient[kMaxRsaPrimeDigits];
  unsigned bits;
};

/// Makes *key of a private key of `bits` bits; about a millisecond. False, and *key all zeros, unless bits is 2048,
/// 3072 or 4096, both primes are odd and have exactly half of them, their product is the modulus and has exactly
/// `bits`, and 3 <= public_exponent < 2^32 is odd. That the other numbers belong together is not checked: a result that
/// is not the input's root is never handed out. Constant time but for the answer.
bool prepare_rsa_key(RsaKey* key, unsigned bits, const RsaNumbers& numbers);

/// What a slice of a private operation did. The unit of work is a squaring modulo a prime in all lanes; what is not a
/// squaring counts as what it costs.
struct RsaProgress {
  bool finished;
  std::uint32_t squarings;
};

/// The kernels for one modulus size.
struct RsaKernels {
  std::size_t modulus_size;
  /// Memory for one private operation in eight lanes, a multiple of 64 bytes and so aligned; one per core and size
  /// suffices. It holds secrets from `begin` to the end of `finish`, which wipes it.
  std::size_t state_size;
  /// The work of a slice of about 75 microseconds on the processors this was written for, for `step`.
  std::uint32_t slice;

  /// Begins output[i] = input[i]^d mod n with *key[i] in all lanes; keys may differ, inputs are of the modulus' size
  /// and copied. A lane whose key is nullptr is a dummy; at least one lane is not. random[i] blinds lane i: fresh for
  /// every call, from a generator fit for keys. Returns the lanes with input < n; the others, and dummies, compute
  /// something of the same cost.
  LaneMask (*begin)(void* state, const RsaKey* const* key, const std::uint8_t* const* input,
                    const std::uint8_t (*random)[kRsaRandomSize]);
  /// Goes on until about `squarings` of work are done (at least one piece, of at most 30) or everything is.
  RsaProgress (*step)(void* state, std::uint32_t squarings);
  /// Call once when `step` has finished. Writes output[i] (of the modulus' size; nullptr for dummies), wipes the state
  /// and returns the lanes whose input was in range and whose output^e mod n was found to be the input again. The
  /// others' output is zeros: a fault gives nothing away.
  LaneMask (*finish)(void* state, std::uint8_t* const* output);

  /// output[i] = input[i]^exponent[i] mod modulus[i], RFC 8017 section 5.2.2. Returns the lanes whose modulus is odd
  /// and has exactly the kernels' bits, whose exponent is odd and at least 3, and whose input is less than the modulus;
  /// the others' output is zeros. A lane whose modulus is nullptr is a dummy. Not constant time: everything is public.
  LaneMask (*public_operation)(std::uint8_t* const* output, const std::uint8_t* const* modulus,
                               const std::uint32_t* exponent, const std::uint8_t* const* input);
};

/// Number of sizes: 2048, 3072, 4096 bits, in this order in the tables.
constexpr std::size_t kRsaSizes = 3;
/// Run on processors with AVX512-IFMA only; see ifma_available().
extern const RsaKernels kRsaIfma[kRsaSizes];
/// The same source without vector instructions; in the library of the tests only.
extern const RsaKernels kRsaPortable[kRsaSizes];

}  // namespace lockstep::crypto::lanes

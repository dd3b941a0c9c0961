// X25519 (RFC 7748) and Ed25519 signatures (RFC 8032), eight at a time. Constant time in all scalars, keys and
// messages; the lengths of messages are public.
#pragma once

#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes {

/// The longest message that ed25519_sign takes, in bytes. TLS 1.3 signs at most 146 (RFC 8446 section 4.4.3).
constexpr std::size_t kMaxEd25519Message = 512;

/// What an Ed25519 signature needs of a key (RFC 8032 section 5.1.5): both halves of SHA-512(seed), the first clamped.
struct Ed25519Key {
  std::uint8_t scalar[32];
  std::uint8_t prefix[32];
  std::uint8_t public_key[32];
};

/// Every array has eight elements, one a lane; outputs may not overlap inputs. Nothing fails: every input is a valid
/// one.
struct Curve25519Kernels {
  /// public_key = X25519(private_key, 9), RFC 7748 section 6.1. Clamps.
  void (*x25519_base)(std::uint8_t (*public_key)[32], const std::uint8_t (*private_key)[32]);
  /// shared = X25519(private_key, peer), RFC 7748 section 5. Clamps; ignores the peer's top bit; takes a peer >= p
  /// modulo p. Returns the lanes whose result is not all zero: the others' peers are points of low order, and TLS must
  /// not use their result (section 6.1, RFC 8446 section 7.4.2).
  LaneMask (*x25519)(std::uint8_t (*shared)[32], const std::uint8_t (*private_key)[32], const std::uint8_t (*peer)[32]);
  /// Makes the Ed25519Key of each seed (RFC 8032 section 5.1.5).
  void (*ed25519_expand)(Ed25519Key* keys, const std::uint8_t (*seed)[32]);
  /// Signs message[i], message_size[i] <= kMaxEd25519Message bytes, with *key[i] (RFC 8032 section 5.1.6); lanes may
  /// share keys and messages. `noise`, 32 fresh bytes a lane, goes into the nonce, which is then the hash of noise,
  /// prefix, 64 zeros and message (draft-irtf-cfrg-det-sigs-with-noise, whose first block this is): a computing fault
  /// in one of two signatures of the same message then gives nothing away. nullptr gives the RFC's deterministic
  /// signature, for tests.
  void (*ed25519_sign)(std::uint8_t (*signature)[64], const Ed25519Key* const* key, const std::uint8_t* const* message,
                       const std::size_t* message_size, const std::uint8_t (*noise)[32]);
};

/// Runs on processors with AVX512-IFMA only; see ifma_available().
extern const Curve25519Kernels kCurve25519Ifma;
/// The same source without vector instructions; in the library of the tests only.
extern const Curve25519Kernels kCurve25519Portable;

}  // namespace lockstep::crypto::lanes

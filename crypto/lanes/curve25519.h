// X25519 (RFC 7748) and Ed25519 signatures (RFC 8032), eight at a time. Constant time in all scalars, keys and
// messages; the lengths of messages are public.
#pragma once

#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes {

/// What an Ed25519 signature needs of a key (RFC 8032 section 5.1.5): both halves of SHA-512(seed), the first clamped.
struct Ed25519Key {
  std::uint8_t scalar[32];
  std::uint8_t prefix[32];
  std::uint8_t public_key[32];
};

struct Curve25519Kernels {
  /// public_key = X25519(private_key, 9), RFC 7748 section 6.1. Clamps. By an Edwards comb over the fixed base.
  void (*x25519_base)(std::uint8_t (*public_key)[32], const std::uint8_t (*private_key)[32]);
  /// shared = X25519(private_key, peer), RFC 7748 section 5. Clamps; masks the peer's top bit. Returns the lanes whose
  /// result is not all zero (section 6.1).
  LaneMask (*x25519)(std::uint8_t (*shared)[32], const std::uint8_t (*private_key)[32], const std::uint8_t (*peer)[32]);
  /// Makes the Ed25519Key of each seed.
  void (*ed25519_expand)(Ed25519Key* keys, const std::uint8_t (*seed)[32]);
  /// Signs message[i], message_size[i] bytes (at most 512), with *key[i] (RFC 8032 section 5.1.6). `noise`, 32 bytes a
  /// lane, is hashed with the prefix into the nonce, so that a computing fault in one of two signatures of the same
  /// message gives nothing away; nullptr gives the RFC's deterministic signature (tests only).
  void (*ed25519_sign)(std::uint8_t (*signature)[64], const Ed25519Key* const* key, const std::uint8_t* const* message,
                       const std::size_t* message_size, const std::uint8_t (*noise)[32]);
};

/// Runs on processors with AVX512-IFMA only; see ifma_available().
extern const Curve25519Kernels kCurve25519Ifma;
/// The same source without vector instructions; in the library of the tests only.
extern const Curve25519Kernels kCurve25519Portable;

}  // namespace lockstep::crypto::lanes

// Ed25519 (RFC 8032 section 5.1), eight lanes.
#pragma once

#include "crypto/lanes/curve25519.h"
#include "crypto/lanes/vector.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// See Curve25519Kernels.
void ed25519_expand(Ed25519Key* keys, const std::uint8_t (*seed)[32]);
void ed25519_sign(std::uint8_t (*signature)[64], const Ed25519Key* const* key, const std::uint8_t* const* message,
                  const std::size_t* message_size, const std::uint8_t (*noise)[32]);

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

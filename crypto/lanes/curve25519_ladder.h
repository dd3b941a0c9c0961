// X25519 for any point: the Montgomery ladder (RFC 7748 section 5), eight lanes.
#pragma once

#include "crypto/lanes/lanes.h"
#include "crypto/lanes/vector.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// See Curve25519Kernels::x25519.
LaneMask x25519(std::uint8_t (*shared)[32], const std::uint8_t (*private_key)[32], const std::uint8_t (*peer)[32]);

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

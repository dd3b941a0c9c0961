// Multiples of edwards25519's base point (RFC 8032 section 5.1), eight lanes.
#pragma once

#include "crypto/lanes/field25519_number.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// The Montgomery u coordinate of scalar * B (RFC 7748 section 4.1). Scalars < 2^255; one that is a multiple of B's
/// order gives 0.
void base_to_montgomery(std::uint8_t (*u)[32], const Words& scalar);

/// scalar * B, encoded (RFC 8032 section 5.1.2) into `stride` bytes a lane, of which 32 are written. Scalars < 2^255.
void base_to_edwards(std::uint8_t* point, std::size_t stride, const Words& scalar);

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

// Clamping a private key (RFC 7748 section 5, RFC 8032 section 5.1.5).
#pragma once

#include "crypto/lanes/field25519_number.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// Clears bits 0, 1, 2 and 255, sets bit 254.
LOCKSTEP_INLINE Words clamp(const Words& key) {
  constexpr std::uint64_t kTop = std::uint64_t{1} << 62U;
  return {{key.word[0] & splat(~std::uint64_t{7}), key.word[1], key.word[2],
           (key.word[3] & splat(kTop - 1)) | splat(kTop)}};
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

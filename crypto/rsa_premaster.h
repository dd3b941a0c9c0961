// The premaster secret of the RSA key exchange out of a raw decryption (RFC 5246 section 7.4.7.1).
#pragma once

#include "crypto/base/bytes.h"

namespace lockstep::crypto {

/// Size of a premaster secret: the client's version and 46 random bytes.
constexpr std::size_t kRsaPremaster = 48;

/// Writes to `premaster` (kRsaPremaster bytes) the last 48 bytes of `decrypted` (of the modulus's size, at least 59
/// bytes) if that is 00 02, nothing but non-zero bytes, 00 and 48 bytes that begin with `client_version`; otherwise, or
/// when not `decrypted_at_all`, the 48 bytes of `substitute`. Which of the two, and why, shows neither in time nor in
/// memory accesses: every byte is looked at in any case. This is the whole defence against Bleichenbacher's attack
/// (CRYPTO '98) and its descendants, so every engine uses this one function.
void select_rsa_premaster(Bytes decrypted, bool decrypted_at_all, std::uint16_t client_version, Bytes substitute,
                          MutableBytes premaster);

}  // namespace lockstep::crypto

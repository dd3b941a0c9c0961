// The encoding of ECDSA signatures in TLS: ECDSA-Sig-Value in DER (RFC 8446 section 4.2.3, RFC 3279 section 2.2.3).
#pragma once

#include "crypto/base/bytes.h"

namespace lockstep::crypto::lanes {

/// Writes r and s, the halves of `numbers` (big-endian), to `out`, which has room for numbers.size() + 9 bytes. Returns
/// the size.
std::size_t encode_ecdsa_signature(Bytes numbers, MutableBytes out);

/// Reads r and s into the halves of `numbers`; false unless `der` is exactly one such value with two positive numbers
/// that fit.
bool decode_ecdsa_signature(Bytes der, MutableBytes numbers);

}  // namespace lockstep::crypto::lanes

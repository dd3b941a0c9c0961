// Encoded messages of RSA signatures (RFC 8017 section 9): PKCS1-v1_5 and PSS with SHA-256 and SHA-384.
#pragma once

#include "crypto/algorithms.h"
#include "crypto/base/random.h"

namespace lockstep::crypto::lanes {

/// Whether `scheme` is one that this file encodes: RSA with SHA-256 or SHA-384.
bool has_rsa_padding(SignatureScheme scheme);

/// Writes the encoded message of `content` to `out`, which has the modulus's size (`bits` is a multiple of 8). The salt
/// of PSS, as long as the hash (RFC 8446 section 4.2.3), comes from `random`. `scheme` has padding, and it fits.
void encode_rsa_message(SignatureScheme scheme, Bytes content, Random& random, MutableBytes out);

/// Whether `encoded`, of the modulus's size, is an encoded message of `content`. Public data: not constant time.
bool verify_rsa_message(SignatureScheme scheme, Bytes content, Bytes encoded);

}  // namespace lockstep::crypto::lanes

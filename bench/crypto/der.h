// ECDSA signatures as they stand on the wire (RFC 3279 section 2.2.3): a SEQUENCE of two INTEGERs.
#pragma once

#include "crypto/base/bytes.h"

namespace lockstep::bench {

/// Most bytes of such a signature with numbers of up to 48 bytes.
constexpr std::size_t kMaxEcdsaSignature = 2 + 2 * (2 + 1 + 48);

/// Writes r and s, each half of `signature`, big-endian, to `der` (room for kMaxEcdsaSignature). Returns the size.
std::size_t write_ecdsa_signature(Bytes signature, std::uint8_t* der);

/// Reads r and s into the halves of `signature`. False when `der` is not such a signature.
bool read_ecdsa_signature(Bytes der, MutableBytes signature);

}  // namespace lockstep::bench

// The premaster secret out of a decrypted ClientKeyExchange, RSA key exchange of TLS 1.2 (RFC 5246 section 7.4.7.1).
#pragma once

#include "crypto/base/bytes.h"

namespace lockstep::crypto {

constexpr std::size_t kRsaPremasterSize = 48;

/// Writes to `premaster` (kRsaPremasterSize bytes) the last 48 bytes of `decrypted` where these are a premaster secret:
/// `decrypted`, the raw result of the private operation, as long as the modulus, is 00 02, non-zero bytes up to a 00
/// right before the 48 (RFC 8017 section 7.2.2; with the moduli in use these are at least eight), and the 48 begin with
/// `client_version` of the ClientHello. Else, or where `usable` is false, `substitute`: 48 random bytes made
/// beforehand, so that the handshake fails at Finished as it does for any wrong premaster secret (Bleichenbacher 1998;
/// Klima, Pokorny and Rosa 2003 for the version).
///
/// `usable` says that `decrypted` is the result of an operation, and not a dummy of equal cost for a ciphertext of the
/// wrong length or not below the modulus. It is secret like everything here but the sizes and the version: time and
/// memory accesses depend on the sizes only, and there is no answer.
void take_rsa_premaster(MutableBytes premaster, Bytes decrypted, bool usable, std::uint16_t client_version,
                        Bytes substitute);

}  // namespace lockstep::crypto

// The pseudorandom function of TLS 1.2 (RFC 5246 section 5).
#pragma once

#include <string_view>

#include "crypto/base/hmac.h"

namespace lockstep::crypto {

/// PRF(secret, label, seed) with P_hash; the seed is `seed` followed by `more_seed`. Fills all of `out`.
void prf(const HmacKey& secret, std::string_view label, Bytes seed, Bytes more_seed, MutableBytes out);

}  // namespace lockstep::crypto

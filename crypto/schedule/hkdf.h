// HKDF (RFC 5869) and the form TLS 1.3 uses it in (RFC 8446 section 7.1).
#pragma once

#include <string_view>

#include "crypto/base/hmac.h"

namespace lockstep::crypto {

/// The characters of a label as bytes.
inline Bytes ascii(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// HKDF-Expand (RFC 5869 section 2.3) with `prk` as pseudorandom key. False, and nothing written, when `out` is longer
/// than 255 digests.
[[nodiscard]] bool hkdf_expand(const HmacKey& prk, Bytes info, MutableBytes out);

/// HKDF-Expand-Label (RFC 8446 section 7.1); `label` comes without "tls13 ". For the schedule's own labels, so limited
/// to labels of 18 bytes, contexts of one digest and outputs of one digest.
void hkdf_expand_label(const HmacKey& secret, std::string_view label, Bytes context, MutableBytes out);

}  // namespace lockstep::crypto

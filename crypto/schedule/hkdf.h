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

/// The structure HkdfLabel (RFC 8446 section 7.1); `label` comes without "tls13 ". For the schedule's own labels, of
/// at most 18 bytes. A context has at most 255.
class HkdfLabel {
 public:
  HkdfLabel(std::string_view label, Bytes context, std::size_t out_size);
  Bytes bytes() const { return Bytes(bytes_).first(size_); }

 private:
  static constexpr std::string_view kPrefix = "tls13 ";
  static constexpr std::size_t kMaxLabel = 18;
  static constexpr std::size_t kMaxContext = 255;
  std::array<std::uint8_t, 2 + 1 + kPrefix.size() + kMaxLabel + 1 + kMaxContext> bytes_;
  std::size_t size_ = 0;
};

/// HKDF-Expand-Label (RFC 8446 section 7.1) for outputs of at most one digest.
void hkdf_expand_label(const HmacKey& secret, std::string_view label, Bytes context, MutableBytes out);

}  // namespace lockstep::crypto

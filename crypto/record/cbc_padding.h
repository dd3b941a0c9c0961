// The padding of a decrypted CBC record, and the MAC before it, without telling where they are (RFC 5246 section
// 6.2.3.2).
#pragma once

#include <array>

#include "crypto/cbc_job.h"

namespace lockstep::crypto {

/// The end of a decrypted record: content, MAC, padding, padding length.
class CbcEnd {
 public:
  /// `decrypted` is a whole number of blocks, longer than `mac` bytes. Reads its last bytes, as many as a MAC and the
  /// longest padding take; which ones depends on its size only.
  CbcEnd(Bytes decrypted, std::size_t mac);
  CbcEnd(const CbcEnd&) = delete;
  CbcEnd& operator=(const CbcEnd&) = delete;
  ~CbcEnd();

  /// Secret: bytes before the MAC. A bad padding counts as one of no bytes.
  std::size_t content_size() const { return content_size_; }
  /// Secret: all ones when each byte of the padding says how long it is and the record has room for it and a MAC.
  std::uint64_t good_padding() const { return good_; }
  /// Secret: all ones when the MAC before the padding is `expected`. To be called once.
  std::uint64_t has_mac(Bytes expected);

 private:
  static constexpr std::size_t kPadding = 256;  // with the length byte
  static constexpr std::size_t kWindow = kMaxMac + kPadding;

  alignas(16) std::array<std::uint8_t, kWindow + 16> window_;  // and room for a vector that reaches over the end
  std::size_t content_size_;
  std::uint64_t good_;
  std::uint64_t padding_;
};

}  // namespace lockstep::crypto

// How large records are by agreement: record_size_limit (RFC 8449) and max_fragment_length (RFC 6066 section 4).
#pragma once

#include "dataplane/tls/client_hello.h"
#include "dataplane/tls/extensions.h"
#include "dataplane/tls/record.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// The extension that is answered, and what follows from it. record_size_limit goes before max_fragment_length (RFC
/// 8449 section 5) and says only what each side can receive, which in our case is all that the protocol allows.
struct RecordSizes {
  std::uint16_t record_size_limit = 0;   // our answer; 0: none
  std::uint8_t max_fragment_length = 0;  // the same
  std::uint16_t sent = kMaxFragment;     // bytes of plaintext in a record
  std::uint16_t received = kMaxFragment;

  static RecordSizes agree(const ClientHello& hello, Version version) {
    RecordSizes sizes;
    if (hello.record_size_limit) {
      // TLS 1.3 counts the content type, too (RFC 8449 section 4).
      const std::uint16_t type = version == Version::tls13 ? 1 : 0;
      sizes.record_size_limit = static_cast<std::uint16_t>(kMaxFragment + type);
      sizes.sent = static_cast<std::uint16_t>(std::min(*hello.record_size_limit, sizes.record_size_limit) - type);
    } else if (hello.max_fragment_length) {
      sizes.max_fragment_length = *hello.max_fragment_length;
      sizes.sent = sizes.received = static_cast<std::uint16_t>(1U << (8U + sizes.max_fragment_length));
    }
    return sizes;
  }
  bool answered() const { return record_size_limit != 0 || max_fragment_length != 0; }
  /// Writes the extension, if there is one.
  void write(Writer& writer) const {
    if (record_size_limit != 0) {
      const auto extension = begin_extension(writer, ExtensionType::record_size_limit);
      writer.u16(record_size_limit);
    } else if (max_fragment_length != 0) {
      const auto extension = begin_extension(writer, ExtensionType::max_fragment_length);
      writer.u8(max_fragment_length);
    }
  }
};

}  // namespace lockstep::tls

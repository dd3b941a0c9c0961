// Extension code points (RFC 8446 section 4.2; IANA TLS ExtensionType Values).
#pragma once

#include <bitset>

#include "crypto/base/bytes.h"
#include "dataplane/tls/error.h"

namespace lockstep::tls {

enum class ExtensionType : std::uint16_t {
  server_name = 0,                    // RFC 6066
  max_fragment_length = 1,            // RFC 6066
  status_request = 5,                 // RFC 6066
  supported_groups = 10,              // RFC 8446, RFC 8422
  ec_point_formats = 11,              // RFC 8422
  signature_algorithms = 13,          // RFC 8446
  alpn = 16,                          // RFC 7301
  signed_certificate_timestamp = 18,  // RFC 6962
  padding = 21,                       // RFC 7685
  encrypt_then_mac = 22,              // RFC 7366
  extended_master_secret = 23,        // RFC 7627
  compress_certificate = 27,          // RFC 8879
  record_size_limit = 28,             // RFC 8449
  session_ticket = 35,                // RFC 5077
  pre_shared_key = 41,                // RFC 8446, like the rest
  early_data = 42,
  supported_versions = 43,
  cookie = 44,
  psk_key_exchange_modes = 45,
  certificate_authorities = 47,
  signature_algorithms_cert = 50,
  key_share = 51,
  renegotiation_info = 0xff01,  // RFC 5746
};

/// Signalling cipher suite values.
constexpr std::uint16_t kEmptyRenegotiationInfoScsv = 0x00ff;  // RFC 5746 section 3.3
constexpr std::uint16_t kFallbackScsv = 0x5600;                // RFC 7507

/// Hands each extension of a block to take(type, body), which returns an Error: malformed_message when the block does
/// not parse, duplicate_extension (RFC 8446 section 4.2), or what `take` says.
template <class Take>
Error read_extensions(Bytes block, Take&& take) {
  // One bit per code point: a block of many thousand extensions costs no more than its length.
  std::bitset<65536> seen;
  for (Reader reader(block); reader.remaining() != 0;) {
    const std::uint16_t type = reader.u16();
    const Bytes body = reader.vector16();
    if (!reader.ok()) return Error::malformed_message;
    if (seen[type]) return Error::duplicate_extension;
    seen[type] = true;
    if (const Error error = take(type, body); error != Error::none) return error;
  }
  return Error::none;
}

/// Writes an extension's type; its length is filled in when the scope ends.
[[nodiscard]] inline Writer::Scope begin_extension(Writer& writer, ExtensionType type) {
  writer.u16(static_cast<std::uint16_t>(type));
  return writer.length16();
}

}  // namespace lockstep::tls

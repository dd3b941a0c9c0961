#include "dataplane/tls/received_server_hello.h"

#include <algorithm>

namespace lockstep::tls {

namespace {

constexpr std::uint16_t kLegacyVersion = 0x0303;
constexpr std::size_t kMaxSessionId = 32;

// Section 4.2.1: only what has this extension is of TLS 1.3. Nothing is said about extensions that cannot be read.
bool find_selected_version(Bytes extensions, Bytes& body) {
  Reader reader(extensions);
  while (reader.remaining() != 0) {
    const std::uint16_t type = reader.u16();
    body = reader.vector16();
    if (reader.ok() && type == static_cast<std::uint16_t>(ExtensionType::supported_versions)) return true;
  }
  return false;
}

// The server speaks an older version. Whoever can speak TLS 1.3 says so here, so that nobody between could have made it
// believe that we cannot (section 4.1.3).
Error refuse_older_version(Bytes random) {
  return has_downgrade_sentinel(random) ? Error::downgraded : Error::no_common_version;
}

}  // namespace

Error ReceivedServerHello::read(Bytes body, const ClientOffer& offer) {
  Reader reader(body);
  const std::uint16_t legacy_version = reader.u16();
  const Bytes random = reader.bytes(kRandom);
  const Bytes session_id = reader.vector8();
  const std::uint16_t suite = reader.u16();
  const std::uint8_t compression_method = reader.u8();
  if (!reader.ok() || session_id.size() > kMaxSessionId) return Error::malformed_message;
  // Older versions may do without extensions (RFC 5246 section 7.4.1.3).
  const Bytes extensions = reader.remaining() != 0 ? reader.vector16() : Bytes();
  if (!reader.finished()) return Error::malformed_message;

  Bytes selected;
  if (!find_selected_version(extensions, selected)) return refuse_older_version(random);
  // Section 4.2.1.
  Reader version(selected);
  if (version.u16() != static_cast<std::uint16_t>(Version::tls13)) return Error::version_not_offered;
  if (!version.finished()) return Error::malformed_message;
  // Section 4.1.3, field by field.
  if (legacy_version != kLegacyVersion) return Error::illegal_parameter;
  if (!std::ranges::equal(session_id, offer.session_id)) return Error::session_id_not_echoed;
  cipher_suite = static_cast<CipherSuite>(suite);
  if (!offer.offers(cipher_suite)) return Error::suite_not_offered;
  if (compression_method != 0) return Error::compression_chosen;
  retry = is_hello_retry_request(random);
  return read_extensions(extensions, [&](std::uint16_t type, Bytes content) {
    return read_extension(static_cast<ExtensionType>(type), content, offer);
  });
}

Error ReceivedServerHello::read_extension(ExtensionType type, Bytes body, const ClientOffer& offer) {
  Reader reader(body);
  switch (type) {
    case ExtensionType::supported_versions:
      return Error::none;  // read before
    case ExtensionType::key_share:
      group = static_cast<crypto::NamedGroup>(reader.u16());
      if (!retry) public_key = reader.vector16();
      return reader.finished() && (retry || !public_key.empty()) ? Error::none : Error::malformed_message;
    case ExtensionType::pre_shared_key:
      if (retry || offer.ticket.empty()) break;
      selected_identity = reader.u16();
      return reader.finished() ? Error::none : Error::malformed_message;
    case ExtensionType::cookie:
      if (!retry) break;
      cookie = reader.vector16();
      return reader.finished() && !cookie.empty() ? Error::none : Error::malformed_message;
    default:
      break;
  }
  return offer.refuse(static_cast<std::uint16_t>(type));
}

}  // namespace lockstep::tls

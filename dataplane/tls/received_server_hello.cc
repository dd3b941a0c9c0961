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

Error done(const Reader& reader) {
  return reader.finished() ? Error::none : Error::malformed_message;
}

// RFC 8422 section 5.1.2: uncompressed is always among them.
Error read_point_formats(Reader& reader) {
  const Bytes formats = reader.vector8();
  if (!reader.finished() || formats.empty()) return Error::malformed_message;
  return std::find(formats.begin(), formats.end(), std::uint8_t{0}) != formats.end() ? Error::none
                                                                                     : Error::illegal_parameter;
}

}  // namespace

Error ReceivedServerHello::read(Bytes body, const ClientOffer& offer) {
  Reader reader(body);
  const std::uint16_t legacy_version = reader.u16();
  random = reader.bytes(kRandom);
  session_id = reader.vector8();
  const std::uint16_t suite = reader.u16();
  const std::uint8_t compression_method = reader.u8();
  if (!reader.ok() || session_id.size() > kMaxSessionId) return Error::malformed_message;
  // Older versions may do without extensions (RFC 5246 section 7.4.1.3).
  const Bytes extensions = reader.remaining() != 0 ? reader.vector16() : Bytes();
  if (!reader.finished()) return Error::malformed_message;

  if (const Error error = check_version(legacy_version, extensions, offer); error != Error::none) return error;
  const bool tls13 = version == Version::tls13;
  // Section 4.1.3, field by field.
  if (tls13 && !std::ranges::equal(session_id, offer.session_id_view())) return Error::session_id_not_echoed;
  cipher_suite = static_cast<CipherSuite>(suite);
  if (!offer.offers(cipher_suite, version)) return Error::suite_not_offered;
  if (compression_method != 0) return Error::compression_chosen;
  retry = tls13 && is_hello_retry_request(random);
  const Error error = read_extensions(extensions, [&](std::uint16_t type, Bytes content) {
    return tls13 ? read_extension_tls13(static_cast<ExtensionType>(type), content, offer)
                 : read_extension_tls12(static_cast<ExtensionType>(type), content, offer);
  });
  if (error != Error::none || tls13) return error;
  // RFC 5746 section 3.4: whoever does not know it may let others speak in front of us.
  return secure_renegotiation ? Error::none : Error::no_secure_renegotiation;
}

Error ReceivedServerHello::check_version(std::uint16_t legacy_version, Bytes extensions, const ClientOffer& offer) {
  Bytes selected;
  if (!find_selected_version(extensions, selected)) {
    version = Version::tls12;
    return check_older_version(legacy_version, offer);
  }
  // Section 4.2.1: it selects no version before TLS 1.3.
  if (!offer.config.tls13) return Error::unsolicited_extension;
  Reader reader(selected);
  if (reader.u16() != static_cast<std::uint16_t>(Version::tls13)) return Error::version_not_offered;
  if (!reader.finished()) return Error::malformed_message;
  return legacy_version == kLegacyVersion ? Error::none : Error::illegal_parameter;
}

// Whoever can speak TLS 1.3 says so in its random, so that nobody between could have made it believe that we cannot
// (section 4.1.3).
Error ReceivedServerHello::check_older_version(std::uint16_t legacy_version, const ClientOffer& offer) const {
  if (offer.config.tls13 && has_downgrade_sentinel(random)) return Error::downgraded;
  return offer.config.tls12 && legacy_version == kLegacyVersion ? Error::none : Error::no_common_version;
}

Error ReceivedServerHello::read_extension_tls13(ExtensionType type, Bytes body, const ClientOffer& offer) {
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
      return done(reader);
    case ExtensionType::cookie:
      if (!retry) break;
      cookie = reader.vector16();
      return reader.finished() && !cookie.empty() ? Error::none : Error::malformed_message;
    default:
      break;
  }
  return offer.refuse(static_cast<std::uint16_t>(type));
}

Error ReceivedServerHello::read_extension_tls12(ExtensionType type, Bytes body, const ClientOffer& offer) {
  Reader reader(body);
  switch (type) {
    case ExtensionType::server_name:
      if (offer.config.server_name.empty()) break;
      return done(reader);  // empty (RFC 6066 section 3)
    case ExtensionType::alpn:
      if (offer.config.alpn.empty()) break;
      return offer.read_alpn(body, alpn);
    case ExtensionType::ec_point_formats:
      return read_point_formats(reader);
    case ExtensionType::extended_master_secret:
      extended_master_secret = true;
      return done(reader);
    case ExtensionType::renegotiation_info: {
      secure_renegotiation = true;
      const Bytes verify_data = reader.vector8();
      if (!reader.finished()) return Error::malformed_message;
      return verify_data.empty() ? Error::none : Error::bad_renegotiation_info;
    }
    case ExtensionType::session_ticket:
      if (!offer.resumption) break;
      session_ticket = true;
      return done(reader);
    default:
      break;
  }
  return offer.refuse(static_cast<std::uint16_t>(type));
}

}  // namespace lockstep::tls

#include "dataplane/tls/client_hello.h"

#include <algorithm>

#include "crypto/base/sha2.h"
#include "dataplane/tls/extensions.h"

namespace lockstep::tls {

using crypto::NamedGroup;

namespace {

constexpr std::uint8_t kHostName = 0;  // NameType, RFC 6066 section 3
constexpr std::size_t kMaxSessionId = 32;
constexpr std::size_t kMaxServerName = 255;  // longer than any DNS name

// A vector of 16-bit values that fills `body`: at least one, with a length prefix of `width` bytes.
bool read_code_points(Bytes body, std::size_t width, CodePoints& out) {
  Reader reader(body);
  const Bytes list = width == 1 ? reader.vector8() : reader.vector16();
  if (!reader.finished() || list.empty() || list.size() % 2 != 0) return false;
  out = CodePoints(list);
  return true;
}

// A non-empty vector that fills `body`.
bool read_vector8(Bytes body, Bytes& out) {
  Reader reader(body);
  out = reader.vector8();
  return reader.finished() && !out.empty();
}

// opaque <1..2^16-1>.
bool read_vector16(Bytes body, Bytes& out) {
  Reader reader(body);
  out = reader.vector16();
  return reader.finished() && !out.empty();
}

// ProtocolNameList (RFC 7301 section 3.1): names of at least one byte.
bool read_alpn(Bytes body, Bytes& out) {
  Reader reader(body);
  out = reader.vector16();
  if (!reader.finished() || out.empty()) return false;
  for (Reader names(out); names.remaining() != 0;)
    if (names.vector8().empty()) return false;
  return true;
}

// KeyShareEntry list (RFC 8446 section 4.2.8): may be empty, its keys may not.
bool read_key_shares(Bytes body, Bytes& out) {
  Reader reader(body);
  out = reader.vector16();
  if (!reader.finished()) return false;
  for (Reader entries(out); entries.remaining() != 0;) {
    entries.u16();
    if (entries.vector16().empty()) return false;
  }
  return true;
}

// CertificateStatusRequest (RFC 6066 section 8). A type that is not ocsp is nothing we could answer.
bool read_status_request(Bytes body, bool& ocsp) {
  constexpr std::uint8_t kOcsp = 1;
  Reader reader(body);
  if (reader.u8() != kOcsp) return reader.ok();
  for (Reader responders(reader.vector16()); responders.remaining() != 0;)
    if (responders.vector16().empty()) return false;
  reader.vector16();  // request_extensions
  return ocsp = reader.finished();
}

constexpr std::array kGroups = {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1};

}  // namespace

Error ClientHello::read(Bytes body) {
  Reader reader(body);
  legacy_version = reader.u16();
  random = reader.bytes(32);
  session_id = reader.vector8();
  const Bytes suites = reader.vector16();
  compression_methods = reader.vector8();
  if (!reader.ok() || session_id.size() > kMaxSessionId || suites.empty() || suites.size() % 2 != 0 ||
      compression_methods.empty())
    return Error::malformed_message;
  cipher_suites = CodePoints(suites);
  secure_renegotiation = cipher_suites.contains(kEmptyRenegotiationInfoScsv);
  fallback = cipher_suites.contains(kFallbackScsv);
  if (reader.finished()) return Error::none;  // no extensions (RFC 5246 section 7.4.1.2)
  const Bytes extensions = reader.vector16();
  if (!reader.finished()) return Error::malformed_message;
  if (const Error error = read_extensions(extensions); error != Error::none) return error;
  if (const Error error = check_record_sizes(); error != Error::none) return error;
  return check_key_shares();
}

Error ClientHello::read_extensions(Bytes extensions) {
  return tls::read_extensions(extensions, [&](std::uint16_t type, Bytes body) {
    // RFC 8446 section 4.2.11: pre_shared_key is the last one.
    return offers_psk() ? Error::illegal_parameter : read_extension(type, body);
  });
}

Error ClientHello::read_extension(std::uint16_t type, Bytes body) {
  bool valid = true;
  switch (static_cast<ExtensionType>(type)) {
    case ExtensionType::server_name:
      return read_server_name(body);
    case ExtensionType::supported_groups:
      valid = read_code_points(body, 2, supported_groups);
      break;
    case ExtensionType::ec_point_formats:
      valid = read_vector8(body, ec_point_formats);
      break;
    case ExtensionType::status_request:
      valid = read_status_request(body, status_request);
      break;
    case ExtensionType::signed_certificate_timestamp:
      signed_certificate_timestamp = valid = body.empty();
      break;
    case ExtensionType::compress_certificate:
      valid = read_code_points(body, 1, certificate_compression);
      break;
    case ExtensionType::signature_algorithms:
      valid = read_code_points(body, 2, signature_algorithms);
      break;
    case ExtensionType::alpn:
      valid = read_alpn(body, alpn);
      break;
    case ExtensionType::max_fragment_length:
      valid = body.size() == 1;
      if (valid) max_fragment_length = body[0];
      break;
    case ExtensionType::record_size_limit:
      valid = body.size() == 2;
      if (valid) record_size_limit = static_cast<std::uint16_t>(body[0] << 8U | body[1]);
      break;
    case ExtensionType::session_ticket:
      session_ticket = body;
      has_session_ticket = true;
      break;
    case ExtensionType::encrypt_then_mac:
      encrypt_then_mac = valid = body.empty();
      break;
    case ExtensionType::extended_master_secret:
      extended_master_secret = valid = body.empty();
      break;
    case ExtensionType::pre_shared_key:
      valid = read_offered_psks(body);
      break;
    case ExtensionType::early_data:
      has_early_data = valid = body.empty();
      break;
    case ExtensionType::supported_versions:
      valid = read_code_points(body, 1, supported_versions);
      break;
    case ExtensionType::psk_key_exchange_modes:
      valid = read_vector8(body, psk_modes);
      break;
    case ExtensionType::key_share:
      has_key_share = valid = read_key_shares(body, key_shares);
      break;
    case ExtensionType::renegotiation_info:
      // RFC 5746 section 3.6: the first handshake has nothing to refer to.
      if (body.size() != 1 || body[0] != 0) return Error::bad_renegotiation_info;
      secure_renegotiation = true;
      break;
    case ExtensionType::cookie:
      valid = read_vector16(body, cookie);
      break;
    case ExtensionType::padding:
    case ExtensionType::certificate_authorities:
    case ExtensionType::signature_algorithms_cert:
      break;  // nothing is chosen by them
  }
  return valid ? Error::none : Error::malformed_message;
}

Error ClientHello::read_server_name(Bytes body) {
  Reader reader(body);
  Reader names(reader.vector16());
  if (!reader.finished() || names.remaining() == 0) return Error::malformed_message;
  while (names.remaining() != 0) {
    const std::uint8_t type = names.u8();
    const Bytes name = names.vector16();
    if (!names.ok() || name.empty()) return Error::malformed_message;
    if (type != kHostName) continue;
    // RFC 6066 section 3: one name of each type; a host name holds no control characters and is no longer than DNS has.
    const bool printable = std::all_of(name.begin(), name.end(), [](std::uint8_t c) { return c > 0x20 && c < 0x7f; });
    if (!server_name.empty() || name.size() > kMaxServerName || !printable) return Error::illegal_parameter;
    server_name = name;
  }
  return Error::none;
}

// OfferedPsks (RFC 8446 section 4.2.11): identities with their ages, and as many binders.
bool ClientHello::read_offered_psks(Bytes body) {
  Reader reader(body);
  psk_identities = reader.vector16();
  psk_binders = reader.vector16();
  if (!reader.finished() || psk_identities.empty()) return false;
  Reader identities(psk_identities);
  Reader binders(psk_binders);
  std::size_t difference = 0;
  for (; identities.remaining() != 0; ++difference) {
    if (identities.vector16().empty()) return false;
    identities.u32();
  }
  for (; binders.remaining() != 0; --difference)
    if (binders.vector8().size() < digest_size(Hash::sha256)) return false;
  return identities.ok() && binders.ok() && difference == 0;
}

Error ClientHello::check_record_sizes() const {
  constexpr std::uint16_t kLeastLimit = 64;    // RFC 8449 section 4
  constexpr std::uint8_t kLastLengthCode = 4;  // RFC 6066 section 4
  if (record_size_limit) return *record_size_limit >= kLeastLimit ? Error::none : Error::illegal_parameter;
  const std::uint8_t code = max_fragment_length.value_or(1);
  return code >= 1 && code <= kLastLengthCode ? Error::none : Error::illegal_parameter;
}

Error ClientHello::check_key_shares() const {
  // Shares without a list of groups are for negotiation to refuse.
  if (supported_groups.empty()) return Error::none;
  // RFC 8446 section 4.2.8: one share per group, and only for groups that are offered.
  for (const NamedGroup group : kGroups) {
    std::size_t shares = 0;
    for (Reader entries(key_shares); entries.remaining() != 0;) {
      if (entries.u16() == static_cast<std::uint16_t>(group)) ++shares;
      entries.vector16();
    }
    if (shares > 1 || (shares == 1 && !supported_groups.contains(group))) return Error::illegal_parameter;
  }
  return Error::none;
}

Error ClientHello::find_key_share(NamedGroup group, Bytes& key) const {
  key = {};
  for (Reader entries(key_shares); entries.remaining() != 0;) {
    const std::uint16_t entry_group = entries.u16();
    const Bytes entry = entries.vector16();
    if (entry_group == static_cast<std::uint16_t>(group)) key = entry;
  }
  return key.empty() || key.size() == public_key_size(group) ? Error::none : Error::bad_key_share;
}

std::array<std::uint8_t, 32> unchanging_part(Bytes body) {
  RunningHash hash;
  Reader reader(body);
  reader.bytes(2 + 32);
  reader.vector8();
  reader.vector16();
  reader.vector8();
  hash.update(body.first(body.size() - reader.remaining()));
  std::array<Bytes, 64> by_type{};
  for (Reader extensions(reader.vector16()); extensions.remaining() != 0;) {
    const Bytes before = extensions.rest();
    const auto type = static_cast<ExtensionType>(extensions.u16());
    extensions.vector16();
    if (type == ExtensionType::key_share || type == ExtensionType::early_data || type == ExtensionType::cookie ||
        type == ExtensionType::pre_shared_key || type == ExtensionType::padding)
      continue;
    const Bytes extension = before.first(before.size() - extensions.remaining());
    if (static_cast<std::size_t>(type) < by_type.size()) {
      by_type[static_cast<std::size_t>(type)] = extension;
    } else {
      hash.update(extension);
    }
  }
  for (const Bytes extension : by_type) hash.update(extension);
  std::array<std::uint8_t, 32> digest;
  hash.digest(digest);
  return digest;
}

}  // namespace lockstep::tls

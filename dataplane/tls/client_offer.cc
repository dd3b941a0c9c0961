#include "dataplane/tls/client_offer.h"

#include <algorithm>

#include "dataplane/tls/cipher_suites.h"

namespace lockstep::tls {

namespace {

constexpr std::uint16_t kLegacyVersion = 0x0303;
constexpr std::uint8_t kHostName = 0;  // NameType, RFC 6066 section 3
constexpr std::uint8_t kUncompressedPoint = 0;
constexpr std::uint8_t kPskDheKe = 1;  // PskKeyExchangeMode, RFC 8446 section 4.2.9

template <class List>
void write_code_points(Writer& writer, ExtensionType type, const List& list) {
  const auto extension = begin_extension(writer, type);
  const auto length = writer.length16();
  for (const auto value : list) writer.u16(static_cast<std::uint16_t>(value));
}

void write_server_name(Writer& writer, std::string_view name) {
  const auto extension = begin_extension(writer, ExtensionType::server_name);
  const auto list = writer.length16();
  writer.u8(kHostName);
  const auto length = writer.length16();
  writer.bytes(text_bytes(name));
}

void write_protocol_names(Writer& writer, const std::vector<std::string>& names) {
  const auto extension = begin_extension(writer, ExtensionType::alpn);
  const auto list = writer.length16();
  for (const std::string& name : names) {
    const auto length = writer.length8();
    writer.bytes(text_bytes(name));
  }
}

// Of TLS 1.2, those with forward secrecy and an AEAD.
bool is_of(CipherSuite suite, Version version) {
  const CipherSuiteTraits* const traits = find_traits(suite);
  return traits != nullptr && traits->version == version && traits->modern();
}

template <class List, class T>
bool contains(const List& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

Bytes ClientOffer::write(MutableBytes out) const {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::client_hello);
    writer.u16(kLegacyVersion);
    writer.bytes(random);
    {
      const auto length = writer.length8();
      writer.bytes(session_id_view());
    }
    {
      const auto length = writer.length16();
      for (const CipherSuite suite : config.cipher_suites)
        if (offers(suite, Version::tls13) || offers(suite, Version::tls12))
          writer.u16(static_cast<std::uint16_t>(suite));
    }
    {
      const auto length = writer.length8();
      writer.u8(0);  // null compression
    }
    const auto extensions = writer.length16();
    write_extensions(writer);
  }
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

void ClientOffer::write_extensions(Writer& writer) const {
  if (!config.server_name.empty()) write_server_name(writer, config.server_name);
  write_code_points(writer, ExtensionType::supported_groups, config.groups);
  write_code_points(writer, ExtensionType::signature_algorithms, config.signature_schemes);
  if (!config.alpn.empty()) write_protocol_names(writer, config.alpn);
  if (config.tls12) write_extensions_tls12(writer);
  if (config.tls13) write_extensions_tls13(writer);
}

// The last one also says that what it stands for is understood (RFC 5746 section 3.4).
void ClientOffer::write_extensions_tls12(Writer& writer) const {
  {
    const auto extension = begin_extension(writer, ExtensionType::ec_point_formats);
    const auto formats = writer.length8();
    writer.u8(kUncompressedPoint);
  }
  {
    const auto extension = begin_extension(writer, ExtensionType::extended_master_secret);
  }
  if (resumption) {
    const auto extension = begin_extension(writer, ExtensionType::session_ticket);
    writer.bytes(session_ticket);
  }
  const auto extension = begin_extension(writer, ExtensionType::renegotiation_info);
  writer.u8(0);
}

void ClientOffer::write_extensions_tls13(Writer& writer) const {
  {
    const auto extension = begin_extension(writer, ExtensionType::supported_versions);
    const auto list = writer.length8();
    writer.u16(static_cast<std::uint16_t>(Version::tls13));
    if (config.tls12) writer.u16(static_cast<std::uint16_t>(Version::tls12));
  }
  if (!cookie.empty()) {
    const auto extension = begin_extension(writer, ExtensionType::cookie);
    const auto length = writer.length16();
    writer.bytes(cookie);
  }
  {
    const auto extension = begin_extension(writer, ExtensionType::key_share);
    const auto list = writer.length16();
    writer.u16(static_cast<std::uint16_t>(group));
    const auto length = writer.length16();
    writer.bytes(public_key);
  }
  // Servers send no tickets to who does not say how they would be used (RFC 8446 section 4.2.9).
  if (resumption) {
    const auto extension = begin_extension(writer, ExtensionType::psk_key_exchange_modes);
    const auto list = writer.length8();
    writer.u8(kPskDheKe);
  }
  if (!ticket.empty()) write_pre_shared_key(writer);
}

// The last extension (section 4.2.11). The binder is made of what is in front of it.
void ClientOffer::write_pre_shared_key(Writer& writer) const {
  const auto extension = begin_extension(writer, ExtensionType::pre_shared_key);
  {
    const auto identities = writer.length16();
    {
      const auto identity = writer.length16();
      writer.bytes(ticket);
    }
    writer.u32(obfuscated_ticket_age);
  }
  const auto binders = writer.length16();
  const auto binder = writer.length8();
  for (std::size_t i = 0; i < binder_size; ++i) writer.u8(0);
}

bool ClientOffer::offers(CipherSuite suite, Version version) const {
  return offers(version) && contains(config.cipher_suites, suite) && is_of(suite, version);
}

bool ClientOffer::offers(Hash hash) const {
  return std::any_of(config.cipher_suites.begin(), config.cipher_suites.end(), [&](CipherSuite suite) {
    return offers(suite, Version::tls13) && find_traits(suite)->hash == hash;
  });
}

bool ClientOffer::offers(crypto::NamedGroup wanted) const {
  return contains(config.groups, wanted);
}

Error ClientOffer::read_alpn(Bytes body, Bytes& alpn) const {
  Reader reader(body);
  Reader names(reader.vector16());
  alpn = names.vector8();
  if (!reader.finished() || !names.finished() || alpn.empty()) return Error::malformed_message;
  const bool offered = std::any_of(config.alpn.begin(), config.alpn.end(),
                                   [&](const std::string& name) { return std::ranges::equal(text_bytes(name), alpn); });
  return offered ? Error::none : Error::alpn_not_offered;
}

Error ClientOffer::refuse(std::uint16_t type) const {
  switch (static_cast<ExtensionType>(type)) {
    case ExtensionType::supported_groups:
    case ExtensionType::signature_algorithms:
      return Error::misplaced_extension;
    case ExtensionType::supported_versions:
    case ExtensionType::cookie:
    case ExtensionType::key_share:
      return config.tls13 ? Error::misplaced_extension : Error::unsolicited_extension;
    case ExtensionType::ec_point_formats:
    case ExtensionType::extended_master_secret:
    case ExtensionType::renegotiation_info:
      return config.tls12 ? Error::misplaced_extension : Error::unsolicited_extension;
    case ExtensionType::session_ticket:
      return config.tls12 && resumption ? Error::misplaced_extension : Error::unsolicited_extension;
    case ExtensionType::server_name:
      return config.server_name.empty() ? Error::unsolicited_extension : Error::misplaced_extension;
    case ExtensionType::alpn:
      return config.alpn.empty() ? Error::unsolicited_extension : Error::misplaced_extension;
    case ExtensionType::psk_key_exchange_modes:
      return config.tls13 && resumption ? Error::misplaced_extension : Error::unsolicited_extension;
    case ExtensionType::pre_shared_key:
      return binder_size == 0 ? Error::unsolicited_extension : Error::misplaced_extension;
    default:
      return Error::unsolicited_extension;
  }
}

}  // namespace lockstep::tls

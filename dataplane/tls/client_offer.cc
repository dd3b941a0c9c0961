#include "dataplane/tls/client_offer.h"

#include <algorithm>

#include "dataplane/tls/cipher_suites.h"

namespace lockstep::tls {

namespace {

constexpr std::uint16_t kLegacyVersion = 0x0303;
constexpr std::uint8_t kHostName = 0;  // NameType, RFC 6066 section 3
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

bool is_tls13(CipherSuite suite) {
  const CipherSuiteTraits* const traits = find_traits(suite);
  return traits != nullptr && traits->version == Version::tls13;
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
      writer.bytes(session_id);
    }
    {
      const auto length = writer.length16();
      for (const CipherSuite suite : config.cipher_suites)
        if (is_tls13(suite)) writer.u16(static_cast<std::uint16_t>(suite));
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
  {
    const auto extension = begin_extension(writer, ExtensionType::supported_versions);
    const auto list = writer.length8();
    writer.u16(static_cast<std::uint16_t>(Version::tls13));
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

bool ClientOffer::offers(CipherSuite suite) const {
  return contains(config.cipher_suites, suite) && is_tls13(suite);
}

bool ClientOffer::offers(Hash hash) const {
  return std::any_of(config.cipher_suites.begin(), config.cipher_suites.end(),
                     [&](CipherSuite suite) { return is_tls13(suite) && find_traits(suite)->hash == hash; });
}

bool ClientOffer::offers(crypto::NamedGroup wanted) const {
  return contains(config.groups, wanted);
}

bool ClientOffer::offers_alpn(Bytes name) const {
  return std::any_of(config.alpn.begin(), config.alpn.end(),
                     [&](const std::string& offered) { return std::ranges::equal(text_bytes(offered), name); });
}

Error ClientOffer::refuse(std::uint16_t type) const {
  switch (static_cast<ExtensionType>(type)) {
    case ExtensionType::supported_groups:
    case ExtensionType::signature_algorithms:
    case ExtensionType::supported_versions:
    case ExtensionType::cookie:
    case ExtensionType::key_share:
      return Error::misplaced_extension;
    case ExtensionType::server_name:
      return config.server_name.empty() ? Error::unsolicited_extension : Error::misplaced_extension;
    case ExtensionType::alpn:
      return config.alpn.empty() ? Error::unsolicited_extension : Error::misplaced_extension;
    case ExtensionType::psk_key_exchange_modes:
      return resumption ? Error::misplaced_extension : Error::unsolicited_extension;
    case ExtensionType::pre_shared_key:
      return binder_size == 0 ? Error::unsolicited_extension : Error::misplaced_extension;
    default:
      return Error::unsolicited_extension;
  }
}

}  // namespace lockstep::tls

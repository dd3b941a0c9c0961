#include "dataplane/proxy/proxy_protocol.h"

#include <array>
#include <string_view>

namespace lockstep::proxy {

namespace {

constexpr std::array<std::uint8_t, 12> kSignature = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                     0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::uint8_t kVersion2Proxy = 0x21;  // section 2.2: version 2, command PROXY
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;
constexpr std::uint8_t kTypeAlpn = 0x01;  // section 2.2
constexpr std::uint8_t kTypeAuthority = 0x02;
constexpr std::uint8_t kTypeSsl = 0x20;
constexpr std::uint8_t kSubtypeSslVersion = 0x21;  // section 2.2.6
constexpr std::uint8_t kSubtypeSslCommonName = 0x22;
constexpr std::uint8_t kSubtypeSslCipher = 0x23;
constexpr std::uint8_t kClientSsl = 0x01;                    // the client came over TLS
constexpr std::uint8_t kClientCertificateConnection = 0x02;  // it showed a certificate on this connection
constexpr std::uint8_t kClientCertificateSession = 0x04;     // or on one whose session goes on
constexpr std::uint32_t kVerified = 0;
constexpr std::uint32_t kNoVerifiedCertificate = 1;  // not zero: no client certificate was verified

Bytes bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void write_value(Writer& writer, std::uint8_t type, Bytes value) {
  if (value.empty() || value.size() > 255) return;
  writer.u8(type);
  const auto length = writer.length16();
  writer.bytes(value);
}
void write_value(Writer& writer, std::uint8_t type, std::string_view value) {
  write_value(writer, type, bytes_of_text(value));
}

void write_addresses(Writer& writer, const FlowTuple& client) {
  const IpAddress& source = client.remote.ip;
  const IpAddress& destination = client.local.ip;
  if (source.is_v4()) {
    writer.u32(source.as_v4());
    writer.u32(destination.as_v4());
  } else {
    writer.bytes(source.bytes());
    writer.bytes(destination.bytes());
  }
  writer.u16(client.remote.port);
  writer.u16(client.local.port);
}

void write_session(Writer& writer, const tls::SessionInfo& session) {
  write_value(writer, kTypeAlpn, session.alpn);
  write_value(writer, kTypeAuthority, session.server_name);
  writer.u8(kTypeSsl);
  const auto length = writer.length16();
  std::uint8_t client = kClientSsl;
  if (session.client != nullptr)
    client |= kClientCertificateSession | (session.resumed ? 0 : kClientCertificateConnection);
  writer.u8(client);
  writer.u32(session.client != nullptr ? kVerified : kNoVerifiedCertificate);
  write_value(writer, kSubtypeSslVersion, session.version == tls::Version::tls13 ? "TLSv1.3" : "TLSv1.2");
  if (session.client != nullptr) {
    std::array<char, 255> name;
    write_value(writer, kSubtypeSslCommonName, session.client->common_name(name));
  }
  write_value(writer, kSubtypeSslCipher, tls::openssl_name(session.cipher_suite));
}

}  // namespace

std::size_t write_proxy_header(const FlowTuple& client, const tls::SessionInfo* session, Bytes channel_binding,
                               MutableBytes out) {
  Writer writer(out);
  writer.bytes(kSignature);
  writer.u8(kVersion2Proxy);
  writer.u8(client.remote.ip.is_v4() ? kTcp4 : kTcp6);
  {
    const auto length = writer.length16();
    write_addresses(writer, client);
    if (session != nullptr) write_session(writer, *session);
    write_value(writer, kTypeChannelBinding, channel_binding);
  }
  return writer.ok() ? writer.size() : 0;
}

}  // namespace lockstep::proxy

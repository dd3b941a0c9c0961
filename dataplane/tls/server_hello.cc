#include "dataplane/tls/server_hello.h"

#include <algorithm>

#include "dataplane/tls/extensions.h"

namespace lockstep::tls {

namespace {

constexpr std::uint16_t kLegacyVersion = 0x0303;
constexpr std::uint8_t kUncompressedPoint = 0;

// SHA-256 of "HelloRetryRequest" (RFC 8446 section 4.1.3).
constexpr std::array<std::uint8_t, kRandom> kHelloRetryRequestRandom = {
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};

// "DOWNGRD" and 1 for TLS 1.2.
constexpr std::array<std::uint8_t, 8> kDowngradeSentinel = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};

// The fields in front of the extensions.
void write_fixed(Writer& writer, Bytes random, Bytes session_id, CipherSuite suite) {
  writer.u16(kLegacyVersion);
  writer.bytes(random);
  {
    const auto length = writer.length8();
    writer.bytes(session_id);
  }
  writer.u16(static_cast<std::uint16_t>(suite));
  writer.u8(0);  // null compression
}

void write_selected_version(Writer& writer) {
  const auto extension = begin_extension(writer, ExtensionType::supported_versions);
  writer.u16(static_cast<std::uint16_t>(Version::tls13));
}

Bytes written(const Writer& writer) {
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

}  // namespace

Bytes ServerHelloTls13::write(MutableBytes out) const {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::server_hello);
    write_fixed(writer, random, session_id, cipher_suite);
    const auto extensions = writer.length16();
    write_selected_version(writer);
    if (group) {
      const auto extension = begin_extension(writer, ExtensionType::key_share);
      writer.u16(static_cast<std::uint16_t>(*group));
      const auto key = writer.length16();
      writer.bytes(public_key);
    }
    if (selected_identity) {
      const auto extension = begin_extension(writer, ExtensionType::pre_shared_key);
      writer.u16(*selected_identity);
    }
  }
  return written(writer);
}

Bytes HelloRetryRequest::write(MutableBytes out) const {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::server_hello);
    write_fixed(writer, kHelloRetryRequestRandom, session_id, cipher_suite);
    const auto extensions = writer.length16();
    write_selected_version(writer);
    {
      const auto extension = begin_extension(writer, ExtensionType::key_share);
      writer.u16(static_cast<std::uint16_t>(group));
    }
    if (!cookie.empty()) {
      const auto extension = begin_extension(writer, ExtensionType::cookie);
      const auto length = writer.length16();
      writer.bytes(cookie);
    }
  }
  return written(writer);
}

Bytes ServerHelloTls12::write(MutableBytes out) const {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::server_hello);
    write_fixed(writer, random, session_id, cipher_suite);
    // An empty block of extensions is left out: the client may not have sent one (RFC 5246 section 7.4.1.3).
    if (server_name || ec_point_formats || encrypt_then_mac || extended_master_secret || secure_renegotiation ||
        session_ticket || status_request || !sct_list.empty() || !alpn.empty() || sizes.answered())
      write_extensions(writer);
  }
  return written(writer);
}

void ServerHelloTls12::write_extensions(Writer& writer) const {
  const auto extensions = writer.length16();
  if (server_name) {
    const auto extension = begin_extension(writer, ExtensionType::server_name);
  }
  if (secure_renegotiation) {
    const auto extension = begin_extension(writer, ExtensionType::renegotiation_info);
    writer.u8(0);
  }
  if (encrypt_then_mac) {
    const auto extension = begin_extension(writer, ExtensionType::encrypt_then_mac);
  }
  if (extended_master_secret) {
    const auto extension = begin_extension(writer, ExtensionType::extended_master_secret);
  }
  if (ec_point_formats) {
    const auto extension = begin_extension(writer, ExtensionType::ec_point_formats);
    const auto formats = writer.length8();
    writer.u8(kUncompressedPoint);
  }
  if (session_ticket) {
    const auto extension = begin_extension(writer, ExtensionType::session_ticket);
  }
  if (status_request) {
    const auto extension = begin_extension(writer, ExtensionType::status_request);
  }
  if (!sct_list.empty()) {
    const auto extension = begin_extension(writer, ExtensionType::signed_certificate_timestamp);
    writer.bytes(sct_list);
  }
  if (!alpn.empty()) write_alpn(writer, alpn);
  sizes.write(writer);
}

void set_downgrade_sentinel(MutableBytes random) {
  std::copy(kDowngradeSentinel.begin(), kDowngradeSentinel.end(), random.last(kDowngradeSentinel.size()).begin());
}

bool has_downgrade_sentinel(Bytes random) {
  const Bytes end = random.last(kDowngradeSentinel.size());
  return std::equal(kDowngradeSentinel.begin(), kDowngradeSentinel.end() - 1, end.begin()) && end.back() <= 1;
}

bool is_hello_retry_request(Bytes random) {
  return std::ranges::equal(random, kHelloRetryRequestRandom);
}

void write_alpn(Writer& writer, std::string_view alpn) {
  const auto extension = begin_extension(writer, ExtensionType::alpn);
  const auto list = writer.length16();
  const auto name = writer.length8();
  for (const char c : alpn) writer.u8(static_cast<std::uint8_t>(c));
}

}  // namespace lockstep::tls

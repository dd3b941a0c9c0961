// The CertificateVerify message (RFC 8446 section 4.4.3).
#pragma once

#include <string_view>

#include "crypto/job.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

constexpr std::size_t kMaxCertificateVerify = kHandshakeHeader + 2 + 2 + crypto::kMaxSignature;

constexpr std::string_view kServerCertificateVerify = "TLS 1.3, server CertificateVerify";
constexpr std::string_view kClientCertificateVerify = "TLS 1.3, client CertificateVerify";
constexpr std::size_t kMaxCertificateVerifyContent = 64 + kServerCertificateVerify.size() + 1 + kMaxDigest;

/// Puts together what is signed: 64 spaces, the context string, a zero, the transcript's digest. Returns what was
/// written.
inline Bytes write_certificate_verify_content(MutableBytes out, std::string_view context, Bytes transcript_digest) {
  Writer writer(out);
  for (int i = 0; i < 64; ++i) writer.u8(' ');
  for (const char c : context) writer.u8(static_cast<std::uint8_t>(c));
  writer.u8(0);
  writer.bytes(transcript_digest);
  return writer.written();
}

/// Writes the message and returns it; empty when it does not fit.
inline Bytes write_certificate_verify(MutableBytes out, crypto::SignatureScheme scheme, Bytes signature) {
  Writer writer(out);
  {
    const auto message = begin_message(writer, HandshakeType::certificate_verify);
    writer.u16(static_cast<std::uint16_t>(scheme));
    const auto length = writer.length16();
    writer.bytes(signature);
  }
  return writer.ok() ? Bytes(writer.written()) : Bytes();
}

}  // namespace lockstep::tls

// The CertificateVerify message (RFC 8446 section 4.4.3).
#pragma once

#include <string_view>

#include "crypto/job.h"
#include "dataplane/tls/handshake_message.h"

namespace lockstep::tls {

constexpr std::size_t kMaxCertificateVerify = kHandshakeHeader + 2 + 2 + crypto::kMaxSignature;

/// Puts together what the server signs: 64 spaces, the context string, a zero, the transcript's digest.
inline void set_certificate_verify_content(crypto::SignJob& job, Bytes transcript_digest) {
  constexpr std::string_view kContext = "TLS 1.3, server CertificateVerify";
  Writer writer(job.content);
  for (int i = 0; i < 64; ++i) writer.u8(' ');
  for (const char c : kContext) writer.u8(static_cast<std::uint8_t>(c));
  writer.u8(0);
  writer.bytes(transcript_digest);
  job.content_size = static_cast<std::uint16_t>(writer.size());
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

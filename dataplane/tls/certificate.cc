// The Certificate message, made once per credential (RFC 8446 section 4.4.2, RFC 5246 section 7.4.2).
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

namespace {

std::vector<std::uint8_t> certificate_message(const std::vector<std::vector<std::uint8_t>>& der_chain,
                                              Version version) {
  std::size_t size = 16;
  for (const auto& der : der_chain) size += der.size() + 5;
  std::vector<std::uint8_t> message(size);
  Writer writer(message);
  {
    const auto body = begin_message(writer, HandshakeType::certificate);
    if (version == Version::tls13) writer.u8(0);  // certificate_request_context
    const auto list = writer.length24();
    for (const auto& der : der_chain) {
      {
        const auto certificate = writer.length24();
        writer.bytes(der);
      }
      if (version == Version::tls13) writer.u16(0);  // extensions
    }
  }
  message.resize(writer.ok() ? writer.size() : 0);
  return message;
}

}  // namespace

Credential make_credential(const std::vector<std::vector<std::uint8_t>>& der_chain,
                           std::shared_ptr<const crypto::PrivateKey> key) {
  Credential credential;
  credential.key = std::move(key);
  credential.certificate_tls13 = certificate_message(der_chain, Version::tls13);
  credential.certificate_tls12 = certificate_message(der_chain, Version::tls12);
  return credential;
}

}  // namespace lockstep::tls

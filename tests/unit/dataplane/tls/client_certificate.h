// Messages of clients that authenticate, for servers on the engine without security.
#pragma once

#include "dataplane/tls/client_authentication.h"
#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {

/// What that engine takes for a good certificate: its first byte is the verdict.
inline Buffer none_certificate(crypto::ChainVerdict verdict = crypto::ChainVerdict::valid, std::size_t size = 500) {
  Buffer certificate(size, 0x77);
  certificate[0] = static_cast<std::uint8_t>(verdict);
  certificate[1] = 0;  // valid for ever
  return certificate;
}
inline Buffer vector24(const Buffer& content) {
  return join({integer(content.size(), 3), content});
}
/// An entry of a TLS 1.3 Certificate message.
inline Buffer entry13(const Buffer& certificate, const Buffer& extensions = {}) {
  return join({vector24(certificate), vector16(extensions)});
}
inline Buffer certificate13(const Buffer& entries, const Buffer& context = {}) {
  return message(11, join({vector8(context), vector24(entries)}));
}
inline Buffer certificate12(const Buffer& entries) {
  return message(11, vector24(entries));
}
inline Buffer certificate_verify(std::uint16_t scheme = 0x0403,
                                 const Buffer& signature = {lockstep::test::kNoneSignature}) {
  return message(15, join({u16(scheme), vector16(signature)}));
}

/// Makes a server ask for certificates.
inline void ask(ServerConfig& config, bool required) {
  config.client_authentication =
      std::make_shared<const ClientAuthentication>(make_client_authentication(required, nullptr, {}));
}
/// Up to where the client's Certificate is due.
inline void ask_13(Scene& scene, bool required = true) {
  ask(scene.config, required);
  scene.hello_13();
}

inline void ask_12(Scene& scene, bool required = true) {
  ask(scene.config, required);
  scene.hello_12();
}

}  // namespace lockstep::tls::test

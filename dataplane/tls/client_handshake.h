// What a client's handshake coroutine works with, from the ClientHello until the session is established.
#pragma once

#include "dataplane/tls/cipher_suites.h"
#include "dataplane/tls/client_config.h"
#include "dataplane/tls/handshake_base.h"

namespace lockstep::tls {

struct ClientHandshake;
/// RFC 8446 in two parts. ClientHello to ServerHello, with HelloRetryRequest between.
Coroutine client_hello_tls13(ClientHandshake& handshake);
/// From the handshake keys to our Finished.
Coroutine client_handshake_tls13(ClientHandshake& handshake);

/// A client's.
struct ClientHandshake final : HandshakeBase {
  ClientHandshake(Link& link_in, Inbound& inbound_in, Outbound& outbound_in, const ClientConfig& config_in,
                  Negotiated& negotiated_in, Phase& phase_in)
      : HandshakeBase(link_in, inbound_in, outbound_in, negotiated_in, phase_in, config_in.max_handshake_message),
        config(config_in) {}

  const ClientConfig& config;
  // What the first part hands on.
  const CipherSuiteTraits* suite = nullptr;
  Secret<crypto::kMaxSharedSecret> shared_secret;
  std::array<std::uint8_t, kMaxDigest> hello_digest{};  // of ClientHello to ServerHello
  Coroutine (*successor)(ClientHandshake&) = &client_hello_tls13;

  bool start_successor() override;
  void release() override { link.core.client_handshakes.release(this); }
};

}  // namespace lockstep::tls

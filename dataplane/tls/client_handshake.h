// What a client's handshake coroutine works with, from the ClientHello until the session is established.
#pragma once

#include "dataplane/tls/cipher_suites.h"
#include "dataplane/tls/client_offer.h"
#include "dataplane/tls/handshake_base.h"
#include "dataplane/tls/ticket_receiver.h"

namespace lockstep::tls {

struct ClientHandshake;
/// RFC 8446 in two parts. ClientHello to ServerHello, with HelloRetryRequest between.
Coroutine client_hello_tls13(ClientHandshake& handshake);
/// From the handshake keys to the server's Finished.
Coroutine client_handshake_tls13(ClientHandshake& handshake);
/// Our Certificate and CertificateVerify, if we were asked, and Finished.
Coroutine client_finish_tls13(ClientHandshake& handshake);

/// Who answers a CertificateRequest.
struct ClientSigner {
  const Credential* credential = nullptr;  // nullptr: we have nothing that the server takes
  crypto::SignatureScheme scheme{};
};

/// What the second part of a TLS 1.3 handshake hands on to the third.
struct Tls13ClientProgress {
  bool certificate_requested = false;
  ClientSigner signer;
  crypto::RecordKeys client_keys;  // of application data
  crypto::RecordKeys server_keys;
  Secret<kMaxDigest> client_application_secret;
  Secret<kMaxDigest> server_application_secret;
  Secret<kMaxDigest> client_finished;  // verify_data, if Finished is all we send
  Secret<kMaxDigest> client_finished_key;
  Secret<kMaxDigest> master_secret;
};

/// A client's.
struct ClientHandshake final : HandshakeBase {
  ClientHandshake(Link& link_in, Inbound& inbound_in, Outbound& outbound_in, const ClientConfig& config_in,
                  std::uint32_t server, Negotiated& negotiated_in, Phase& phase_in)
      : HandshakeBase(link_in, inbound_in, outbound_in, negotiated_in, phase_in, config_in.max_handshake_message),
        config(config_in),
        origin{{config_in.resumption_scope, server}, {}, {}, config_in.session_lifetime} {}

  const ClientConfig& config;
  TicketReceiver::Origin origin;     // of sessions that come out of this one
  ClientSession* session = nullptr;  // the one that is offered, until the server has answered
  ClientOffer offer{config};
  std::array<std::uint8_t, kMaxClientOffer> hello_buffer;
  // What the first part hands on.
  const CipherSuiteTraits* suite = nullptr;
  Secret<kMaxDigest> psk;  // the session's, where it goes on
  Secret<crypto::kMaxSharedSecret> shared_secret;
  std::array<std::uint8_t, kMaxDigest> hello_digest{};  // of ClientHello to ServerHello
  Coroutine (*successor)(ClientHandshake&) = &client_hello_tls13;
  Tls13ClientProgress tls13;
  // What the third part leaves.
  Secret<kMaxDigest> resumption_secret;  // resumption_master_secret

  /// Chooses who answers a CertificateRequest that takes signatures by `schemes`.
  ClientSigner choose_signer(Version version, CodePoints schemes) const;
  /// The session is used up.
  void release_session();
  /// The handshake is complete: makes what takes tickets; nullptr when nothing does.
  TicketReceiver* receive_tickets();
  bool start_successor() override;
  void release() override;
};

}  // namespace lockstep::tls

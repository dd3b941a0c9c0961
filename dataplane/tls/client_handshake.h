// What a client's handshake coroutine works with, from the ClientHello until the session is established.
#pragma once

#include "crypto/chain_job.h"
#include "dataplane/tls/cipher_suites.h"
#include "dataplane/tls/client_offer.h"
#include "dataplane/tls/handshake_base.h"
#include "dataplane/tls/new_session_ticket_tls12.h"
#include "dataplane/tls/ticket_receiver.h"

namespace lockstep::tls {

struct ClientHandshake;
/// ClientHello to ServerHello, which says how it goes on, with HelloRetryRequest between.
Coroutine client_hello_exchange(ClientHandshake& handshake);
/// RFC 8446 in two more parts. From the handshake keys to the server's Finished.
Coroutine client_handshake_tls13(ClientHandshake& handshake);
/// Our Certificate and CertificateVerify, if we were asked, and Finished.
Coroutine client_finish_tls13(ClientHandshake& handshake);

/// RFC 5246 and RFC 8422 in two more parts. From the server's Certificate to the master secret.
Coroutine client_handshake_tls12(ClientHandshake& handshake);
/// Our flight, and what the server says to it.
Coroutine client_finish_tls12(ClientHandshake& handshake);
/// In their place: the abbreviated handshake with a session that goes on.
Coroutine client_resumption_tls12(ClientHandshake& handshake);

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

/// What the coroutines of TLS 1.2 hand on to one another.
struct Tls12ClientProgress {
  /// ClientKeyExchange with ECDHE (RFC 8422 section 5.7).
  static constexpr std::size_t kMaxKeyExchange = kHandshakeHeader + 1 + crypto::kMaxPublicKey;

  std::array<std::uint8_t, kRandom> client_random{};
  std::array<std::uint8_t, kRandom> server_random{};
  std::array<std::uint8_t, 32> session_id{};  // the server's, of a new session
  std::uint8_t session_id_size = 0;
  bool certificate_requested = false;
  bool ticket_promised = false;  // ServerHello said that a NewSessionTicket follows
  Secret<48> master_secret;
  Bytes key_exchange;                // our ClientKeyExchange
  ClientSession* session = nullptr;  // a new one, from the ticket

  /// Our Certificate, if we were asked for one.
  Bytes certificate() const;
  void write_key_exchange(Bytes public_key);

 private:
  std::array<std::uint8_t, kMaxKeyExchange> key_exchange_buffer_;
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
  Coroutine (*successor)(ClientHandshake&) = &client_hello_exchange;
  Tls12ClientProgress tls12;
  Tls13ClientProgress tls13;
  // What the third part leaves.
  Secret<kMaxDigest> resumption_secret;  // resumption_master_secret

  /// Chooses who answers a CertificateRequest that takes signatures by `schemes`.
  ClientSigner choose_signer(Version version, CodePoints schemes) const;
  /// The session is used up.
  void release_session();
  /// Submits the verification of a server's chain, whose `certificates` are there.
  void begin_chain(crypto::VerifyChainJob& chain, Version spoken);
  /// Its outcome; sessions count as long as the chain does.
  Error take_verdict(const crypto::VerifyChainJob& chain);
  /// A ticket of TLS 1.2 came, for when the handshake is complete.
  void take_ticket_tls12(const NewSessionTicketTls12& ticket);
  /// A handshake of TLS 1.2 is complete: keeps its session, if it may be resumed.
  void keep_session_tls12();
  /// Keeps a session of TLS 1.2 for as long as this connection does not fail.
  void remember(ClientSession& kept);
  /// The handshake is complete: makes what takes tickets; nullptr when nothing does.
  TicketReceiver* receive_tickets();
  bool start_successor() override;
  void release() override;
};

}  // namespace lockstep::tls

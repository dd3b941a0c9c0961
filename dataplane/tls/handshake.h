// What a server's handshake coroutine works with, from the first byte until the session is established.
#pragma once

#include "crypto/chain_job.h"
#include "dataplane/tls/client_hello.h"
#include "dataplane/tls/handshake_base.h"
#include "dataplane/tls/negotiate.h"
#include "dataplane/tls/session_state.h"

namespace lockstep::tls {

/// Early data that a client offers with the session that goes on.
struct EarlyDataOffer {
  EarlyData outcome = EarlyData::none;
  std::uint16_t owner = 0;  // the core that knows whether the hello was seen before
  HelloId hello;
  Instant until;            // how long the hello may be taken at all
  std::uint32_t limit = 0;  // bytes
};

/// Bytes of records that a client sent as early data and that are not opened (RFC 8446 section 4.2.10): what servers
/// commonly grant, and twice what we do, so that there is room for headers and padding.
constexpr std::uint32_t kMaxSkippedEarlyData = 65536;
static_assert(kMaxSkippedEarlyData >= 2 * kMaxEarlyData);

/// What the coroutines of TLS 1.3 hand on to one another.
struct Tls13Progress {
  Tls13Choice choice;
  Bytes hello;                                     // what the transcript lacks of the ClientHello
  bool wants_tickets = false;                      // the client could use them
  std::optional<std::uint16_t> selected_identity;  // of the PSK; nullopt: a full handshake
  EarlyDataOffer early_data;
  Secret<kMaxDigest> secret;  // the PSK; from the server's flight on, the master secret
  // The client's, from our flight on: for what follows its Finished, and to check that.
  crypto::RecordKeys client_keys;
  Secret<kMaxDigest> client_application_secret;
  Secret<kMaxDigest> client_finished_key;
  Message client_finished;  // valid until the next message is awaited
};

/// What the coroutines of TLS 1.2 hand on to one another.
struct Tls12Progress {
  const CipherSuiteTraits* suite = nullptr;
  bool extended_master_secret = false;  // RFC 7627
  bool promises_ticket = false;         // ServerHello said that a NewSessionTicket follows
  std::optional<SessionId> session_id;  // that the session will be remembered by
  // For the key exchange: with ECDHE the group and our key, with RSA the certificate's.
  crypto::NamedGroup group{};
  Secret<crypto::kMaxSharedSecret> private_key;
  const crypto::PrivateKey* enciphering = nullptr;
  std::array<std::uint8_t, 32> client_random{};
  std::array<std::uint8_t, 32> server_random{};
  // Where the client is asked for a certificate: the transcript in the other hash, since the client chooses by which
  // one it signs (RFC 5246 section 7.4.8), and the key of the certificate that came.
  RunningHash other_transcript;
  std::optional<crypto::PeerKey> client_key;
  Secret<48> master_secret;
};

struct Handshake;
/// Reads the ClientHello, chooses the version, and names the coroutine that goes on with it.
Coroutine server_handshake(Handshake& handshake);

/// A server's.
struct Handshake final : HandshakeBase {
  Handshake(Link& link_in, Inbound& inbound_in, Outbound& outbound_in, const ServerConfig& config_in,
            Negotiated& negotiated_in, Phase& phase_in)
      : HandshakeBase(link_in, inbound_in, outbound_in, negotiated_in, phase_in, config_in.max_handshake_message),
        config(config_in) {}

  const ServerConfig& config;
  Message hello_message;  // the last ClientHello; valid until the next message is awaited
  ClientHello hello;      // views into it
  const Identity* identity = nullptr;
  std::string_view alpn;  // in the configuration
  RecordSizes record_sizes;
  Tls12Progress tls12;
  Tls13Progress tls13;
  Coroutine (*successor)(Handshake&) = &server_handshake;  // what goes on when the coroutine has ended well

  bool start_successor() override;
  void release() override { link.core.handshakes.release(this); }

  /// TLS 1.3: sends a ServerHello or HelloRetryRequest in plaintext; behind the `first` one, for clients that ask for
  /// it with a session identifier, the change_cipher_spec that makes the rest look like TLS 1.2 (RFC 8446 appendix
  /// D.4).
  Error send_hello_tls13(Bytes message, bool first);

  /// Reads a ClientHello. Its views hold as long as the message's.
  Error read_hello(const Message& message);
  /// Chooses the identity and the application protocol by what the hello asks for, and remembers the names.
  Error choose_names();
};

/// Keeps what exporters need and logs secrets, where the configuration says so: of TLS 1.3 when the key schedule is
/// done, of early data, and of TLS 1.2 when its master secret is there.
void give_out_secrets_tls13(Handshake& handshake, const crypto::Tls13ServerFlightJob& flight);
void give_out_early_secret(Handshake& handshake, const Secret<kMaxDigest>& traffic_secret);
void give_out_secrets_tls12(Handshake& handshake, const crypto::Tls12MasterSecretJob& job);

/// RFC 8446, in five parts: `hello` has been read; chooses, and asks for another hello if need be.
Coroutine negotiate_tls13(Handshake& handshake);
/// The same behind a HelloRetryRequest with a cookie: `hello` has been read, and the cookie says what was chosen.
Coroutine return_with_cookie_tls13(Handshake& handshake);
/// Looks for a session to resume among the tickets that the client offers.
Coroutine resume_tls13(Handshake& handshake);
/// Decides about the early data that comes with the session.
Coroutine admit_early_data_tls13(Handshake& handshake);
/// From ServerHello to the client's Finished.
Coroutine server_handshake_tls13(Handshake& handshake);
/// The client's Certificate, CertificateVerify and Finished, which we asked for.
Coroutine client_certificate_tls13(Handshake& handshake);
/// NewSessionTicket.
Coroutine issue_tickets_tls13(Handshake& handshake);
/// RFC 5246 and RFC 8422, a full handshake in parts: `hello` has been read; up to ServerHelloDone.
Coroutine server_handshake_tls12(Handshake& handshake);
/// The client's Certificate, which we asked for.
Coroutine client_certificate_tls12(Handshake& handshake);
/// The client's key exchange, up to the master secret.
Coroutine exchange_keys_tls12(Handshake& handshake);
/// The client's CertificateVerify.
Coroutine certificate_verify_tls12(Handshake& handshake);
/// NewSessionTicket, and both Finished messages.
Coroutine finish_handshake_tls12(Handshake& handshake);
/// Looks for the session that `hello` offers to resume: by its ticket (RFC 5077), or by its identifier (RFC 5246
/// section 7.3).
Coroutine resume_tls12(Handshake& handshake);
/// The abbreviated handshake (RFC 5246 section 7.3) with a session that accept_session_tls12 took.
Coroutine abbreviated_handshake_tls12(Handshake& handshake);

/// Has the chain in `job` verified, which says whether its entries have extensions.
void begin_chain_of_client(Handshake& handshake, crypto::VerifyChainJob& job);
/// The chain has been looked at: remembers who the client is, and says whether it may be that. no_memory when the core
/// remembers too many.
Error take_verdict_on_client(Handshake& handshake, const crypto::VerifyChainJob& job);
/// A session goes on: the client is who it was. no_memory.
Error take_client_of_session(Handshake& handshake, const SessionState& session);
/// Writes who the client is into a session's state, whose views last as long as the connection.
void set_client_of_session(const Handshake& handshake, SessionState& session);
/// A session goes on, and its client offers early data: whether that may be taken is decided by the ticket, of which
/// the client says that it is `obfuscated_age` old (section 4.2.11.1). If so, admit_early_data_tls13 follows, which
/// finds out whether the hello was seen before; `binder` has been verified.
void consider_early_data_tls13(Handshake& handshake, const SessionState& session, std::uint32_t obfuscated_age,
                               Bytes binder);
/// EndOfEarlyData (section 4.5), behind which records are under `next`: unexpected_handshake_message,
/// malformed_message, data_across_key_change.
Error take_end_of_early_data(Handshake& handshake, const Message& message, const crypto::RecordKeys& next);

/// Whether the session goes on by what `hello` says, wherever it was kept; then the abbreviated handshake follows.
/// `outcome` says why it does not, and a full handshake has to follow. extended_master_secret_dropped ends both.
Error accept_session_tls12(Handshake& handshake, const SessionState& session, Resumption& outcome);

}  // namespace lockstep::tls

// The ClientHello of our own, and what may be said in answer to it (RFC 8446 section 4.1.2).
#pragma once

#include "dataplane/tls/client_config.h"
#include "dataplane/tls/client_sessions.h"
#include "dataplane/tls/extensions.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/server_hello.h"

namespace lockstep::tls {

/// Longest cookie that is repeated: a multiple of what servers need, who put a hash and a digest in it.
constexpr std::size_t kMaxCookie = 1024;
/// Room for the message: the longest names, cookie and ticket, a P-384 share, and the rest.
constexpr std::size_t kMaxClientOffer =
    kMaxCookie + kMaxClientServerName + kMaxClientAlpn + ClientSession::kMaxMessage + 640;

/// What a client offers: made of its configuration, fresh random values, and a key share.
struct ClientOffer {
  const ClientConfig& config;
  std::array<std::uint8_t, kRandom> random{};
  /// For compatibility (RFC 8446 appendix D.4), or of a session of TLS 1.2.
  std::array<std::uint8_t, 32> session_id{};
  std::uint8_t session_id_size = 0;
  crypto::NamedGroup group{};  // of the share
  Bytes public_key = {};
  Bytes cookie = {};                        // of a HelloRetryRequest
  Bytes session_ticket = {};                // of a TLS 1.2 session to be resumed; empty: none
  bool resumption = false;                  // sessions are resumed
  Bytes ticket = {};                        // of the session to be resumed; empty: none
  std::uint32_t obfuscated_ticket_age = 0;  // the ticket's
  std::size_t binder_size = 0;              // of its PSK; 0: none was offered

  /// Writes the message and returns it, without its binder; empty when it does not fit.
  Bytes write(MutableBytes out) const;
  /// How much of the message's end is the list of binders (section 4.2.11.2).
  std::size_t binders_size() const { return 2 + 1 + binder_size; }

  Bytes session_id_view() const { return Bytes(session_id).first(session_id_size); }
  /// In a version that is offered.
  bool offers(CipherSuite suite, Version version) const;
  /// A suite with that hash.
  bool offers(Hash hash) const;
  bool offers(crypto::NamedGroup group) const;
  /// Reads the one protocol that the server has chosen (RFC 7301 section 3.2): malformed_message, alpn_not_offered.
  Error read_alpn(Bytes body, Bytes& alpn) const;
  /// An extension that stands in a message where it has no place: one that was offered belongs somewhere else (RFC 8446
  /// section 4.2: illegal_parameter), others were not asked for (unsupported_extension).
  Error refuse(std::uint16_t type) const;

 private:
  bool offers(Version version) const { return version == Version::tls13 ? config.tls13 : config.tls12; }
  void write_extensions(Writer& writer) const;
  void write_extensions_tls12(Writer& writer) const;
  void write_extensions_tls13(Writer& writer) const;
  void write_pre_shared_key(Writer& writer) const;
};

}  // namespace lockstep::tls

// The ClientHello of our own, and what may be said in answer to it (RFC 8446 section 4.1.2).
#pragma once

#include "dataplane/tls/client_config.h"
#include "dataplane/tls/extensions.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/server_hello.h"

namespace lockstep::tls {

/// Longest cookie that is repeated: a multiple of what servers need, who put a hash and a digest in it.
constexpr std::size_t kMaxCookie = 1024;
/// Room for the message: the longest names and cookie, a P-384 share, and the rest.
constexpr std::size_t kMaxClientOffer = kMaxCookie + kMaxClientServerName + kMaxClientAlpn + 512;

/// What a client offers: made of its configuration, fresh random values, and a key share.
struct ClientOffer {
  const ClientConfig& config;
  std::array<std::uint8_t, kRandom> random{};
  std::array<std::uint8_t, 32> session_id{};  // for compatibility (RFC 8446 appendix D.4)
  crypto::NamedGroup group{};                 // of the share
  Bytes public_key = {};
  Bytes cookie = {};  // of a HelloRetryRequest

  /// Writes the message and returns it; empty when it does not fit.
  Bytes write(MutableBytes out) const;

  bool offers(CipherSuite suite) const;
  bool offers(crypto::NamedGroup group) const;
  bool offers_alpn(Bytes name) const;
  /// An extension that stands in a message where it has no place: one that was offered belongs somewhere else (RFC 8446
  /// section 4.2: illegal_parameter), others were not asked for (unsupported_extension).
  Error refuse(std::uint16_t type) const;

 private:
  void write_extensions(Writer& writer) const;
};

}  // namespace lockstep::tls

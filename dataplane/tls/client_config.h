// What a TLS client needs to know, made by the control plane, immutable while in use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/chain_job.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// Longest server_name of a client (RFC 1035 section 2.3.4).
constexpr std::size_t kMaxClientServerName = 253;
/// Most bytes of a client's ProtocolNameList, each name with its length.
constexpr std::size_t kMaxClientAlpn = 256;

struct ClientConfig {
  /// Sent (RFC 6066 section 3): a DNS name of at most kMaxClientServerName characters, no IP address. Empty: not sent.
  std::string server_name;
  /// What the server's certificate has to be for: a DNS name, or an IP address as text. Empty: any.
  std::string certified_name;
  /// Where its chain has to lead. nullptr: it is not verified, and whoever answers is believed.
  std::shared_ptr<const crypto::TrustStore> trust;
  /// Who we are for servers that ask: the first certificate whose key can sign by what they take is shown.
  Identity identity;
  std::vector<std::string> alpn;  // offered, in order of preference; empty: none. At most kMaxClientAlpn.
  bool tls12 = true;
  bool tls13 = true;
  /// Offered, in order of preference; of TLS 1.2 those with forward secrecy and an AEAD are meant.
  std::vector<CipherSuite> cipher_suites = default_cipher_suites();
  std::vector<crypto::NamedGroup> groups = default_groups();  // the same; the first one gets a key share
  /// Offered, in order of preference, PKCS#1 in TLS 1.3 for the signatures in certificates only (RFC 8446
  /// section 4.2.3).
  std::vector<crypto::SignatureScheme> signature_schemes = default_signature_schemes();
  /// How long sessions are resumed since the server has last shown its certificate (RFC 8446 section 4.6.1), if its
  /// tickets live as long; 0: none is.
  Duration session_lifetime = hours(24);
  /// What a session may be resumed within: it differs between configurations that would not believe the same servers,
  /// or not show them the same.
  std::array<std::uint8_t, 16> resumption_scope{};
  Duration handshake_timeout = seconds(15);
  std::uint32_t max_handshake_message = 65536;  // bytes of the largest message taken; at most 65536
};

}  // namespace lockstep::tls

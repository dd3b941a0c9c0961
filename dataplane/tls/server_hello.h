// The ServerHello and HelloRetryRequest messages (RFC 8446 sections 4.1.3 and 4.1.4, RFC 5246 section 7.4.1.3).
#pragma once

#include <array>
#include <optional>

#include "crypto/algorithms.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/record_sizes.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

constexpr std::size_t kRandom = 32;

/// Room for the largest of these messages: the session identifier, a P-384 share or the longest ALPN name, and the
/// rest.
constexpr std::size_t kMaxServerHello = 512;
constexpr std::size_t kMaxServerHelloTls12 = kMaxServerHello + kMaxSctListTls12;

/// TLS 1.3.
struct ServerHelloTls13 {
  Bytes random;
  Bytes session_id;  // legacy_session_id_echo
  CipherSuite cipher_suite{};
  std::optional<crypto::NamedGroup> group;  // nullopt: no key exchange (psk_ke)
  Bytes public_key;
  std::optional<std::uint16_t> selected_identity;  // of the PSK that is used (RFC 8446 section 4.2.11)

  /// Writes the message and returns it; empty when it does not fit.
  Bytes write(MutableBytes out) const;
};

/// RFC 8446 section 4.1.4: asks for a share of `group`.
struct HelloRetryRequest {
  Bytes session_id;
  CipherSuite cipher_suite{};
  crypto::NamedGroup group{};
  Bytes cookie = {};  // RFC 8446 section 4.2.2; empty: none

  Bytes write(MutableBytes out) const;
};

/// TLS 1.2.
struct ServerHelloTls12 {
  Bytes random;
  Bytes session_id;  // empty: the session is in no cache, nor resumed by a client that sent one
  CipherSuite cipher_suite{};
  bool server_name = false;             // acknowledge (RFC 6066 section 3)
  bool ec_point_formats = false;        // answer (RFC 8422 section 5.2)
  bool encrypt_then_mac = false;        // RFC 7366 section 2
  bool extended_master_secret = false;  // RFC 7627 section 5.2
  bool secure_renegotiation = false;    // empty renegotiation_info (RFC 5746 section 3.6)
  bool session_ticket = false;          // NewSessionTicket follows (RFC 5077 section 3.2)
  bool status_request = false;          // CertificateStatus follows (RFC 6066 section 8)
  Bytes sct_list;                       // RFC 6962 section 3.3.1; empty: none
  std::string_view alpn;                // empty: none
  RecordSizes sizes = {};

  Bytes write(MutableBytes out) const;

 private:
  void write_extensions(Writer& writer) const;
};

/// RFC 8446 section 4.1.3: the last eight bytes of the random of a server that could speak TLS 1.3 and was asked
/// for 1.2.
void set_downgrade_sentinel(MutableBytes random);

/// Whether a random has it, or the one for versions before TLS 1.2.
bool has_downgrade_sentinel(Bytes random);
/// Whether a random is the one that makes a ServerHello a HelloRetryRequest.
bool is_hello_retry_request(Bytes random);

/// Writes the ALPN extension with the one name that was chosen (RFC 7301 section 3.1).
void write_alpn(Writer& writer, std::string_view alpn);

}  // namespace lockstep::tls

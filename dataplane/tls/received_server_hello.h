// A ServerHello or HelloRetryRequest as a client sees it (RFC 8446 sections 4.1.3 and 4.1.4, RFC 5246 section 7.4.1.3).
#pragma once

#include "dataplane/tls/client_offer.h"

namespace lockstep::tls {

/// Views into the message.
struct ReceivedServerHello {
  Version version = Version::tls13;
  bool retry = false;  // it is a HelloRetryRequest
  CipherSuite cipher_suite{};
  // TLS 1.3.
  std::optional<crypto::NamedGroup> group;  // of the share; in a HelloRetryRequest of the one that is asked for
  Bytes public_key;
  Bytes cookie;                                    // in a HelloRetryRequest; empty: none
  std::optional<std::uint16_t> selected_identity;  // the PSK that is used (RFC 8446 section 4.2.11)
  // TLS 1.2.
  Bytes random;
  Bytes session_id;
  Bytes alpn;                           // empty: none
  bool extended_master_secret = false;  // RFC 7627
  bool secure_renegotiation = false;    // RFC 5746
  bool session_ticket = false;          // NewSessionTicket follows (RFC 5077 section 3.2)

  /// Reads the body, and checks that it answers `offer`: malformed_message, no_common_version, downgraded,
  /// version_not_offered, illegal_parameter, session_id_not_echoed, suite_not_offered, compression_chosen,
  /// duplicate_extension, misplaced_extension, unsolicited_extension; in TLS 1.2 alpn_not_offered,
  /// bad_renegotiation_info, no_secure_renegotiation.
  Error read(Bytes body, const ClientOffer& offer);

 private:
  Error check_version(std::uint16_t legacy_version, Bytes extensions, const ClientOffer& offer);
  Error check_older_version(std::uint16_t legacy_version, const ClientOffer& offer) const;
  Error read_extension_tls13(ExtensionType type, Bytes body, const ClientOffer& offer);
  Error read_extension_tls12(ExtensionType type, Bytes body, const ClientOffer& offer);
};

}  // namespace lockstep::tls

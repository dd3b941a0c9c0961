// A ServerHello or HelloRetryRequest as a client sees it (RFC 8446 sections 4.1.3 and 4.1.4).
#pragma once

#include "dataplane/tls/client_offer.h"

namespace lockstep::tls {

/// Views into the message.
struct ReceivedServerHello {
  bool retry = false;  // it is a HelloRetryRequest
  CipherSuite cipher_suite{};
  std::optional<crypto::NamedGroup> group;  // of the share; in a HelloRetryRequest of the one that is asked for
  Bytes public_key;
  Bytes cookie;                                    // in a HelloRetryRequest; empty: none
  std::optional<std::uint16_t> selected_identity;  // the PSK that is used (RFC 8446 section 4.2.11)

  /// Reads the body, and checks that it answers `offer`: malformed_message, no_common_version, downgraded,
  /// version_not_offered, illegal_parameter, session_id_not_echoed, suite_not_offered, compression_chosen,
  /// duplicate_extension, misplaced_extension, unsolicited_extension.
  Error read(Bytes body, const ClientOffer& offer);

 private:
  Error read_extension(ExtensionType type, Bytes body, const ClientOffer& offer);
};

}  // namespace lockstep::tls

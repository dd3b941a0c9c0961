// What a HelloRetryRequest makes a server remember until the second ClientHello (RFC 8446 section 4.1.4): here, or
// sealed as a ticket is, with the client, as the cookie of section 4.2.2.
#pragma once

#include <array>

#include "crypto/algorithms.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// Of the first ClientHello, and of what was chosen by it.
struct RetryState {
  /// Room for the largest.
  static constexpr std::size_t kMaxSize = 128;

  std::array<std::uint8_t, 16> scope{};  // ServerConfig::resumption_scope: another service's cookie is none
  CipherSuite suite{};
  crypto::NamedGroup group{};
  bool offered_psk = false;
  std::array<std::uint8_t, 32> unchanging{};      // unchanging_part
  std::array<std::uint8_t, kMaxDigest> digest{};  // of the whole message, by the suite's hash

  /// Writes it and returns what was written; empty when it does not fit.
  Bytes write(MutableBytes out) const;
  /// False when `state` is not of this format, as a session's is not.
  bool read(Bytes state);
};

}  // namespace lockstep::tls

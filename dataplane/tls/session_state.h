// What a server remembers of a session to resume it: in a ticket, or in its cache.
#pragma once

#include <array>

#include "crypto/base/secret.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// The state of RFC 8446 section 4.6.1 and RFC 5077 section 4. Views are the writer's, or into what was read.
struct SessionState {
  /// Room for the largest: server and protocol names of 255 bytes.
  static constexpr std::size_t kMaxSize = 656;

  Version version = Version::tls13;
  CipherSuite cipher_suite{};
  std::int64_t issued = 0;                  // Unix time in milliseconds
  std::uint32_t age_add = 0;                // TLS 1.3: ticket_age_add
  bool extended_master_secret = true;       // TLS 1.2 (RFC 7627 section 5.3)
  std::array<std::uint8_t, 16> scope{};     // ServerConfig::resumption_scope
  std::array<std::uint8_t, 16> instance{};  // TicketKeys::instance of who issued it
  Secret<48> secret;                        // TLS 1.3: the PSK, of the suite's digest size; TLS 1.2: the master secret
  Bytes server_name;                        // as the client sent it; empty: none
  Bytes alpn;

  /// Writes it and returns what was written; empty when it does not fit.
  Bytes write(MutableBytes out) const;
  /// False when `state` is not of this format, whatever it holds.
  bool read(Bytes state);
};

}  // namespace lockstep::tls

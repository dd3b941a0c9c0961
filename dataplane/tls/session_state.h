// What a server remembers of a session to resume it: in a ticket, or in its cache.
#pragma once

#include <array>

#include "crypto/base/secret.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// How long sessions may be resumed: ServerConfig::session_lifetime, at most seven days (RFC 8446 section 4.6.1).
Duration lifetime_of_sessions(const ServerConfig& config);

/// What becomes of a session that a client offers to resume. None of them is an error: without a session the handshake
/// is a full one.
enum class Resumption : std::uint8_t {
  possible,
  unknown,     // not ours, or sealed under a key that is gone
  damaged,     // does not open, or is not a state
  expired,     // older than ServerConfig::session_lifetime, or not issued yet
  mismatched,  // of another service, version, server name or hash
};

/// The state of RFC 8446 section 4.6.1 and RFC 5077 section 4. Sessions of TLS 1.2 have an extended_master_secret, all
/// of them: others are not resumed (RFC 7627 section 5.3). Views are the writer's, or into what was read.
struct SessionState {
  /// Room for the largest: server and protocol names and a subject of 255 bytes.
  static constexpr std::size_t kMaxSize = 912;

  Version version = Version::tls13;
  CipherSuite cipher_suite{};
  std::int64_t issued = 0;                  // Unix time in milliseconds
  std::uint32_t age_add = 0;                // TLS 1.3: ticket_age_add
  std::array<std::uint8_t, 16> scope{};     // ServerConfig::resumption_scope
  std::array<std::uint8_t, 16> instance{};  // TicketKeys::instance of who issued it
  Secret<48> secret;                        // TLS 1.3: the PSK, of the suite's digest size; TLS 1.2: the master secret
  Bytes server_name;                        // as the client sent it; empty: none
  Bytes alpn;
  std::uint32_t max_early_data = 0;  // bytes that the ticket allows; 0: none
  /// By the clock of who issued it, which nobody sets: only who has the same `instance` may compare.
  Instant issued_at;
  Bytes client_fingerprint;  // of a client with a certificate: SHA-256; empty: without
  Bytes client_subject;

  /// Writes it and returns what was written; empty when it does not fit.
  Bytes write(MutableBytes out) const;
  /// False when `state` is not of this format, whatever it holds.
  bool read(Bytes state);

  /// Whether it may be resumed under `config`, by `version` and the name that the client sends now (RFC 6066 section 3:
  /// the same as before), at `now` (Unix time in milliseconds): possible, expired or mismatched. Who authenticates
  /// clients has a scope of its own (ServerConfig::resumption_scope); a session without a client's certificate is
  /// mismatched where one is required.
  Resumption check(const ServerConfig& config, Version spoken, Bytes name, std::int64_t now) const;
};

}  // namespace lockstep::tls

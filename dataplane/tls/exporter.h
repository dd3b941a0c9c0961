// What a session keeps so that keying material can be exported from it (RFC 8446 section 7.5, RFC 5705).
#pragma once

#include "crypto/job.h"

namespace lockstep::tls {

/// Lies in a pool of the core, so that sessions of services that export nothing need no room for it. Wiped when it
/// goes.
struct Exporter {
  bool tls13 = true;
  Hash hash = Hash::sha256;
  Secret<kMaxDigest> secret;               // exporter_master_secret, or TLS 1.2's master secret
  std::array<std::uint8_t, 64> randoms{};  // TLS 1.2: the client's and the server's

  /// Fills in the connection's part of `job`.
  void prepare(crypto::ExportJob& job) const {
    job.tls13 = tls13;
    job.hash = hash;
    job.secret.assign(secret.expose());
    job.randoms = randoms;
  }
};

}  // namespace lockstep::tls

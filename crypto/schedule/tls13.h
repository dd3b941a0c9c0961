// The TLS 1.3 key schedule (RFC 8446 section 7) as steps. A step is a plain function over one job and its scratch, and
// needs only what earlier steps left there, so that a round can run one step over many jobs.
#pragma once

#include "crypto/base/hmac.h"
#include "crypto/job.h"

namespace lockstep::crypto {

/// What is the same for every handshake with one hash: computed once per engine.
struct Tls13Constants {
  explicit Tls13Constants(Hash hash);

  std::array<std::uint8_t, kMaxDigest> empty_digest{};  // of the empty string
  HmacKey zero_salt;                                    // salt of the early and input of the master secret
  HmacKey no_psk_salt;                                  // salt of the handshake secret when there is no PSK
};

/// What one server flight carries from step to step. Wiped when it goes.
struct Tls13Scratch {
  Secret<kMaxDigest> secret;  // handshake secret, then master secret
  Secret<kMaxDigest> client_finished_key;
  Secret<kMaxDigest> server_finished_key;
};

/// Step 1: early secret, and from it the handshake secret (section 7.1).
void handshake_secret(const Tls13ServerFlightJob& job, const Tls13Constants& constants, Tls13Scratch& scratch);
/// Step 2: both handshake traffic secrets, their keys, and the keys of both Finished; then the master secret.
void handshake_traffic(Tls13ServerFlightJob& job, const Tls13Constants& constants, Tls13Scratch& scratch);
/// Step 3: the server's Finished value; appends CertificateVerify and Finished to the transcript (section 4.4.4).
void server_finished(Tls13ServerFlightJob& job, const Tls13Scratch& scratch);
/// Step 4: both application traffic secrets, their keys, and the client's Finished value to expect.
void application_traffic(Tls13ServerFlightJob& job, const Tls13Scratch& scratch);

/// Section 7.2: the next traffic secret and its keys.
void key_update(Tls13KeyUpdateJob& job);

}  // namespace lockstep::crypto

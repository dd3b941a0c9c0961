// The TLS 1.2 key schedule (RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC 7627) as steps; see tls13.h.
#pragma once

#include "crypto/job.h"

namespace lockstep::crypto {

/// Step 1: the master secret, from the session hash (RFC 7627 section 4) or from both randoms (RFC 5246 section 8.1).
void master_secret(Tls12MasterSecretJob& job);
/// Step 2: the key block (RFC 5246 section 6.3) of an AEAD suite: both keys, then both fixed IVs.
void key_block(const Tls12MasterSecretJob& job);

/// Both Finished values (RFC 5246 section 7.4.9); appends the client's Finished message to the transcript.
void finished(Tls12FinishedJob& job);

}  // namespace lockstep::crypto

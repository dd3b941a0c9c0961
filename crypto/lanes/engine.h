// The public-key engine: eight operations at a time, and what was made ahead.
#pragma once

#include "crypto/base/random.h"
#include "crypto/engine.h"
#include "crypto/lanes/ecdsa.h"
#include "crypto/lanes/kernels.h"

namespace lockstep::crypto::lanes {

/// One writer, readable from other threads.
struct LanesCounters {
  MadeAheadCounters ahead;
  std::atomic<std::uint64_t> recomputed{0};  // lanes whose result was wrong, computed again by the fallback
  std::atomic<std::uint64_t> passed_on{0};   // jobs that lanes do not have: keys that are not prepared, SHA-1, SHA-512
};

/// Serves key shares, derivations, signatures, RSA premaster secrets and verifications with `kernels`. What lanes do
/// not have, and lanes that failed, go to `fallback`, which serves every class. References and `counters` outlive the
/// engine.
std::unique_ptr<Engine> make_lanes_engine(const Kernels& kernels, Engine& fallback, Random& random,
                                          const NonceSource& nonces, const MadeAheadOptions& ahead,
                                          LanesCounters& counters);

}  // namespace lockstep::crypto::lanes

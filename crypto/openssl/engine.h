// The engine that can do everything: libcrypto, one job at a time.
#pragma once

#include <memory>

#include "crypto/base/random.h"
#include "crypto/engine.h"

namespace lockstep::crypto {

/// Supports every kind; finishes each job within `run`. `random` gives the ephemeral private keys and must outlive the
/// engine; PrivateKey objects must come from load_private_key. nullptr when libcrypto lacks an algorithm.
std::unique_ptr<Engine> make_openssl_engine(Random& random);

}  // namespace lockstep::crypto

// Private keys as they come in files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/base/result.h"
#include "crypto/private_key.h"

namespace lockstep::crypto {

/// Loads the first private key of `pem` (PKCS #8, PKCS #1 or SEC 1): RSA of 2048 to 4096 bits, P-256, P-384 or Ed25519.
/// The key is proved by a signature that is verified. The error says what is wrong and what to do; it never holds a
/// byte of the key. The caller wipes `pem`. For start-up and reload, never on a worker.
Result<std::unique_ptr<PrivateKey>, std::string> load_private_key(std::string_view pem);

}  // namespace lockstep::crypto

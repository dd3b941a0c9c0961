// Private keys as they come in files.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "crypto/base/result.h"
#include "crypto/private_key.h"

namespace lockstep::crypto {

/// Whether the first private key of `pem` is encrypted with a passphrase (PKCS #8 or traditional).
bool key_is_encrypted(std::string_view pem);

/// Loads the first private key of `pem` (PKCS #8, PKCS #1 or SEC 1): RSA of 2048 to 4096 bits, P-256, P-384 or Ed25519.
/// An encrypted one is opened with `passphrase`; empty: there is none.
/// The key is proved by a signature that is verified. The error says what is wrong and what to do; it never holds a
/// byte of the key. The caller wipes `pem` and `passphrase`. For start-up and reload, never on a worker.
Result<std::unique_ptr<PrivateKey>, std::string> load_private_key(std::string_view pem,
                                                                  std::string_view passphrase = {});

}  // namespace lockstep::crypto

// Throwaway keys for benchmarks, in libcrypto's hands and as numbers. A failure ends the program: nothing can be
// measured without them.
#pragma once

#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/openssl/handles.h"

namespace lockstep::bench {

/// Ends the program with `what` and libcrypto's reason unless `condition` holds.
void require(bool condition, const char* what);

/// A new key: "RSA" (with `bits`), "P-256", "P-384", "X25519", "ED25519".
crypto::UniquePkey make_key(const std::string& type, unsigned bits = 0);

/// The RSA key with this number, made when it is first asked for: a row that is repeated need not make it again.
EVP_PKEY& rsa_key(unsigned bits, std::size_t number);

/// A context of libcrypto's for operations with `key`.
crypto::UniquePkeyContext make_context(EVP_PKEY& key);

/// One of the key's numbers, by libcrypto's name (OSSL_PKEY_PARAM_*), big-endian in all of `out`.
void read_number(const EVP_PKEY& key, const char* name, MutableBytes out);

/// A raw private key (X25519, Ed25519), all of `out`.
void read_private_key(const EVP_PKEY& key, MutableBytes out);

/// The public key as on the wire: 32 bytes, or an uncompressed point; all of `out`.
void read_public_key(EVP_PKEY& key, MutableBytes out);

}  // namespace lockstep::bench

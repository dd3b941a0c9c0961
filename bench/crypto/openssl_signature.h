// Signatures by libcrypto with prepared contexts: a row's peer, and the reference for check().
#pragma once

#include "bench/support/keys.h"

namespace lockstep::bench {

/// A digest of the right size; what it is of does not matter to anybody's speed.
Bytes example_digest(std::size_t size);
/// What a TLS 1.3 server signs has 130 bytes with SHA-256 (RFC 8446 section 4.4.3).
Bytes example_message();

/// EVP_PKEY_sign and EVP_PKEY_verify of `digest` with `key`; RSA with PKCS #1 padding. Both contexts are prepared once
/// and used again and again.
class OpensslSignature {
 public:
  OpensslSignature(EVP_PKEY& key, const EVP_MD* hash, Bytes digest);
  /// False when libcrypto refuses.
  bool sign();
  /// Whether `signature` is one of the key over the digest.
  bool verify(Bytes signature);
  /// The last signature.
  Bytes signature() const { return Bytes(signature_).first(size_); }

 private:
  crypto::UniquePkeyContext sign_;
  crypto::UniquePkeyContext verify_;
  Bytes digest_;
  std::array<std::uint8_t, 512> signature_;
  std::size_t size_ = 0;
};

}  // namespace lockstep::bench

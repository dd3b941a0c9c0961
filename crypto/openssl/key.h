// A certificate's private key in libcrypto's hands.
#pragma once

#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/openssl/handles.h"
#include "crypto/private_key.h"

namespace lockstep::crypto {

/// Immutable after `prepare`, so that all workers may sign with it at once: each signature works on copies of contexts
/// that were set up when the key was loaded.
class OpensslKey final : public PrivateKey {
 public:
  /// Takes over `pkey`, which is of `type`, and sets up a context for each scheme it can sign. nullptr when libcrypto
  /// refuses.
  static std::unique_ptr<OpensslKey> prepare(UniquePkey pkey, KeyType type, unsigned bits);

  /// Signs `content` (hashed as `scheme` says) into `signature`, which has room for kMaxSignature bytes; returns the
  /// signature's size, or 0 on failure, and then `signature` holds zeros. What a computing fault could turn into the
  /// private key (RSA by CRT; Ed25519, whose nonce is a function of the message) is verified before it is released.
  std::size_t sign(SignatureScheme scheme, Bytes content, MutableBytes signature) const;

  /// Whether `signature` is one of this key over `content`.
  bool verify(SignatureScheme scheme, Bytes content, Bytes signature) const;

  /// RSA's private operation alone (RFC 8017 section 5.1.2, RSADP), blinded: `out` = `in`^d mod n, both of the
  /// modulus's size. False, and zeros, when `in` is not below the modulus or libcrypto fails.
  bool rsa_private(Bytes in, MutableBytes out) const;

  /// Whether `public_key_info`, the DER of a SubjectPublicKeyInfo (RFC 5280 section 4.1), is this key's public half.
  bool has_public_half(Bytes public_key_info) const;

 private:
  struct Prepared {
    SignatureScheme scheme;
    UniqueDigest digest;
    UniquePkeyContext sign;
    UniquePkeyContext verify;
  };

  OpensslKey(UniquePkey pkey, KeyType type, unsigned bits) : PrivateKey(type, bits), pkey_(std::move(pkey)) {}
  bool prepare_scheme(SignatureScheme scheme, const char* digest, int padding);
  const Prepared* find(SignatureScheme scheme) const;
  std::size_t make_signature(SignatureScheme scheme, Bytes content, MutableBytes signature) const;

  UniquePkey pkey_;
  std::vector<Prepared> prepared_;
};

}  // namespace lockstep::crypto

// A long-term private key as the protocol sees it: what it can sign with, never what it is.
#pragma once

#include "crypto/algorithms.h"

namespace lockstep::crypto {

enum class KeyType : std::uint8_t { rsa, ecdsa_p256, ecdsa_p384, ed25519 };

/// Held by a configuration snapshot; shared by all workers read-only. Engines derive from it and recognise their own
/// by the engine table they stand in; nobody else looks inside.
class PrivateKey {
 public:
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  virtual ~PrivateKey() = default;

  KeyType type() const { return type_; }
  /// Modulus or field size in bits.
  unsigned bits() const { return bits_; }
  /// Whether this key can make a signature of `scheme` (type, curve and, for RSA, modulus size).
  bool can_sign(SignatureScheme scheme) const;

 protected:
  PrivateKey(KeyType type, unsigned bits) : type_(type), bits_(bits) {}

 private:
  KeyType type_;
  unsigned bits_;
};

}  // namespace lockstep::crypto

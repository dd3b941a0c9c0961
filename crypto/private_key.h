// A long-term private key as the protocol sees it: what it can sign with, never what it is.
#pragma once

#include <array>
#include <memory>

#include "crypto/algorithms.h"
#include "crypto/base/secret.h"

namespace lockstep::crypto {

enum class KeyType : std::uint8_t { rsa, ecdsa_p256, ecdsa_p384, ed25519 };

/// A private key as numbers, big-endian, for engines that compute with them.
struct KeyNumbers {
  // ECDSA: the scalar and the public point, field-sized and uncompressed. Ed25519: seed and public key, 32 bytes each.
  Secret<48> scalar;
  std::array<std::uint8_t, kMaxPublicKey> public_key{};
  // RSA (RFC 8017 section 3.2), two primes: the modulus has the key's size, the other numbers half of it.
  std::array<std::uint8_t, kMaxRsaModulus> modulus{};
  std::uint64_t public_exponent = 0;
  Secret<kMaxRsaModulus / 2> prime1;
  Secret<kMaxRsaModulus / 2> prime2;
  Secret<kMaxRsaModulus / 2> exponent1;
  Secret<kMaxRsaModulus / 2> exponent2;
  Secret<kMaxRsaModulus / 2> coefficient;
};

/// What an engine made of a key when it was loaded; wiped by its destructor.
class PreparedKey {
 public:
  PreparedKey() = default;
  PreparedKey(const PreparedKey&) = delete;
  PreparedKey& operator=(const PreparedKey&) = delete;
  virtual ~PreparedKey() = default;
};

/// Held by a configuration snapshot; shared by all workers read-only. libcrypto's engine derives from it and recognises
/// its own by the engine table it stands in; other engines find what they need in `numbers` and `prepared`.
class PrivateKey {
 public:
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  virtual ~PrivateKey() = default;

  KeyType type() const { return type_; }
  /// Modulus or field size in bits.
  unsigned bits() const { return bits_; }
  /// Names this object and no other of the process, before or after it.
  std::uint64_t id() const { return id_; }
  /// Whether this key can make a signature of `scheme` (type, curve and, for RSA, modulus size).
  bool can_sign(SignatureScheme scheme) const;
  /// The numbers, for engines only; nullptr where they are not to be had (RSA with other than two primes of half the
  /// size).
  const KeyNumbers* numbers() const { return numbers_.get(); }
  /// What `prepare` was given, or nullptr.
  const PreparedKey* prepared() const { return prepared_.get(); }
  /// Keeps what an engine made of the key. Once, before the key is shared.
  void prepare(std::unique_ptr<PreparedKey> prepared) { prepared_ = std::move(prepared); }

 protected:
  PrivateKey(KeyType type, unsigned bits);
  void set_numbers(std::unique_ptr<KeyNumbers> numbers) { numbers_ = std::move(numbers); }

 private:
  KeyType type_;
  unsigned bits_;
  std::uint64_t id_;
  std::unique_ptr<KeyNumbers> numbers_;
  std::unique_ptr<PreparedKey> prepared_;
};

}  // namespace lockstep::crypto

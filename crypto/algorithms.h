// Names of algorithms, with the code points TLS gives them (RFC 8446 sections 4.2.3 and 4.2.7, RFC 8422).
#pragma once

#include <cstdint>

#include "crypto/base/sha2.h"

namespace lockstep::crypto {

enum class NamedGroup : std::uint16_t { secp256r1 = 0x0017, secp384r1 = 0x0018, x25519 = 0x001d };

/// Public key sizes on the wire: 32 bytes, or an uncompressed point.
constexpr std::size_t public_key_size(NamedGroup group) {
  return group == NamedGroup::x25519 ? 32 : group == NamedGroup::secp256r1 ? 65 : 97;
}
/// Size of the private key and of the shared secret.
constexpr std::size_t shared_secret_size(NamedGroup group) {
  return group == NamedGroup::secp384r1 ? 48 : 32;
}
constexpr std::size_t kMaxPublicKey = 97;
constexpr std::size_t kMaxSharedSecret = 48;

enum class SignatureScheme : std::uint16_t {
  rsa_pkcs1_sha1 = 0x0201,
  ecdsa_sha1 = 0x0203,
  rsa_pkcs1_sha256 = 0x0401,
  ecdsa_secp256r1_sha256 = 0x0403,
  rsa_pkcs1_sha384 = 0x0501,
  ecdsa_secp384r1_sha384 = 0x0503,
  rsa_pkcs1_sha512 = 0x0601,
  rsa_pss_rsae_sha256 = 0x0804,
  rsa_pss_rsae_sha384 = 0x0805,
  rsa_pss_rsae_sha512 = 0x0806,
  ed25519 = 0x0807,
};
/// Largest RSA modulus: 4096 bits.
constexpr std::size_t kMaxRsaModulus = 512;
/// Largest signature: RSA-4096.
constexpr std::size_t kMaxSignature = kMaxRsaModulus;

enum class Aead : std::uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305 };
constexpr std::size_t key_size(Aead aead) {
  return aead == Aead::aes_128_gcm ? 16 : 32;
}
constexpr std::size_t kAeadTag = 16;
constexpr std::size_t kAeadNonce = 12;
constexpr std::size_t kMaxKey = 32;

}  // namespace lockstep::crypto

#include "crypto/private_key.h"

#include <atomic>

namespace lockstep::crypto {

namespace {

// RSASSA-PSS with a salt as long as the hash: the encoded message has bits - 1 bits and holds salt, hash and two more
// bytes (RFC 8017 section 9.1.1).
bool fits_pss(unsigned bits, unsigned hash_size) {
  return (bits + 6) / 8 >= 2 * hash_size + 2;
}

// RSASSA-PKCS1-v1_5: the DigestInfo and at least eleven more bytes (RFC 8017 section 9.2). `prefix` is the DigestInfo's
// size without the hash.
bool fits_pkcs1(unsigned bits, unsigned prefix, unsigned hash_size) {
  return (bits + 7) / 8 >= prefix + hash_size + 11;
}

bool rsa_can_sign(unsigned bits, SignatureScheme scheme) {
  if (bits > 8 * kMaxSignature) return false;
  switch (scheme) {
    case SignatureScheme::rsa_pkcs1_sha1:
      return fits_pkcs1(bits, 15, 20);
    case SignatureScheme::rsa_pkcs1_sha256:
      return fits_pkcs1(bits, 19, 32);
    case SignatureScheme::rsa_pkcs1_sha384:
      return fits_pkcs1(bits, 19, 48);
    case SignatureScheme::rsa_pkcs1_sha512:
      return fits_pkcs1(bits, 19, 64);
    case SignatureScheme::rsa_pss_rsae_sha256:
      return fits_pss(bits, 32);
    case SignatureScheme::rsa_pss_rsae_sha384:
      return fits_pss(bits, 48);
    case SignatureScheme::rsa_pss_rsae_sha512:
      return fits_pss(bits, 64);
    default:
      return false;
  }
}

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

PrivateKey::PrivateKey(KeyType type, unsigned bits) : type_(type), bits_(bits), id_(next_id()) {}

bool PrivateKey::can_sign(SignatureScheme scheme) const {
  switch (type_) {
    case KeyType::rsa:
      return rsa_can_sign(bits_, scheme);
    case KeyType::ecdsa_p256:
      return scheme == SignatureScheme::ecdsa_secp256r1_sha256 || scheme == SignatureScheme::ecdsa_sha1;
    case KeyType::ecdsa_p384:
      return scheme == SignatureScheme::ecdsa_secp384r1_sha384 || scheme == SignatureScheme::ecdsa_sha1;
    case KeyType::ed25519:
      return scheme == SignatureScheme::ed25519;
  }
  return false;
}

}  // namespace lockstep::crypto

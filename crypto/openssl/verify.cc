#include "crypto/openssl/verify.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "crypto/openssl/key_numbers.h"

namespace lockstep::crypto {
namespace {

UniqueDigest fetch(const char* name) {
  return UniqueDigest(EVP_MD_fetch(nullptr, name, nullptr));
}

struct Scheme {
  KeyType type;
  const EVP_MD* digest;  // nullptr: Ed25519
  int padding;           // RSA only
};

/// Padding, hash and, for PSS, a salt as long as the hash (RFC 8446 section 4.2.3).
bool configure(EVP_PKEY_CTX* context, const Scheme& scheme) {
  if (scheme.type != KeyType::rsa) return true;
  if (EVP_PKEY_CTX_set_rsa_padding(context, scheme.padding) <= 0) return false;
  return scheme.padding != RSA_PKCS1_PSS_PADDING ||
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

bool verify_content(EVP_PKEY* key, const Scheme& scheme, const VerifyJob& job) {
  const UniqueDigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;  // the digest context's own
  return context != nullptr && EVP_DigestVerifyInit(context.get(), &parameters, scheme.digest, nullptr, key) == 1 &&
         configure(parameters, scheme) &&
         EVP_DigestVerify(context.get(), job.signature.data(), job.signature.size(), job.content.data(),
                          job.content.size()) == 1;
}

bool verify_hashed(EVP_PKEY* key, const Scheme& scheme, const VerifyJob& job) {
  if (scheme.digest == nullptr) return false;
  const UniquePkeyContext context(EVP_PKEY_CTX_new(key, nullptr));
  return context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 && configure(context.get(), scheme) &&
         EVP_PKEY_CTX_set_signature_md(context.get(), scheme.digest) == 1 &&
         EVP_PKEY_verify(context.get(), job.signature.data(), job.signature.size(), job.content.data(),
                         job.content.size()) == 1;
}

}  // namespace

VerifyOperations::VerifyOperations()
    : sha1_(fetch("SHA1")), sha256_(fetch("SHA256")), sha384_(fetch("SHA384")), sha512_(fetch("SHA512")) {}

bool VerifyOperations::ready() const {
  return sha1_ != nullptr && sha256_ != nullptr && sha384_ != nullptr && sha512_ != nullptr;
}

JobStatus VerifyOperations::verify(VerifyJob& job) {
  const bool curve384 = job.key->type == KeyType::ecdsa_p384;
  const KeyType curve = curve384 ? KeyType::ecdsa_p384 : KeyType::ecdsa_p256;
  const auto scheme = [&]() -> Scheme {
    switch (job.scheme) {
      case SignatureScheme::rsa_pkcs1_sha1:
        return {KeyType::rsa, sha1_.get(), RSA_PKCS1_PADDING};
      case SignatureScheme::rsa_pkcs1_sha256:
        return {KeyType::rsa, sha256_.get(), RSA_PKCS1_PADDING};
      case SignatureScheme::rsa_pkcs1_sha384:
        return {KeyType::rsa, sha384_.get(), RSA_PKCS1_PADDING};
      case SignatureScheme::rsa_pkcs1_sha512:
        return {KeyType::rsa, sha512_.get(), RSA_PKCS1_PADDING};
      case SignatureScheme::rsa_pss_rsae_sha256:
        return {KeyType::rsa, sha256_.get(), RSA_PKCS1_PSS_PADDING};
      case SignatureScheme::rsa_pss_rsae_sha384:
        return {KeyType::rsa, sha384_.get(), RSA_PKCS1_PSS_PADDING};
      case SignatureScheme::rsa_pss_rsae_sha512:
        return {KeyType::rsa, sha512_.get(), RSA_PKCS1_PSS_PADDING};
      case SignatureScheme::ecdsa_sha1:
        return {curve, sha1_.get(), 0};
      case SignatureScheme::ecdsa_secp256r1_sha256:
        return {job.hashed ? curve : KeyType::ecdsa_p256, sha256_.get(), 0};
      case SignatureScheme::ecdsa_secp384r1_sha384:
        return {job.hashed ? curve : KeyType::ecdsa_p384, sha384_.get(), 0};
      case SignatureScheme::ed25519:
        break;
    }
    return {KeyType::ed25519, nullptr, 0};
  }();
  const UniquePkey pkey = import_peer_key(*job.key);
  const bool valid = scheme.type == job.key->type && pkey != nullptr &&
                     (job.hashed ? verify_hashed(pkey.get(), scheme, job) : verify_content(pkey.get(), scheme, job));
  if (!valid) ERR_clear_error();
  return valid ? JobStatus::ok : JobStatus::bad_signature;
}

}  // namespace lockstep::crypto

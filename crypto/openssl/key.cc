#include "crypto/openssl/key.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>

#include "crypto/base/secret.h"
#include "crypto/openssl/key_numbers.h"

namespace lockstep::crypto {
namespace {

struct SchemeInfo {
  SignatureScheme scheme;
  KeyType type;
  const char* digest;
  int padding;  // RSA only
};

constexpr std::array kSchemes = {
    SchemeInfo{SignatureScheme::rsa_pkcs1_sha1, KeyType::rsa, "SHA1", RSA_PKCS1_PADDING},
    SchemeInfo{SignatureScheme::rsa_pkcs1_sha256, KeyType::rsa, "SHA256", RSA_PKCS1_PADDING},
    SchemeInfo{SignatureScheme::rsa_pkcs1_sha384, KeyType::rsa, "SHA384", RSA_PKCS1_PADDING},
    SchemeInfo{SignatureScheme::rsa_pkcs1_sha512, KeyType::rsa, "SHA512", RSA_PKCS1_PADDING},
    SchemeInfo{SignatureScheme::rsa_pss_rsae_sha256, KeyType::rsa, "SHA256", RSA_PKCS1_PSS_PADDING},
    SchemeInfo{SignatureScheme::rsa_pss_rsae_sha384, KeyType::rsa, "SHA384", RSA_PKCS1_PSS_PADDING},
    SchemeInfo{SignatureScheme::rsa_pss_rsae_sha512, KeyType::rsa, "SHA512", RSA_PKCS1_PSS_PADDING},
    SchemeInfo{SignatureScheme::ecdsa_sha1, KeyType::ecdsa_p256, "SHA1", 0},
    SchemeInfo{SignatureScheme::ecdsa_sha1, KeyType::ecdsa_p384, "SHA1", 0},
    SchemeInfo{SignatureScheme::ecdsa_secp256r1_sha256, KeyType::ecdsa_p256, "SHA256", 0},
    SchemeInfo{SignatureScheme::ecdsa_secp384r1_sha384, KeyType::ecdsa_p384, "SHA384", 0},
};

/// Padding, hash and (PSS) a salt as long as the hash, RFC 8446 section 4.2.3.
bool configure(EVP_PKEY_CTX* context, int padding, const EVP_MD* digest) {
  if (EVP_PKEY_CTX_set_signature_md(context, digest) <= 0) return false;
  if (padding == 0) return true;
  if (EVP_PKEY_CTX_set_rsa_padding(context, padding) <= 0) return false;
  if (padding != RSA_PKCS1_PSS_PADDING) return true;
  return EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) > 0 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) > 0;
}

/// A digest of a size that the algorithm decides; 0 when libcrypto failed.
struct Digest {
  Digest(const EVP_MD* algorithm, Bytes content) {
    if (EVP_Digest(content.data(), content.size(), bytes.data(), &size, algorithm, nullptr) != 1) size = 0;
  }
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
};

}  // namespace

std::unique_ptr<OpensslKey> OpensslKey::prepare(UniquePkey pkey, KeyType type, unsigned bits) {
  std::unique_ptr<OpensslKey> key(new OpensslKey(std::move(pkey), type, bits));
  bool good = true;
  key->set_numbers(key_numbers(key->pkey_.get(), type, bits));
  for (const SchemeInfo& info : kSchemes)
    if (info.type == type) good = good && key->prepare_scheme(info.scheme, info.digest, info.padding);
  if (good) return key;
  ERR_clear_error();
  return nullptr;
}

bool OpensslKey::prepare_scheme(SignatureScheme scheme, const char* digest, int padding) {
  Prepared prepared{scheme, UniqueDigest(EVP_MD_fetch(nullptr, digest, nullptr)),
                    UniquePkeyContext(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey_.get(), nullptr)),
                    UniquePkeyContext(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey_.get(), nullptr))};
  if (prepared.digest == nullptr || prepared.sign == nullptr || prepared.verify == nullptr ||
      EVP_PKEY_sign_init(prepared.sign.get()) <= 0 || EVP_PKEY_verify_init(prepared.verify.get()) <= 0 ||
      !configure(prepared.sign.get(), padding, prepared.digest.get()) ||
      !configure(prepared.verify.get(), padding, prepared.digest.get()))
    return false;
  prepared_.push_back(std::move(prepared));
  return true;
}

bool OpensslKey::has_public_half(Bytes public_key_info) const {
  // The usual encoding ends with the point; other ones (compressed, RSA) are decoded, which takes longer.
  constexpr std::size_t kUncompressed256 = 65, kUncompressed384 = 97, kRaw25519 = 32;
  const std::size_t size = type() == KeyType::rsa          ? 0
                           : type() == KeyType::ecdsa_p256 ? kUncompressed256
                           : type() == KeyType::ecdsa_p384 ? kUncompressed384
                                                           : kRaw25519;
  if (size != 0 && numbers() != nullptr && public_key_info.size() > size &&
      std::equal(public_key_info.end() - static_cast<std::ptrdiff_t>(size), public_key_info.end(),
                 numbers()->public_key.begin()))
    return true;
  const unsigned char* at = public_key_info.data();
  const UniquePkey other(d2i_PUBKEY(nullptr, &at, static_cast<long>(public_key_info.size())));
  const bool equal = other != nullptr && EVP_PKEY_eq(other.get(), pkey_.get()) == 1;
  ERR_clear_error();
  return equal;
}

const OpensslKey::Prepared* OpensslKey::find(SignatureScheme scheme) const {
  for (const Prepared& prepared : prepared_)
    if (prepared.scheme == scheme) return &prepared;
  return nullptr;
}

std::size_t OpensslKey::sign(SignatureScheme scheme, Bytes content, MutableBytes signature) const {
  if (signature.size() < kMaxSignature) return 0;
  const std::size_t size = make_signature(scheme, content, signature);
  const bool fragile = type() == KeyType::rsa || type() == KeyType::ed25519;
  if (size != 0 && (!fragile || verify(scheme, content, signature.first(size)))) return size;
  wipe(signature);
  ERR_clear_error();
  return 0;
}

std::size_t OpensslKey::make_signature(SignatureScheme scheme, Bytes content, MutableBytes signature) const {
  std::size_t size = signature.size();
  if (type() == KeyType::ed25519) {
    const UniqueDigestContext context(EVP_MD_CTX_new());
    const bool made =
        scheme == SignatureScheme::ed25519 && context != nullptr &&
        EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey_.get(), nullptr) == 1 &&
        EVP_DigestSign(context.get(), signature.data(), &size, content.data(), content.size()) == 1;
    return made ? size : 0;
  }
  const Prepared* const prepared = find(scheme);
  if (prepared == nullptr) return 0;
  const Digest digest(prepared->digest.get(), content);
  const UniquePkeyContext context(EVP_PKEY_CTX_dup(prepared->sign.get()));
  const bool made = digest.size != 0 && context != nullptr &&
                    EVP_PKEY_sign(context.get(), signature.data(), &size, digest.bytes.data(), digest.size) == 1;
  return made ? size : 0;
}

bool OpensslKey::rsa_private(Bytes in, MutableBytes out) const {
  std::size_t size = out.size();
  const UniquePkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey_.get(), nullptr));
  if (context != nullptr && EVP_PKEY_decrypt_init(context.get()) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
      EVP_PKEY_decrypt(context.get(), out.data(), &size, in.data(), in.size()) == 1 && size == out.size())
    return true;
  wipe(out);
  ERR_clear_error();
  return false;
}

bool OpensslKey::verify(SignatureScheme scheme, Bytes content, Bytes signature) const {
  bool valid = false;
  if (type() == KeyType::ed25519) {
    const UniqueDigestContext context(EVP_MD_CTX_new());
    valid = scheme == SignatureScheme::ed25519 && context != nullptr &&
            EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey_.get(), nullptr) == 1 &&
            EVP_DigestVerify(context.get(), signature.data(), signature.size(), content.data(), content.size()) == 1;
  } else if (const Prepared* const prepared = find(scheme); prepared != nullptr) {
    const Digest digest(prepared->digest.get(), content);
    const UniquePkeyContext context(EVP_PKEY_CTX_dup(prepared->verify.get()));
    valid = digest.size != 0 && context != nullptr &&
            EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.bytes.data(), digest.size) == 1;
  }
  if (!valid) ERR_clear_error();
  return valid;
}

}  // namespace lockstep::crypto

// Owners of libcrypto's objects.
#pragma once

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>

#include <memory>

namespace lockstep::crypto {

/// Calls `release` on what a std::unique_ptr gives up.
template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};

using UniqueBio = std::unique_ptr<BIO, Release<BIO_free>>;
using UniqueBignum = std::unique_ptr<BIGNUM, Release<BN_clear_free>>;
using UniqueBignumContext = std::unique_ptr<BN_CTX, Release<BN_CTX_free>>;
using UniqueCertificate = std::unique_ptr<X509, Release<X509_free>>;
using UniqueCipher = std::unique_ptr<EVP_CIPHER, Release<EVP_CIPHER_free>>;
using UniqueCipherContext = std::unique_ptr<EVP_CIPHER_CTX, Release<EVP_CIPHER_CTX_free>>;
using UniqueDigest = std::unique_ptr<EVP_MD, Release<EVP_MD_free>>;
using UniqueDigestContext = std::unique_ptr<EVP_MD_CTX, Release<EVP_MD_CTX_free>>;
using UniqueGroup = std::unique_ptr<EC_GROUP, Release<EC_GROUP_free>>;
using UniqueKdf = std::unique_ptr<EVP_KDF, Release<EVP_KDF_free>>;
using UniqueKdfContext = std::unique_ptr<EVP_KDF_CTX, Release<EVP_KDF_CTX_free>>;
using UniqueMac = std::unique_ptr<EVP_MAC, Release<EVP_MAC_free>>;
using UniqueMacContext = std::unique_ptr<EVP_MAC_CTX, Release<EVP_MAC_CTX_free>>;
using UniquePkey = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using UniquePkeyContext = std::unique_ptr<EVP_PKEY_CTX, Release<EVP_PKEY_CTX_free>>;
using UniquePoint = std::unique_ptr<EC_POINT, Release<EC_POINT_clear_free>>;

}  // namespace lockstep::crypto

// The same functions by libcrypto, to check against.
#pragma once

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/sha2.h"

namespace lockstep::reference {

using Buffer = std::vector<std::uint8_t>;

inline const char* name(Hash hash) {
  return hash == Hash::sha256 ? "SHA256" : "SHA384";
}

/// Runs libcrypto's key derivation function `kdf` with `params` for `size` bytes.
inline Buffer kdf(const char* kdf_name, std::vector<OSSL_PARAM> params, std::size_t size) {
  EVP_KDF* const kdf = EVP_KDF_fetch(nullptr, kdf_name, nullptr);
  EVP_KDF_CTX* const context = EVP_KDF_CTX_new(kdf);
  EVP_KDF_free(kdf);
  params.push_back(OSSL_PARAM_construct_end());
  Buffer out(size);
  const int done = EVP_KDF_derive(context, out.data(), size, params.data());
  EVP_KDF_CTX_free(context);
  if (done != 1) throw std::runtime_error("libcrypto refuses to derive");
  return out;
}

inline OSSL_PARAM octets(const char* key, Bytes bytes) {
  static std::uint8_t nothing = 0;
  auto* const data = bytes.empty() ? &nothing : const_cast<std::uint8_t*>(bytes.data());
  return OSSL_PARAM_construct_octet_string(key, data, bytes.size());
}

inline OSSL_PARAM digest(Hash hash) {
  return OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(name(hash)), 0);
}

/// HKDF-Extract (RFC 5869 section 2.2).
inline Buffer extract(Hash hash, Bytes salt, Bytes input) {
  int mode = EVP_KDF_HKDF_MODE_EXTRACT_ONLY;
  std::vector<OSSL_PARAM> params = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), digest(hash),
                                    octets(OSSL_KDF_PARAM_KEY, input)};
  if (!salt.empty()) params.push_back(octets(OSSL_KDF_PARAM_SALT, salt));
  return kdf("HKDF", params, digest_size(hash));
}

/// HKDF-Expand (RFC 5869 section 2.3).
inline Buffer expand(Hash hash, Bytes prk, Bytes info, std::size_t size) {
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  std::vector<OSSL_PARAM> params = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), digest(hash),
                                    octets(OSSL_KDF_PARAM_KEY, prk)};
  if (!info.empty()) params.push_back(octets(OSSL_KDF_PARAM_INFO, info));
  return kdf("HKDF", params, size);
}

/// HKDF-Expand-Label (RFC 8446 section 7.1), with the HkdfLabel put together by hand.
inline Buffer expand_label(Hash hash, Bytes secret, std::string_view label, Bytes context, std::size_t size) {
  const std::string full = "tls13 " + std::string(label);
  Buffer info = {static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size),
                 static_cast<std::uint8_t>(full.size())};
  info.insert(info.end(), full.begin(), full.end());
  info.push_back(static_cast<std::uint8_t>(context.size()));
  info.insert(info.end(), context.begin(), context.end());
  return expand(hash, secret, info, size);
}

/// PRF (RFC 5246 section 5).
inline Buffer prf(Hash hash, Bytes secret, std::string_view label, Bytes seed, std::size_t size) {
  Buffer labelled(label.begin(), label.end());
  labelled.insert(labelled.end(), seed.begin(), seed.end());
  return kdf("TLS1-PRF", {digest(hash), octets(OSSL_KDF_PARAM_SECRET, secret), octets(OSSL_KDF_PARAM_SEED, labelled)},
             size);
}

/// Digest of the pieces one after the other.
inline Buffer hash_of(Hash hash, std::initializer_list<Bytes> pieces) {
  Buffer all;
  for (const Bytes piece : pieces) all.insert(all.end(), piece.begin(), piece.end());
  Buffer out(digest_size(hash));
  EVP_Digest(all.data(), all.size(), out.data(), nullptr, hash == Hash::sha256 ? EVP_sha256() : EVP_sha384(), nullptr);
  return out;
}

}  // namespace lockstep::reference

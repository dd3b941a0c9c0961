#include "dataplane/tls/cipher_suites.h"

#include <algorithm>
#include <array>

namespace lockstep::tls {

namespace {

using crypto::Aead;
using crypto::CbcSuite;
using Cipher = std::variant<Aead, CbcSuite>;

constexpr CipherSuiteTraits tls13(CipherSuite suite, Aead aead, Hash hash, const char* name) {
  return {suite, Version::tls13, KeyExchange::any, Authentication::any, aead, hash, name, name};
}
constexpr CipherSuiteTraits ecdhe(CipherSuite suite, Authentication authentication, Cipher cipher, Hash hash,
                                  const char* name, const char* openssl_name) {
  return {suite, Version::tls12, KeyExchange::ecdhe, authentication, cipher, hash, name, openssl_name};
}
constexpr CipherSuiteTraits rsa(CipherSuite suite, Cipher cipher, Hash hash, const char* name,
                                const char* openssl_name) {
  return {suite, Version::tls12, KeyExchange::rsa, Authentication::rsa, cipher, hash, name, openssl_name};
}

constexpr std::array kSuites = {
    tls13(CipherSuite::tls_aes_128_gcm_sha256, Aead::aes_128_gcm, Hash::sha256, "TLS_AES_128_GCM_SHA256"),
    tls13(CipherSuite::tls_aes_256_gcm_sha384, Aead::aes_256_gcm, Hash::sha384, "TLS_AES_256_GCM_SHA384"),
    tls13(CipherSuite::tls_chacha20_poly1305_sha256, Aead::chacha20_poly1305, Hash::sha256,
          "TLS_CHACHA20_POLY1305_SHA256"),
    ecdhe(CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256, Authentication::ecdsa, Aead::aes_128_gcm, Hash::sha256,
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ecdhe(CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384, Authentication::ecdsa, Aead::aes_256_gcm, Hash::sha384,
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ecdhe(CipherSuite::ecdhe_rsa_aes_128_gcm_sha256, Authentication::rsa, Aead::aes_128_gcm, Hash::sha256,
          "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"),
    ecdhe(CipherSuite::ecdhe_rsa_aes_256_gcm_sha384, Authentication::rsa, Aead::aes_256_gcm, Hash::sha384,
          "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"),
    ecdhe(CipherSuite::ecdhe_rsa_chacha20_poly1305_sha256, Authentication::rsa, Aead::chacha20_poly1305, Hash::sha256,
          "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"),
    ecdhe(CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256, Authentication::ecdsa, Aead::chacha20_poly1305,
          Hash::sha256, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"),
    ecdhe(CipherSuite::ecdhe_ecdsa_aes_128_cbc_sha256, Authentication::ecdsa, CbcSuite::aes_128_sha256, Hash::sha256,
          "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256"),
    ecdhe(CipherSuite::ecdhe_ecdsa_aes_256_cbc_sha384, Authentication::ecdsa, CbcSuite::aes_256_sha384, Hash::sha384,
          "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384"),
    ecdhe(CipherSuite::ecdhe_ecdsa_aes_128_cbc_sha, Authentication::ecdsa, CbcSuite::aes_128_sha1, Hash::sha256,
          "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"),
    ecdhe(CipherSuite::ecdhe_ecdsa_aes_256_cbc_sha, Authentication::ecdsa, CbcSuite::aes_256_sha1, Hash::sha256,
          "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"),
    ecdhe(CipherSuite::ecdhe_rsa_aes_128_cbc_sha256, Authentication::rsa, CbcSuite::aes_128_sha256, Hash::sha256,
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256"),
    ecdhe(CipherSuite::ecdhe_rsa_aes_256_cbc_sha384, Authentication::rsa, CbcSuite::aes_256_sha384, Hash::sha384,
          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384"),
    ecdhe(CipherSuite::ecdhe_rsa_aes_128_cbc_sha, Authentication::rsa, CbcSuite::aes_128_sha1, Hash::sha256,
          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"),
    ecdhe(CipherSuite::ecdhe_rsa_aes_256_cbc_sha, Authentication::rsa, CbcSuite::aes_256_sha1, Hash::sha256,
          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"),
    rsa(CipherSuite::rsa_aes_128_gcm_sha256, Aead::aes_128_gcm, Hash::sha256, "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "AES128-GCM-SHA256"),
    rsa(CipherSuite::rsa_aes_256_gcm_sha384, Aead::aes_256_gcm, Hash::sha384, "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "AES256-GCM-SHA384"),
    rsa(CipherSuite::rsa_aes_128_cbc_sha256, CbcSuite::aes_128_sha256, Hash::sha256, "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "AES128-SHA256"),
    rsa(CipherSuite::rsa_aes_256_cbc_sha256, CbcSuite::aes_256_sha256, Hash::sha256, "TLS_RSA_WITH_AES_256_CBC_SHA256",
        "AES256-SHA256"),
    rsa(CipherSuite::rsa_aes_128_cbc_sha, CbcSuite::aes_128_sha1, Hash::sha256, "TLS_RSA_WITH_AES_128_CBC_SHA",
        "AES128-SHA"),
    rsa(CipherSuite::rsa_aes_256_cbc_sha, CbcSuite::aes_256_sha1, Hash::sha256, "TLS_RSA_WITH_AES_256_CBC_SHA",
        "AES256-SHA"),
};

}  // namespace

const CipherSuiteTraits* find_traits(CipherSuite suite) {
  const auto* const found =
      std::find_if(kSuites.begin(), kSuites.end(), [&](const auto& traits) { return traits.suite == suite; });
  return found == kSuites.end() ? nullptr : found;
}

const char* name(CipherSuite suite) {
  const CipherSuiteTraits* const traits = find_traits(suite);
  return traits == nullptr ? "unknown" : traits->name;
}

const char* openssl_name(CipherSuite suite) {
  const CipherSuiteTraits* const traits = find_traits(suite);
  return traits == nullptr ? "unknown" : traits->openssl_name;
}

std::optional<CipherSuite> cipher_suite_by_name(std::string_view name) {
  for (const CipherSuiteTraits& traits : kSuites)
    if (traits.name == name || traits.openssl_name == name) return traits.suite;
  return std::nullopt;
}

std::vector<CipherSuite> all_cipher_suites() {
  std::vector<CipherSuite> suites;
  suites.reserve(kSuites.size());
  for (const CipherSuiteTraits& traits : kSuites) suites.push_back(traits.suite);
  return suites;
}

std::vector<CipherSuite> default_cipher_suites() {
  std::vector<CipherSuite> suites = all_cipher_suites();
  std::erase_if(suites, [](CipherSuite suite) { return !find_traits(suite)->modern(); });
  return suites;
}

}  // namespace lockstep::tls

#include "dataplane/tls/server_config.h"

#include <algorithm>
#include <array>

#include "dataplane/tls/cipher_suites.h"

namespace lockstep::tls {

namespace {

using crypto::Aead;

constexpr std::array kSuites = {
    CipherSuiteTraits{CipherSuite::tls_aes_128_gcm_sha256, Version::tls13, Authentication::any, Aead::aes_128_gcm,
                      Hash::sha256, "TLS_AES_128_GCM_SHA256"},
    CipherSuiteTraits{CipherSuite::tls_aes_256_gcm_sha384, Version::tls13, Authentication::any, Aead::aes_256_gcm,
                      Hash::sha384, "TLS_AES_256_GCM_SHA384"},
    CipherSuiteTraits{CipherSuite::tls_chacha20_poly1305_sha256, Version::tls13, Authentication::any,
                      Aead::chacha20_poly1305, Hash::sha256, "TLS_CHACHA20_POLY1305_SHA256"},
    CipherSuiteTraits{CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256, Version::tls12, Authentication::ecdsa,
                      Aead::aes_128_gcm, Hash::sha256, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    CipherSuiteTraits{CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384, Version::tls12, Authentication::ecdsa,
                      Aead::aes_256_gcm, Hash::sha384, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    CipherSuiteTraits{CipherSuite::ecdhe_rsa_aes_128_gcm_sha256, Version::tls12, Authentication::rsa, Aead::aes_128_gcm,
                      Hash::sha256, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    CipherSuiteTraits{CipherSuite::ecdhe_rsa_aes_256_gcm_sha384, Version::tls12, Authentication::rsa, Aead::aes_256_gcm,
                      Hash::sha384, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    CipherSuiteTraits{CipherSuite::ecdhe_rsa_chacha20_poly1305_sha256, Version::tls12, Authentication::rsa,
                      Aead::chacha20_poly1305, Hash::sha256, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    CipherSuiteTraits{CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256, Version::tls12, Authentication::ecdsa,
                      Aead::chacha20_poly1305, Hash::sha256, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
};

// A host name with its label separators has at most 253 characters (RFC 1035 section 2.3.4).
constexpr std::size_t kMaxHostName = 253;

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

std::optional<CipherSuite> cipher_suite_by_name(std::string_view name) {
  for (const CipherSuiteTraits& traits : kSuites)
    if (traits.name == name) return traits.suite;
  return std::nullopt;
}

const Identity* ServerConfig::find(std::string_view server_name) const {
  if (identities.empty()) return nullptr;
  const Identity* const fallback = strict_sni ? nullptr : identities.data();
  if (server_name.empty()) return identities.data();
  if (server_name.size() > kMaxHostName) return fallback;

  std::array<char, kMaxHostName> lower;
  std::transform(server_name.begin(), server_name.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string_view host(lower.data(), server_name.size());
  if (const auto found = exact.find(host); found != exact.end()) return &identities[found->second];

  // A wildcard stands for exactly one label (RFC 6125 section 6.4.3).
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0) return fallback;
  const auto found = wildcard.find(host.substr(dot + 1));
  return found != wildcard.end() ? &identities[found->second] : fallback;
}

std::vector<CipherSuite> default_cipher_suites() {
  std::vector<CipherSuite> suites;
  suites.reserve(kSuites.size());
  for (const CipherSuiteTraits& traits : kSuites) suites.push_back(traits.suite);
  return suites;
}

std::vector<crypto::NamedGroup> default_groups() {
  return {crypto::NamedGroup::x25519, crypto::NamedGroup::secp256r1, crypto::NamedGroup::secp384r1};
}

}  // namespace lockstep::tls

#include "control/config/policy.h"

#include <algorithm>
#include <initializer_list>

#include "control/log/events.h"

namespace lockstep::config {
namespace {

using crypto::NamedGroup;
using crypto::SignatureScheme;
using tls::Version;

using Names = std::initializer_list<const char*>;

constexpr Names kTls13Suites = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"};

// Forward secrecy and AEAD only.
constexpr Names kEcdheAeadSuites = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",       "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",       "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
};

// What clients of before 2013 have: CBC, still with forward secrecy.
constexpr Names kEcdheCbcSuites = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
};

// Without forward secrecy: whoever gets the certificate's key later reads what was recorded.
constexpr Names kRsaSuites = {
    "TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA",    "TLS_RSA_WITH_AES_256_CBC_SHA",
};

const std::vector<NamedGroup> kGroups = {NamedGroup::x25519, NamedGroup::secp256r1, NamedGroup::secp384r1};

const std::vector<SignatureScheme> kTls13Schemes = {
    SignatureScheme::ecdsa_secp256r1_sha256,
    SignatureScheme::ecdsa_secp384r1_sha384,
    SignatureScheme::ed25519,
    SignatureScheme::rsa_pss_rsae_sha256,
    SignatureScheme::rsa_pss_rsae_sha384,
    SignatureScheme::rsa_pss_rsae_sha512,
};

// PKCS#1 signs in TLS 1.2 only, whatever stands here; SHA-1 stands nowhere.
constexpr auto kPkcs1Schemes = {SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pkcs1_sha384,
                                SignatureScheme::rsa_pkcs1_sha512};

/// Names that this program does not have are left out; a test sees to it that there are none.
std::vector<tls::CipherSuite> suites(std::initializer_list<Names> parts) {
  std::vector<tls::CipherSuite> result;
  for (const Names& names : parts)
    for (const char* const name : names)
      if (const auto suite = tls::cipher_suite_by_name(name)) result.push_back(*suite);
  return result;
}

std::vector<SignatureScheme> with_pkcs1(std::vector<SignatureScheme> schemes) {
  schemes.insert(schemes.end(), kPkcs1Schemes);
  return schemes;
}

std::vector<Policy> make_policies() {
  return {
      {"modern", "2026", true, {Version::tls13}, suites({kTls13Suites}), kGroups, kTls13Schemes},
      {"intermediate",
       "2026",
       true,
       {Version::tls13, Version::tls12},
       suites({kTls13Suites, kEcdheAeadSuites}),
       kGroups,
       with_pkcs1(kTls13Schemes)},
      {"legacy",
       "2026",
       true,
       {Version::tls13, Version::tls12},
       suites({kTls13Suites, kEcdheAeadSuites, kEcdheCbcSuites, kRsaSuites}),
       kGroups,
       with_pkcs1(kTls13Schemes)},
  };
}

}  // namespace

const std::vector<Policy>& policies() {
  static const std::vector<Policy> all = make_policies();
  return all;
}

const Policy& default_policy() {
  const auto& all = policies();
  return *std::find_if(all.begin(), all.end(),
                       [](const Policy& policy) { return policy.newest && policy.name == "intermediate"; });
}

std::string version_number(tls::Version version) {
  return version == Version::tls13 ? "1.3" : "1.2";
}

std::string describe(const Policy& policy) {
  std::string text = "policy " + policy.full_name() + "\n";
  for (const Version version : policy.versions) text += "version " + version_number(version) + "\n";
  for (const tls::CipherSuite suite : policy.cipher_suites) {
    const std::string iana = tls::name(suite), openssl = tls::openssl_name(suite);
    text += "cipher_suite " + iana + (openssl == iana ? "" : " " + openssl) + "\n";
  }
  for (const NamedGroup group : policy.groups)
    text += "group " + log::group_name(static_cast<std::uint16_t>(group)) + "\n";
  for (const SignatureScheme scheme : policy.signature_schemes)
    text += "signature_scheme " + log::signature_scheme_name(static_cast<std::uint16_t>(scheme)) + "\n";
  return text;
}

}  // namespace lockstep::config

#include "dataplane/tls/server_config.h"

#include <algorithm>
#include <array>

namespace lockstep::tls {

namespace {

// A host name with its label separators has at most 253 characters (RFC 1035 section 2.3.4).
constexpr std::size_t kMaxHostName = 253;

}  // namespace

const Identity* Identities::named(std::string_view server_name) const {
  if (server_name.size() > kMaxHostName) return nullptr;

  std::array<char, kMaxHostName> lower;
  std::transform(server_name.begin(), server_name.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string_view host(lower.data(), server_name.size());
  if (const auto found = exact.find(host); found != exact.end()) return &list[found->second];

  // A wildcard stands for exactly one label (RFC 6125 section 6.4.3).
  const std::size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot == 0) return nullptr;
  const auto found = wildcard.find(host.substr(dot + 1));
  return found != wildcard.end() ? &list[found->second] : nullptr;
}

const Identity* ServerConfig::find(std::string_view server_name) const {
  if (identities == nullptr || identities->list.empty()) return nullptr;
  const Identity* const first = identities->list.data();
  if (server_name.empty()) return first;
  const Identity* const named = identities->named(server_name);
  return named != nullptr || strict_sni ? named : first;
}

std::vector<crypto::NamedGroup> default_groups() {
  return {crypto::NamedGroup::x25519, crypto::NamedGroup::secp256r1, crypto::NamedGroup::secp384r1};
}

std::vector<crypto::SignatureScheme> default_signature_schemes() {
  using crypto::SignatureScheme;
  return {SignatureScheme::ecdsa_secp256r1_sha256,
          SignatureScheme::ecdsa_secp384r1_sha384,
          SignatureScheme::ed25519,
          SignatureScheme::rsa_pss_rsae_sha256,
          SignatureScheme::rsa_pss_rsae_sha384,
          SignatureScheme::rsa_pss_rsae_sha512,
          SignatureScheme::rsa_pkcs1_sha256,
          SignatureScheme::rsa_pkcs1_sha384,
          SignatureScheme::rsa_pkcs1_sha512};
}

}  // namespace lockstep::tls

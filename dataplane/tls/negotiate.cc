#include "dataplane/tls/negotiate.h"

#include <algorithm>
#include <array>
#include <optional>

namespace lockstep::tls {

using crypto::KeyType;
using crypto::NamedGroup;
using crypto::SignatureScheme;

namespace {

constexpr std::uint16_t kSsl30 = 0x0300;
constexpr std::uint8_t kNullCompression = 0;
constexpr std::uint8_t kUncompressedPoint = 0;

bool is_pkcs1(SignatureScheme scheme) {
  return scheme == SignatureScheme::rsa_pkcs1_sha256 || scheme == SignatureScheme::rsa_pkcs1_sha384 ||
         scheme == SignatureScheme::rsa_pkcs1_sha512;
}

// The first of `ours` that the peer offers and `usable` accepts; without `server_order`, the one that stands first in
// the peer's list, whatever the length of that list.
template <class T, class Predicate>
std::optional<T> choose(const std::vector<T>& ours, CodePoints offered, bool server_order, Predicate&& usable) {
  std::optional<T> best;
  std::size_t best_position = offered.size();
  for (const T candidate : ours) {
    const std::size_t position = offered.find(candidate);
    if (position >= best_position || !usable(candidate)) continue;
    if (server_order) return candidate;
    best = candidate;
    best_position = position;
  }
  return best;
}

bool is_ecdsa(KeyType type) {
  return type != KeyType::rsa;
}

// RFC 8422 section 5.3: the certificate's curve is one of those that the client listed. Ed25519 is no curve of that
// list.
bool client_knows_curve(KeyType type, CodePoints groups) {
  if (groups.empty()) return true;
  if (type == KeyType::ecdsa_p256) return groups.contains(NamedGroup::secp256r1);
  if (type == KeyType::ecdsa_p384) return groups.contains(NamedGroup::secp384r1);
  return true;
}

std::optional<Signer> choose_signer_tls12(const ServerConfig& config, const Identity& identity,
                                          const ClientHello& hello, Authentication wanted) {
  for (const Credential& credential : identity.credentials) {
    const KeyType type = credential.key->type();
    if (is_ecdsa(type) != (wanted == Authentication::ecdsa) || !client_knows_curve(type, hello.supported_groups))
      continue;
    const auto scheme =
        choose_scheme(config.signature_schemes, *credential.key, Version::tls12, hello.signature_algorithms);
    if (scheme) return Signer{&credential, *scheme, {}};
  }
  return std::nullopt;
}

// RFC 5246 section 7.4.2: an RSA key that may encipher. Nothing is signed, so signature_algorithms do not matter.
const Credential* find_enciphering(const Identity& identity) {
  for (const Credential& credential : identity.credentials)
    if (credential.key->type() == KeyType::rsa && credential.may_encipher) return &credential;
  return nullptr;
}

std::optional<NamedGroup> choose_group_tls12(const ServerConfig& config, const ClientHello& hello) {
  if (!hello.supported_groups.empty())
    return choose(config.groups, hello.supported_groups, config.prefer_server_order, [](NamedGroup) { return true; });
  // RFC 8422 section 4: the choice is ours; every implementation has P-256.
  const auto found = std::find(config.groups.begin(), config.groups.end(), NamedGroup::secp256r1);
  return found == config.groups.end() ? std::nullopt : std::optional(*found);
}

CertificateExtras extras_asked_for(const ClientHello& hello) {
  unsigned extras = 0;
  const auto add = [&](bool asked, CertificateExtra extra) { extras |= asked ? static_cast<unsigned>(extra) : 0; };
  add(hello.status_request, CertificateExtra::ocsp_response);
  add(hello.signed_certificate_timestamp, CertificateExtra::sct_list);
  add(hello.certificate_compression.contains(CompressionAlgorithm::zlib), CertificateExtra::zlib);
  add(hello.certificate_compression.contains(CompressionAlgorithm::brotli), CertificateExtra::brotli);
  return static_cast<CertificateExtras>(extras);
}

void choose_certificate_tls12(Tls12Choice& choice, const ClientHello& hello) {
  const CertificateMessages& messages = *choice.signer.credential->messages;
  const CertificateForm& form = choose_form(messages.tls12, extras_asked_for(hello));
  choice.signer.certificate = form.messages;
  choice.status_request = contains(form.needs, CertificateExtra::ocsp_response);
  if (hello.signed_certificate_timestamp) choice.sct_list = messages.sct_list_tls12;
}

}  // namespace

std::optional<SignatureScheme> choose_scheme(const std::vector<SignatureScheme>& schemes, const crypto::PrivateKey& key,
                                             Version version, CodePoints taken) {
  for (const SignatureScheme scheme : schemes) {
    // RFC 8446 section 4.2.3.
    if (version == Version::tls13 && is_pkcs1(scheme)) continue;
    if (key.can_sign(scheme) && taken.contains(scheme)) return scheme;
  }
  return std::nullopt;
}

Result<Version, Error> choose_version(const ServerConfig& config, const ClientHello& hello) {
  // RFC 8446 appendix D.5: SSL 3.0 is refused, whatever else is offered.
  if (hello.legacy_version <= kSsl30) return Failure{Error::no_common_version};
  // RFC 8446 section 4.2.1: supported_versions alone decides when it is there.
  const bool extension = !hello.supported_versions.empty();
  const bool offers_13 = extension && hello.supported_versions.contains(Version::tls13);
  const bool offers_12 = extension ? hello.supported_versions.contains(Version::tls12)
                                   : hello.legacy_version >= static_cast<std::uint16_t>(Version::tls12);
  if (config.tls13 && offers_13) return Version::tls13;
  // RFC 7507 section 3: a client that fell back although we can do better.
  if (hello.fallback && config.tls13) return Failure{Error::inappropriate_fallback};
  if (config.tls12 && offers_12) return Version::tls12;
  return Failure{hello.fallback && config.tls12 ? Error::inappropriate_fallback : Error::no_common_version};
}

Result<const Identity*, Error> choose_identity(const ServerConfig& config, const ClientHello& hello) {
  const std::string_view name(reinterpret_cast<const char*>(hello.server_name.data()), hello.server_name.size());
  const Identity* const identity = config.find(name);
  if (identity == nullptr) return Failure{Error::unknown_server_name};
  return identity;
}

Result<std::string_view, Error> choose_alpn(const ServerConfig& config, const ClientHello& hello) {
  if (config.alpn.empty() || hello.alpn.empty()) return std::string_view();
  for (const std::string& ours : config.alpn) {
    for (Reader names(hello.alpn); names.remaining() != 0;) {
      const Bytes name = names.vector8();
      if (std::equal(name.begin(), name.end(), ours.begin(), ours.end(),
                     [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }))
        return std::string_view(ours);
    }
  }
  return Failure{Error::no_common_alpn};
}

Result<Tls13Choice, Error> choose_tls13(const ServerConfig& config, const ClientHello& hello) {
  // RFC 8446 section 4.1.2: exactly the null method.
  if (hello.compression_methods.size() != 1 || hello.compression_methods[0] != kNullCompression)
    return Failure{Error::no_null_compression};
  // RFC 8446 section 9.2, and section 4.2.9 for the last.
  if ((!hello.offers_psk() && (hello.signature_algorithms.empty() || hello.supported_groups.empty())) ||
      hello.supported_groups.empty() == hello.has_key_share || (hello.offers_psk() && hello.psk_modes.empty()))
    return Failure{Error::missing_extension};

  Tls13Choice choice;
  const auto suite =
      choose(config.cipher_suites, hello.cipher_suites, config.prefer_server_order, [](CipherSuite candidate) {
        const CipherSuiteTraits* const traits = find_traits(candidate);
        return traits != nullptr && traits->version == Version::tls13;
      });
  if (!suite) return Failure{Error::no_common_cipher_suite};
  choice.suite = find_traits(*suite);

  // A group whose share is there saves a round trip, and so goes before order of preference.
  Error error = Error::none;
  auto group = choose(config.groups, hello.supported_groups, config.prefer_server_order, [&](NamedGroup candidate) {
    Bytes key;
    const Error share_error = hello.find_key_share(candidate, key);
    if (share_error != Error::none) error = share_error;
    return !key.empty();
  });
  if (error != Error::none) return Failure{error};
  if (!group)
    group = choose(config.groups, hello.supported_groups, config.prefer_server_order, [](NamedGroup) { return true; });
  choice.group = group;
  if (!group) {
    if (!choose_psk_mode(config, hello, choice)) return Failure{Error::no_common_group};
    return choice;
  }
  error = hello.find_key_share(*group, choice.key_share);
  if (error != Error::none) return Failure{error};
  return choice;
}

std::optional<PskMode> choose_psk_mode(const ServerConfig& config, const ClientHello& hello,
                                       const Tls13Choice& choice) {
  if (config.ticket_keys == nullptr || !hello.offers_psk()) return std::nullopt;
  if (choice.group && hello.allows(PskMode::psk_dhe_ke)) return PskMode::psk_dhe_ke;
  if (config.psk_ke && hello.allows(PskMode::psk_ke)) return PskMode::psk_ke;
  return std::nullopt;
}

Result<Signer, Error> choose_signer_tls13(const ServerConfig& config, const Identity& identity,
                                          const ClientHello& hello) {
  // RFC 8446 section 4.2.3.
  if (hello.signature_algorithms.empty()) return Failure{Error::missing_extension};
  for (const Credential& credential : identity.credentials) {
    const auto scheme =
        choose_scheme(config.signature_schemes, *credential.key, Version::tls13, hello.signature_algorithms);
    if (!scheme) continue;
    return Signer{&credential, *scheme, choose_form(credential.messages->tls13, extras_asked_for(hello)).messages};
  }
  return Failure{Error::no_common_signature_scheme};
}

Error check_hello_tls12(const ClientHello& hello) {
  const auto& methods = hello.compression_methods;
  if (std::find(methods.begin(), methods.end(), kNullCompression) == methods.end()) return Error::no_null_compression;
  // RFC 8422 section 5.1.2: the list, when there is one, holds the uncompressed form.
  const auto& formats = hello.ec_point_formats;
  if (!formats.empty() && std::find(formats.begin(), formats.end(), kUncompressedPoint) == formats.end())
    return Error::illegal_parameter;
  return Error::none;
}

Result<Tls12Choice, Error> choose_tls12(const ServerConfig& config, const Identity& identity,
                                        const ClientHello& hello) {
  if (const Error error = check_hello_tls12(hello); error != Error::none) return Failure{error};
  Tls12Choice choice;
  const std::optional<NamedGroup> group = choose_group_tls12(config, hello);
  const Credential* const enciphering = find_enciphering(identity);
  Error reason = Error::no_common_cipher_suite;
  const auto suite =
      choose(config.cipher_suites, hello.cipher_suites, config.prefer_server_order, [&](CipherSuite candidate) {
        const CipherSuiteTraits* const traits = find_traits(candidate);
        if (traits == nullptr || traits->version != Version::tls12) return false;
        if (traits->key_exchange == KeyExchange::rsa) {
          if (enciphering == nullptr) return false;
          choice.signer.credential = enciphering;
          choice.group = {};
          return true;
        }
        if (reason == Error::no_common_cipher_suite) reason = Error::no_common_signature_scheme;
        const auto signer = choose_signer_tls12(config, identity, hello, traits->authentication);
        if (!signer) return false;
        reason = Error::no_common_group;
        if (!group) return false;
        choice.signer = *signer;
        choice.group = *group;
        return true;
      });
  if (!suite) return Failure{reason};
  choice.suite = find_traits(*suite);
  choose_certificate_tls12(choice, hello);
  return choice;
}

}  // namespace lockstep::tls

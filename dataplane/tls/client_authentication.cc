#include "dataplane/tls/client_authentication.h"

#include <algorithm>
#include <array>
#include <limits>

#include "dataplane/tls/extensions.h"

namespace lockstep::tls {

using crypto::ChainVerdict;
using crypto::KeyType;
using crypto::SignatureScheme;

namespace {

// In CertificateVerify; SHA-1 never, PKCS#1 not in TLS 1.3 (RFC 8446 section 4.2.3).
constexpr std::array kSchemesTls13 = {
    SignatureScheme::ecdsa_secp256r1_sha256,
    SignatureScheme::ecdsa_secp384r1_sha384,
    SignatureScheme::ed25519,
    SignatureScheme::rsa_pss_rsae_sha256,
    SignatureScheme::rsa_pss_rsae_sha384,
    SignatureScheme::rsa_pss_rsae_sha512,
};
// Transcripts are kept in SHA-256 and SHA-384. Ed25519 signs the messages themselves (RFC 8422 section 5.10), which
// are not kept.
constexpr std::array kSchemesTls12 = {
    SignatureScheme::ecdsa_secp256r1_sha256, SignatureScheme::ecdsa_secp384r1_sha384,
    SignatureScheme::rsa_pss_rsae_sha256,    SignatureScheme::rsa_pss_rsae_sha384,
    SignatureScheme::rsa_pkcs1_sha256,       SignatureScheme::rsa_pkcs1_sha384,
};
// In the certificates of a TLS 1.3 client, which are signed by others.
constexpr std::array kSchemesOfCertificates = {
    SignatureScheme::ecdsa_secp256r1_sha256,
    SignatureScheme::ecdsa_secp384r1_sha384,
    SignatureScheme::ed25519,
    SignatureScheme::rsa_pss_rsae_sha256,
    SignatureScheme::rsa_pss_rsae_sha384,
    SignatureScheme::rsa_pss_rsae_sha512,
    SignatureScheme::rsa_pkcs1_sha256,
    SignatureScheme::rsa_pkcs1_sha384,
    SignatureScheme::rsa_pkcs1_sha512,
};

void write_schemes(Writer& writer, std::span<const SignatureScheme> schemes) {
  const auto list = writer.length16();
  for (const SignatureScheme scheme : schemes) writer.u16(static_cast<std::uint16_t>(scheme));
}

void write_names(Writer& writer, const std::vector<std::vector<std::uint8_t>>& names) {
  const auto list = writer.length16();
  for (const auto& name : names) {
    const auto length = writer.length16();
    writer.bytes(name);
  }
}

// RFC 8446 section 4.3.2; the context is for requests after the handshake.
void write_request_tls13(Writer& writer, const std::vector<std::vector<std::uint8_t>>& names) {
  writer.u8(0);
  const auto extensions = writer.length16();
  {
    const auto extension = begin_extension(writer, ExtensionType::signature_algorithms);
    write_schemes(writer, kSchemesTls13);
  }
  {
    const auto extension = begin_extension(writer, ExtensionType::signature_algorithms_cert);
    write_schemes(writer, kSchemesOfCertificates);
  }
  if (names.empty()) return;
  const auto extension = begin_extension(writer, ExtensionType::certificate_authorities);
  write_names(writer, names);
}

// RFC 5246 section 7.4.4, with the types of RFC 8422 section 5.5.
void write_request_tls12(Writer& writer, const std::vector<std::vector<std::uint8_t>>& names) {
  constexpr std::uint8_t kRsaSign = 1;
  constexpr std::uint8_t kEcdsaSign = 64;
  {
    const auto types = writer.length8();
    writer.u8(kRsaSign);
    writer.u8(kEcdsaSign);
  }
  write_schemes(writer, kSchemesTls12);
  write_names(writer, names);
}

template <class Write>
std::vector<std::uint8_t> request(const std::vector<std::vector<std::uint8_t>>& names, Write&& write) {
  std::size_t size = 128;
  for (const auto& name : names) size += 2 + name.size();
  std::vector<std::uint8_t> message(size);
  Writer writer(message);
  {
    const auto body = begin_message(writer, HandshakeType::certificate_request);
    write(writer, names);
  }
  message.resize(writer.ok() ? writer.size() : 0);
  return message;
}

// In TLS 1.3 the names share 64 KB with the other extensions.
bool names_fit(const std::vector<std::vector<std::uint8_t>>& names) {
  std::size_t size = 128;
  for (const auto& name : names) size += 2 + name.size();
  return size <= std::numeric_limits<std::uint16_t>::max();
}

KeyType type_of(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::ecdsa_secp256r1_sha256:
      return KeyType::ecdsa_p256;
    case SignatureScheme::ecdsa_secp384r1_sha384:
      return KeyType::ecdsa_p384;
    case SignatureScheme::ed25519:
      return KeyType::ed25519;
    default:
      return KeyType::rsa;
  }
}

bool is_ecdsa(KeyType type) {
  return type == KeyType::ecdsa_p256 || type == KeyType::ecdsa_p384;
}

// Nothing was asked for that an extension could answer.
Error read_entry_extensions(Bytes extensions) {
  Reader reader(extensions);
  while (reader.remaining() != 0) {
    reader.u16();
    reader.vector16();
  }
  if (!reader.ok()) return Error::malformed_message;
  return extensions.empty() ? Error::none : Error::unsolicited_extension;
}

}  // namespace

ClientAuthentication make_client_authentication(bool required, std::shared_ptr<const crypto::TrustStore> trust,
                                                const std::vector<std::vector<std::uint8_t>>& authority_names) {
  const std::vector<std::vector<std::uint8_t>> none;
  const auto& names = names_fit(authority_names) ? authority_names : none;
  ClientAuthentication authentication;
  authentication.required = required;
  authentication.trust = std::move(trust);
  authentication.request_tls13 = request(names, write_request_tls13);
  authentication.request_tls12 = request(names, write_request_tls12);
  return authentication;
}

bool is_of_key(Version version, KeyType type, SignatureScheme scheme) {
  // RFC 8446 section 4.2.3.
  const bool any_curve = version == Version::tls12 && is_ecdsa(type_of(scheme)) && is_ecdsa(type);
  return any_curve || type_of(scheme) == type;
}

bool may_sign(Version version, KeyType type, SignatureScheme scheme) {
  const auto asked_for = version == Version::tls13 ? std::span<const SignatureScheme>(kSchemesTls13)
                                                   : std::span<const SignatureScheme>(kSchemesTls12);
  return std::find(asked_for.begin(), asked_for.end(), scheme) != asked_for.end() && is_of_key(version, type, scheme);
}

Hash hash_of(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::ecdsa_secp384r1_sha384:
    case SignatureScheme::rsa_pss_rsae_sha384:
    case SignatureScheme::rsa_pkcs1_sha384:
      return Hash::sha384;
    default:
      return Hash::sha256;
  }
}

Error read_certificate(Version version, const Message& message, Bytes& entries) {
  if (message.type != HandshakeType::certificate) return Error::unexpected_handshake_message;
  Reader reader(message.body);
  const Bytes context = version == Version::tls13 ? reader.vector8() : Bytes();
  entries = reader.vector24();
  if (!reader.finished()) return Error::malformed_message;
  if (!context.empty()) return Error::illegal_parameter;
  for (Reader entry(entries); entry.remaining() != 0;) {
    const Bytes certificate = entry.vector24();
    const Bytes extensions = version == Version::tls13 ? entry.vector16() : Bytes();
    if (!entry.ok() || certificate.empty()) return Error::malformed_message;
    if (const Error error = read_entry_extensions(extensions); error != Error::none) return error;
  }
  return Error::none;
}

Error read_certificate_verify(const Message& message, SignatureScheme& scheme, Bytes& signature) {
  if (message.type != HandshakeType::certificate_verify) return Error::unexpected_handshake_message;
  Reader reader(message.body);
  scheme = static_cast<SignatureScheme>(reader.u16());
  signature = reader.vector16();
  return reader.finished() ? Error::none : Error::malformed_message;
}

Error error_of(ChainVerdict verdict) {
  switch (verdict) {
    case ChainVerdict::valid:
      return Error::none;
    case ChainVerdict::malformed:
      return Error::malformed_certificate;
    case ChainVerdict::wrong_name:
      return Error::wrong_certificate_name;
    case ChainVerdict::unsupported:
      return Error::unsupported_certificate;
    case ChainVerdict::unknown_authority:
      return Error::unknown_authority;
    case ChainVerdict::expired:
      return Error::expired_certificate;
    case ChainVerdict::revoked:
      return Error::revoked_certificate;
    case ChainVerdict::other:
      break;
  }
  return Error::untrusted_certificate;
}

}  // namespace lockstep::tls

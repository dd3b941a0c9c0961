// What a server chooses from a ClientHello. Pure functions of configuration and hello.
#pragma once

#include <optional>

#include "crypto/base/result.h"
#include "dataplane/tls/cipher_suites.h"
#include "dataplane/tls/client_hello.h"

namespace lockstep::tls {

/// The highest version of both: no_common_version, inappropriate_fallback (RFC 7507).
Result<Version, Error> choose_version(const ServerConfig& config, const ClientHello& hello);

/// The identity for the name asked for: unknown_server_name.
Result<const Identity*, Error> choose_identity(const ServerConfig& config, const ClientHello& hello);

/// The application protocol (RFC 7301 section 3.2), empty when none is configured or offered: no_common_alpn.
Result<std::string_view, Error> choose_alpn(const ServerConfig& config, const ClientHello& hello);

/// A credential and the scheme it signs with.
struct Signer {
  const Credential* credential = nullptr;
  crypto::SignatureScheme scheme{};
  Bytes
      certificate;  // the Certificate message (and, in TLS 1.2, CertificateStatus) in the best form that was asked for
};

/// What is chosen in TLS 1.3 before it is known whether a session is resumed.
struct Tls13Choice {
  const CipherSuiteTraits* suite = nullptr;
  std::optional<crypto::NamedGroup> group;  // nullopt: none in common; a PSK by itself may do
  Bytes key_share;                          // the client's for `group`; empty: to be asked for by HelloRetryRequest
};
/// missing_extension, no_null_compression, no_common_cipher_suite, no_common_group, bad_key_share.
Result<Tls13Choice, Error> choose_tls13(const ServerConfig& config, const ClientHello& hello);

/// How a PSK may be used with `choice` (RFC 8446 section 4.2.9), psk_dhe_ke wherever it is possible; nullopt: not at
/// all.
std::optional<PskMode> choose_psk_mode(const ServerConfig& config, const ClientHello& hello, const Tls13Choice& choice);

/// The first of `schemes` that `key` can sign by, `version` allows in handshakes, and the peer takes.
std::optional<crypto::SignatureScheme> choose_scheme(const std::vector<crypto::SignatureScheme>& schemes,
                                                     const crypto::PrivateKey& key, Version version, CodePoints taken);

/// Who signs in TLS 1.3: missing_extension, no_common_signature_scheme.
Result<Signer, Error> choose_signer_tls13(const ServerConfig& config, const Identity& identity,
                                          const ClientHello& hello);

/// What must hold of a hello in any TLS 1.2 handshake: no_null_compression, illegal_parameter.
Error check_hello_tls12(const ClientHello& hello);

/// RFC 7366 section 3: only with CBC suites.
inline bool encrypts_then_macs(const CipherSuiteTraits& suite, const ClientHello& hello) {
  return suite.cbc() != nullptr && hello.encrypt_then_mac;
}

/// Everything of a full TLS 1.2 handshake.
struct Tls12Choice {
  const CipherSuiteTraits* suite = nullptr;
  crypto::NamedGroup group{};   // of ECDHE
  Signer signer;                // with the RSA key exchange its credential and certificate only
  bool status_request = false;  // CertificateStatus stands behind the certificate (RFC 6066 section 8)
  Bytes sct_list;               // for ServerHello (RFC 6962 section 3.3.1); empty: none
};
/// no_null_compression, illegal_parameter, no_common_cipher_suite, no_common_group, no_common_signature_scheme.
Result<Tls12Choice, Error> choose_tls12(const ServerConfig& config, const Identity& identity, const ClientHello& hello);

}  // namespace lockstep::tls

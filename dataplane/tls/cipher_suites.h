// What a cipher suite stands for.
#pragma once

#include <variant>

#include "crypto/cbc_job.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// Which certificates a suite can be used with; TLS 1.3 suites say nothing about it.
enum class Authentication : std::uint8_t { any, rsa, ecdsa };

/// TLS 1.3 suites say nothing about the key exchange either. `rsa`: the client encrypts the premaster secret to the
/// certificate's key (RFC 5246 section 7.4.7.1).
enum class KeyExchange : std::uint8_t { any, ecdhe, rsa };

struct CipherSuiteTraits {
  CipherSuite suite;
  Version version;  // the only version it belongs to
  KeyExchange key_exchange;
  Authentication authentication;
  std::variant<crypto::Aead, crypto::CbcSuite> cipher;
  Hash hash;  // of the transcript, HKDF and the PRF
  const char* name;
  const char* openssl_name;

  /// nullptr for AEAD suites.
  const crypto::CbcSuite* cbc() const { return std::get_if<crypto::CbcSuite>(&cipher); }
  /// Only of suites that are not cbc().
  crypto::Aead aead() const { return *std::get_if<crypto::Aead>(&cipher); }
  /// Forward secrecy and an AEAD.
  bool modern() const { return key_exchange != KeyExchange::rsa && cbc() == nullptr; }
};

/// The traits of a suite; nullptr for code points that are none of ours.
const CipherSuiteTraits* find_traits(CipherSuite suite);

}  // namespace lockstep::tls

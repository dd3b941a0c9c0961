// What a cipher suite stands for.
#pragma once

#include "crypto/algorithms.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

/// Which certificates a suite can be used with; TLS 1.3 suites say nothing about it.
enum class Authentication : std::uint8_t { any, rsa, ecdsa };

struct CipherSuiteTraits {
  CipherSuite suite;
  Version version;  // the only version it belongs to
  Authentication authentication;
  crypto::Aead aead;
  Hash hash;  // of the transcript, HKDF and the PRF
  const char* name;
};

/// The traits of a suite; nullptr for code points that are none of ours.
const CipherSuiteTraits* find_traits(CipherSuite suite);

}  // namespace lockstep::tls

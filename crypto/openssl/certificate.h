// Certificate chains as they come in files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/result.h"
#include "crypto/private_key.h"

namespace lockstep::crypto {

/// A chain ready for the Certificate message. All but `der` describes the first certificate, the server's own.
struct CertificateChain {
  std::vector<std::vector<std::uint8_t>> der;  // the server's first, each next one issued it
  std::string subject;                         // distinguished name, RFC 2253 form
  std::vector<std::string> dns_names;          // subjectAltName, lower case; may hold a leading "*." label
  std::int64_t not_before = 0;                 // Unix seconds
  std::int64_t not_after = 0;                  // Unix seconds
  bool key_encipherment = true;                // its key usage, if it says any, allows the RSA key exchange
  KeyType key_type = KeyType::rsa;
  unsigned key_bits = 0;
  std::vector<std::uint8_t> public_key_info;  // DER of SubjectPublicKeyInfo
};

/// Most certificates in a chain.
constexpr std::size_t kMaxChain = 10;

/// Loads all certificates of `pem`; other blocks are passed over. Checks that each is issued and signed by the next and
/// that the first may be used by a TLS server. Expiry is not checked: the caller has the clock. The error says what is
/// wrong and what to do.
Result<CertificateChain, std::string> load_certificate_chain(std::string_view pem);

/// Whether `key` is the private half of the chain's first certificate. `key` must come from load_private_key.
bool key_matches(const CertificateChain& chain, const PrivateKey& key);

}  // namespace lockstep::crypto

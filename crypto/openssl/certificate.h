// Certificate chains as they come in files.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/result.h"
#include "crypto/private_key.h"

namespace lockstep::crypto {

/// A chain ready for the Certificate message. All but `der` describes the first certificate, the server's own.
struct CertificateChain {
  std::vector<std::vector<std::uint8_t>> der;  // the server's first, each next one issued it; without a root behind it
  std::string subject;                         // distinguished name, RFC 2253 form
  std::vector<std::string> dns_names;          // subjectAltName, lower case; may hold a leading "*." label
  std::int64_t not_before = 0;                 // Unix seconds
  std::int64_t not_after = 0;                  // Unix seconds
  bool for_servers = true;                     // its extended key usage, if it says any, allows TLS servers
  bool for_clients = true;                     // the same for TLS clients
  bool key_encipherment = true;                // its key usage, if it says any, allows the RSA key exchange
  KeyType key_type = KeyType::rsa;
  unsigned key_bits = 0;
  std::vector<std::uint8_t> public_key_info;  // DER of SubjectPublicKeyInfo
  std::vector<std::string> subjects;          // of each certificate in `der`, and last the issuer of the last one
  std::vector<std::uint8_t> issuer_der;       // the certificate that issued the first one; empty: not in the file
  std::vector<std::string> ocsp_urls;         // of responders for the first one (RFC 5280 section 4.2.2.1)
  bool must_staple = false;                   // it promises an OCSP response (RFC 7633)
  bool root_left_out = false;                 // the file ended with a self-signed certificate
};

/// Most certificates in a chain.
constexpr std::size_t kMaxChain = 10;

/// Issuers that many chains share, so that each is decoded once; decoding is most of what loading a chain costs. May be
/// used by several threads at once.
class KnownIssuers {
 public:
  KnownIssuers();
  ~KnownIssuers();
  KnownIssuers(const KnownIssuers&) = delete;
  KnownIssuers& operator=(const KnownIssuers&) = delete;

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Loads all certificates of `pem`; other blocks are passed over. Checks that each is issued and signed by the next and
/// that the first may be used by a TLS server or client; another order is an error, since it cannot be told what was
/// meant. A self-signed last certificate of several is known to whoever trusts it and left out (RFC 8446
/// section 4.4.2). Expiry is not checked: the caller has the clock. `issuers` keeps all but the first one. The error
/// says what is wrong and what to do.
Result<CertificateChain, std::string> load_certificate_chain(std::string_view pem, KnownIssuers* issuers = nullptr);

/// The DER of the first certificate of `pem`, which issued and signed the first one of `chain`.
Result<std::vector<std::uint8_t>, std::string> load_issuer(const CertificateChain& chain, std::string_view pem);

/// Whether `key` is the private half of the chain's first certificate. `key` must come from load_private_key.
bool key_matches(const CertificateChain& chain, const PrivateKey& key);

}  // namespace lockstep::crypto

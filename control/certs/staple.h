// The OCSP response that goes with a certificate: whether there is one to be stapled.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/openssl/certificate.h"

namespace lockstep::certs {

struct Staple {
  std::vector<std::uint8_t> response;  // DER, verified and good; empty: nothing is stapled
  std::int64_t this_update = 0;        // Unix seconds; of a revoked certificate's response too
  std::int64_t next_update = 0;        // Unix seconds: from then on the response is worth nothing
  bool revoked = false;                // a response that is to be believed says so
  std::string problem;                 // why nothing is stapled, "what is wrong; what to do"; empty: nothing was to be
};

/// Largest response taken.
constexpr std::size_t kMaxOcspResponse = 65536;

/// Judges `response`, about the first certificate of `chain`, at `now` (Unix seconds). Only "good" with a next update,
/// which a response for stapling has to have (RFC 5019 section 2.2.4), is stapled.
Staple make_staple(Bytes response, const crypto::CertificateChain& chain, std::int64_t now);

/// Forgets the response when it is past its next update at `now`; whether it was.
bool expire(Staple& staple, std::int64_t now);

/// "good", "revoked", "failed", or "none" when nothing is to be stapled.
const char* state_name(const Staple& staple);

/// An empty string, or why `list` is no SignedCertificateTimestampList (RFC 6962 section 3.3).
std::string sct_list_fault(Bytes list);

}  // namespace lockstep::certs

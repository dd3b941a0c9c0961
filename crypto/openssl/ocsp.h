// The Online Certificate Status Protocol (RFC 6960): what is asked of a responder, and whether to believe its answer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace lockstep::crypto {

/// A request for the status of the certificate `leaf_der`, issued by `issuer_der` (both DER): a CertID with SHA-1,
/// which is what all responders know (RFC 5019 section 2.1.1), and no nonce, so that answers can be cached. Empty when
/// libcrypto refuses.
std::vector<std::uint8_t> make_ocsp_request(Bytes leaf_der, Bytes issuer_der);

/// What a response says that is to be believed.
struct OcspStatus {
  enum class Verdict : std::uint8_t { good, revoked, unknown };
  Verdict verdict = Verdict::unknown;
  std::int64_t this_update = 0;  // Unix seconds
  std::int64_t next_update = 0;  // Unix seconds; 0: newer information is always available, that is: not given
  std::int64_t revoked_at = 0;   // Unix seconds, if revoked
};

/// Clocks may differ by this much.
constexpr std::int64_t kOcspClockSkewSeconds = 300;

/// Checks a response in DER (RFC 6960 section 3.2): successful and basic, about this very certificate, signed by the
/// issuer itself or by a responder that it delegated (section 4.2.2.2), not from the future and not past its next
/// update at `now` (Unix seconds). Revoked and unknown are results, not errors. The error says what is wrong and what
/// to do.
Result<OcspStatus, std::string> check_ocsp_response(Bytes response, Bytes leaf_der, Bytes issuer_der, std::int64_t now);

}  // namespace lockstep::crypto

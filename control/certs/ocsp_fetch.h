// Asks an OCSP responder over HTTP.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace lockstep::certs {

/// Sends `request` (DER) to the responder at `url` and returns what it answers, unverified, at most kMaxOcspResponse
/// bytes: by GET when the whole address has at most 255 bytes, so that caches can answer (RFC 5019 section 5), by POST
/// otherwise (RFC 6960 appendix A.1). Follows no redirection. Gives up after ten seconds, or soon after `cancelled` is
/// set. The error says what is wrong and what to do. Any thread, never a worker.
Result<std::vector<std::uint8_t>, std::string> fetch_ocsp(const std::string& url, Bytes request,
                                                          const std::atomic<bool>& cancelled);

/// The address for a GET; empty when it would be longer than 255 bytes.
std::string ocsp_get_url(const std::string& url, Bytes request);

}  // namespace lockstep::certs

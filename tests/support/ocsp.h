// OCSP responses for tests, made on the spot.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "tests/support/certificates.h"

namespace lockstep::test {

/// What a response shall say.
struct OcspAnswer {
  enum class Status : std::uint8_t { good, revoked, unknown };
  Status status = Status::good;
  long this_update = -60;        // seconds from now
  long next_update = 24 * 3600;  // seconds from now
  bool has_next_update = true;
};

/// A response in DER about `leaf_pem`, which `issuer` issued, signed by `responder` (the issuer itself, or one it
/// delegated).
std::vector<std::uint8_t> make_ocsp_response(const std::string& leaf_pem, const Issuer& issuer, const Issuer& responder,
                                             const OcspAnswer& answer = {});
/// An error response (RFC 6960 section 4.2.1) in DER: "try later".
std::vector<std::uint8_t> make_ocsp_error();

}  // namespace lockstep::test

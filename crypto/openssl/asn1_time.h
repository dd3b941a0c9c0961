// Times in certificates, revocation lists and OCSP responses.
#pragma once

#include <openssl/asn1.h>

#include <cstdint>
#include <ctime>

namespace lockstep::crypto {

/// Reads UTCTime or GeneralizedTime as Unix seconds; false when there is none, or it is not a time.
inline bool unix_seconds(const ASN1_TIME* time, std::int64_t& out) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return false;
  out = timegm(&parts);
  return true;
}

}  // namespace lockstep::crypto

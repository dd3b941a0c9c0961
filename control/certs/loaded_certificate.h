// A certificate chain and its key, loaded and found to belong together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "crypto/openssl/certificate.h"

namespace lockstep::certs {

struct LoadedCertificate {
  std::string name;  // of the [[certificate]]
  crypto::CertificateChain chain;
  std::shared_ptr<const crypto::PrivateKey> key;  // nullptr when loading failed
};

/// A certificate that ends sooner than this is worth a warning.
constexpr std::int64_t kExpiryWarningSeconds = std::int64_t{14} * 24 * 3600;

/// Loads both files of `certificate`; what is wrong goes to `diagnostics` (`now`: UNIX seconds, for expiry).
LoadedCertificate load(const config::Certificate& certificate, std::int64_t now, config::Diagnostics& diagnostics);

/// "RSA-2048", "ECDSA P-256", ...
std::string key_name(const crypto::CertificateChain& chain);

/// "2031-05-04 12:00:00 UTC".
std::string utc_time(std::int64_t unix_seconds);

}  // namespace lockstep::certs

// A certificate chain and its key, loaded, found to belong together, and made ready to be sent.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control/certs/staple.h"
#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "crypto/openssl/certificate.h"

namespace lockstep::certs {

struct LoadedCertificate {
  std::string entry;  // the [[certificate]] that it comes from
  std::string name;   // the entry's; for a file of a folder "ENTRY/FILE"
  std::string file;   // where the chain is
  crypto::CertificateChain chain;
  std::shared_ptr<const crypto::PrivateKey> key;  // nullptr when loading failed
  std::vector<std::uint8_t> sct_list;             // RFC 6962 section 3.3; empty: none
  Staple staple;
  bool fetch_ocsp = false;                                   // responses are fetched while the service runs
  std::shared_ptr<const tls::CertificateMessages> messages;  // nullptr when loading failed

  /// Makes `messages` of the chain, the SCTs and the staple.
  void make_messages();
};

/// A certificate that ends sooner than this is worth a warning.
constexpr std::int64_t kExpiryWarningSeconds = std::int64_t{14} * 24 * 3600;

/// Loads the certificates of all `entries`, several at a time, in the order of the entries and, in folders, of the
/// files' names. What is wrong goes to `diagnostics` (`now`: UNIX seconds, for expiry). What `running` has for the same
/// chain need not be made again.
std::vector<LoadedCertificate> load_all(const std::vector<config::Certificate>& entries, std::int64_t now,
                                        config::Diagnostics& diagnostics,
                                        const std::vector<LoadedCertificate>* running = nullptr);

/// Certificates by the [[certificate]] that they come from, in their order; points into what it was made from.
using EntryIndex = std::unordered_map<std::string_view, std::vector<const LoadedCertificate*>>;
EntryIndex by_entry(const std::vector<LoadedCertificate>& certificates);

/// "RSA-2048", "ECDSA P-256", ...
std::string key_name(const crypto::CertificateChain& chain);

/// "2031-05-04 12:00:00 UTC".
std::string utc_time(std::int64_t unix_seconds);

}  // namespace lockstep::certs

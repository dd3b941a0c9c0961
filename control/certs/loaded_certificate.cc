#include "control/certs/loaded_certificate.h"

#include <array>
#include <ctime>

#include "control/certs/compression.h"
#include "control/certs/load_file.h"
#include "control/certs/parallel.h"

namespace lockstep::certs {

void LoadedCertificate::make_messages() {
  tls::CertificateMessages made =
      tls::make_certificate_messages({.der_chain = chain.der, .ocsp_response = staple.response, .sct_list = sct_list});
  compress(made);
  messages = std::make_shared<const tls::CertificateMessages>(std::move(made));
}

std::vector<LoadedCertificate> load_all(const std::vector<config::Certificate>& entries, std::int64_t now,
                                        config::Diagnostics& diagnostics,
                                        const std::vector<LoadedCertificate>* running) {
  std::vector<std::unique_ptr<Entry>> opened;
  std::vector<Files> files;
  for (const config::Certificate& certificate : entries) {
    opened.push_back(std::make_unique<Entry>(certificate, now));
    const std::vector<Files> listed = list_files(*opened.back(), diagnostics);
    files.insert(files.end(), listed.begin(), listed.end());
  }
  const Earlier earlier(running);
  crypto::KnownIssuers issuers;
  std::vector<LoadedCertificate> loaded(files.size());
  std::vector<config::Diagnostics> told(files.size(), config::Diagnostics(diagnostics.file()));
  in_parallel(files.size(), [&](std::size_t i) { loaded[i] = load_file(files[i], earlier, issuers, told[i]); });
  for (const config::Diagnostics& each : told) diagnostics.add(each);
  return loaded;
}

EntryIndex by_entry(const std::vector<LoadedCertificate>& certificates) {
  EntryIndex index;
  for (const LoadedCertificate& certificate : certificates) index[certificate.entry].push_back(&certificate);
  return index;
}

std::string key_name(const crypto::CertificateChain& chain) {
  switch (chain.key_type) {
    case crypto::KeyType::rsa:
      return "RSA-" + std::to_string(chain.key_bits);
    case crypto::KeyType::ecdsa_p256:
      return "ECDSA P-256";
    case crypto::KeyType::ecdsa_p384:
      return "ECDSA P-384";
    case crypto::KeyType::ed25519:
      return "Ed25519";
  }
  return "unknown";
}

std::string utc_time(std::int64_t unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  std::array<char, 64> text{};
  if (gmtime_r(&time, &parts) == nullptr ||
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
    return std::to_string(unix_seconds);
  return text.data();
}

}  // namespace lockstep::certs

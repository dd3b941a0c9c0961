// Loads one certificate from its files.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "control/certs/loaded_certificate.h"
#include "control/certs/passphrase.h"

namespace lockstep::certs {

/// What the certificates of one [[certificate]] share.
class Entry {
 public:
  Entry(const config::Certificate& certificate, std::int64_t now) : certificate_(certificate), now_(now) {}

  const config::Certificate& certificate() const { return certificate_; }
  std::int64_t now() const { return now_; }
  bool is_folder() const { return !certificate_.directory.empty(); }
  /// Where a complaint about the value of `key` belongs; for folders, where the folder is named.
  config::Position at(std::string_view key) const { return certificate_.source.at(is_folder() ? "directory" : key); }
  /// Runs passphrase_command, the first time it is called; from any thread.
  const Result<Passphrase, std::string>& passphrase();

 private:
  const config::Certificate& certificate_;
  const std::int64_t now_;
  std::mutex mutex_;
  std::optional<Result<Passphrase, std::string>> passphrase_;
};

/// The files of one certificate; empty paths: there is none.
struct Files {
  Entry* entry = nullptr;
  std::string name;   // of the certificate
  std::string chain;  // with the key in it when `key` is the same
  std::string key;
  std::string issuer;         // what OCSP responses are verified with, when the chain does not have it
  std::string ocsp_response;  // DER
  std::string sct_list;       // binary
};

/// The files that an entry names. A folder has one certificate for each file NAME.pem in it, with NAME.pem.key,
/// NAME.pem.issuer, NAME.pem.ocsp and NAME.pem.sctl beside it where they exist, as HAProxy has them.
std::vector<Files> list_files(Entry& entry, config::Diagnostics& diagnostics);

/// Certificates of the running configuration, by their first certificate.
class Earlier {
 public:
  explicit Earlier(const std::vector<LoadedCertificate>* running);
  /// The OCSP response that was fetched for it and is good at `now`; nullptr when there is none.
  const Staple* fetched(const LoadedCertificate& certificate, std::int64_t now) const;
  /// The messages made for exactly these contents; nullptr when there are none.
  std::shared_ptr<const tls::CertificateMessages> messages(const LoadedCertificate& certificate) const;

 private:
  using Index = std::unordered_multimap<std::string_view, const LoadedCertificate*>;
  std::pair<Index::const_iterator, Index::const_iterator> with_leaf_of(const LoadedCertificate& certificate) const;
  Index by_leaf_;
};

/// Loads one certificate; what is wrong goes to `diagnostics`.
LoadedCertificate load_file(const Files& files, const Earlier& earlier, crypto::KnownIssuers& issuers,
                            config::Diagnostics& diagnostics);

}  // namespace lockstep::certs

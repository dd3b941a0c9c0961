#include "control/certs/load_file.h"

#include <algorithm>
#include <filesystem>

#include "control/certs/secret_file.h"
#include "control/config/values.h"
#include "control/engines.h"
#include "crypto/openssl/key_file.h"

namespace lockstep::certs {
namespace {

using config::Diagnostics;
using config::in_quotes;

std::string with_file(const std::string& file, const std::string& what) {
  return what.find(file) == std::string::npos ? file + ": " + what : what;
}

/// Errors of the loaders are "what is wrong; what to do" already.
void report(Diagnostics& diagnostics, config::Position at, const std::string& file, const std::string& error) {
  const std::size_t split = error.find("; ");
  diagnostics.error(at, with_file(file, error.substr(0, split)),
                    split == std::string::npos ? "" : error.substr(split + 2));
}

void warn(Diagnostics& diagnostics, config::Position at, const std::string& file, const std::string& problem) {
  const std::size_t split = problem.find("; ");
  diagnostics.warning(at, with_file(file, problem.substr(0, split)),
                      split == std::string::npos ? "" : problem.substr(split + 2));
}

void check_dates(const LoadedCertificate& certificate, const Entry& entry, Diagnostics& diagnostics) {
  const config::Position at = entry.at("chain");
  const crypto::CertificateChain& chain = certificate.chain;
  const std::string what = "certificate " + in_quotes(certificate.name);
  if (chain.not_after < entry.now())
    diagnostics.warning(at, what + " expired on " + utc_time(chain.not_after), "clients will refuse it: renew it");
  else if (chain.not_after < entry.now() + kExpiryWarningSeconds)
    diagnostics.warning(at, what + " expires on " + utc_time(chain.not_after), "renew it");
  if (chain.not_before > entry.now())
    diagnostics.warning(at, what + " is valid only from " + utc_time(chain.not_before),
                        "check the clock of this machine, or wait");
  if (chain.dns_names.empty())
    diagnostics.warning(at, what + " has no DNS name in subjectAltName",
                        "clients will refuse it unless they connect by address: get it issued with its names");
}

/// Whether the chain could be read.
bool load_chain(const Files& files, std::string_view text, crypto::KnownIssuers& issuers, LoadedCertificate& loaded,
                Diagnostics& diagnostics) {
  Result<crypto::CertificateChain, std::string> chain = crypto::load_certificate_chain(text, &issuers);
  if (!chain) {
    report(diagnostics, files.entry->at("chain"), files.chain, chain.error());
    return false;
  }
  loaded.chain = std::move(chain.value());
  check_dates(loaded, *files.entry, diagnostics);
  return true;
}

/// The key in `text`, with its passphrase asked for if it has one; the error is reported.
std::unique_ptr<crypto::PrivateKey> read_key(const Files& files, std::string_view text, Diagnostics& diagnostics) {
  const config::Position at = files.entry->at(files.key == files.chain ? "chain" : "key");
  std::string_view passphrase;
  if (!files.entry->certificate().passphrase_command.empty() && crypto::key_is_encrypted(text)) {
    const Result<Passphrase, std::string>& asked = files.entry->passphrase();
    if (!asked) {
      report(diagnostics, files.entry->certificate().source.at("passphrase_command"), files.key, asked.error());
      return nullptr;
    }
    passphrase = asked.value().text();
  }
  Result<std::unique_ptr<crypto::PrivateKey>, std::string> key = crypto::load_private_key(text, passphrase);
  if (key) return std::move(key.value());
  report(diagnostics, at, files.key, key.error());
  return nullptr;
}

void load_key(const Files& files, const SecretFile& file, bool chain_ok, LoadedCertificate& loaded,
              Diagnostics& diagnostics) {
  const config::Position at = files.entry->at(files.key == files.chain ? "chain" : "key");
  if (file.world_readable())
    diagnostics.warning(at, "every user can read the private key " + files.key, "chmod 600 " + files.key);
  std::unique_ptr<crypto::PrivateKey> key = read_key(files, file.text(), diagnostics);
  if (key == nullptr || !chain_ok) return;
  if (!crypto::key_matches(loaded.chain, *key)) {
    diagnostics.error(at, "the key " + files.key + " does not belong to the certificate " + files.chain,
                      "name the key that the certificate was issued for");
    return;
  }
  control::prepare_key(*key);
  loaded.key = std::move(key);
}

/// A file without secrets that must be readable because it was named; empty when it is not.
std::string read_extra(const Files& files, const char* key, const std::string& path, Diagnostics& diagnostics) {
  if (path.empty()) return {};
  Result<std::string, std::string> content = read_text_file(path);
  if (content) return std::move(content.value());
  report(diagnostics, files.entry->at(key), path, content.error());
  return {};
}

Bytes bytes_of_text(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void load_issuer(const Files& files, LoadedCertificate& loaded, Diagnostics& diagnostics) {
  const std::string text = read_extra(files, "directory", files.issuer, diagnostics);
  if (text.empty() || !loaded.chain.issuer_der.empty()) return;
  Result<std::vector<std::uint8_t>, std::string> issuer = crypto::load_issuer(loaded.chain, text);
  if (issuer)
    loaded.chain.issuer_der = std::move(issuer.value());
  else
    report(diagnostics, files.entry->at("directory"), files.issuer, issuer.error());
}

void load_scts(const Files& files, LoadedCertificate& loaded, Diagnostics& diagnostics) {
  const std::string list = read_extra(files, "sct_list", files.sct_list, diagnostics);
  if (list.empty()) return;
  if (const std::string fault = sct_list_fault(bytes_of_text(list)); !fault.empty()) {
    report(diagnostics, files.entry->at("sct_list"), files.sct_list, fault);
    return;
  }
  loaded.sct_list.assign(list.begin(), list.end());
  if (list.size() > tls::kMaxSctListTls12)
    warn(diagnostics, files.entry->at("sct_list"), files.sct_list,
         "the list is too long for TLS 1.2, whose clients get none; leave out what browsers do not need");
}

/// A response that is old or about a revoked certificate must not keep a service from starting: that is a warning.
void load_ocsp(const Files& files, LoadedCertificate& loaded, Diagnostics& diagnostics) {
  const std::string response = read_extra(files, "ocsp_response", files.ocsp_response, diagnostics);
  if (!response.empty()) {
    loaded.staple = make_staple(bytes_of_text(response), loaded.chain, files.entry->now());
    if (!loaded.staple.problem.empty())
      warn(diagnostics, files.entry->at("ocsp_response"), files.ocsp_response, loaded.staple.problem);
  } else if (files.entry->certificate().ocsp_fetch && files.ocsp_response.empty()) {
    loaded.fetch_ocsp = !loaded.chain.issuer_der.empty() && !loaded.chain.ocsp_urls.empty();
    if (loaded.chain.ocsp_urls.empty() && !files.entry->is_folder())
      warn(diagnostics, files.entry->at("ocsp_fetch"), files.chain,
           "the certificate names no OCSP responder; remove ocsp_fetch");
    else if (loaded.chain.issuer_der.empty() && !loaded.chain.ocsp_urls.empty())
      warn(diagnostics, files.entry->at("ocsp_fetch"), files.chain,
           "the issuer's certificate is not in the file, so that no OCSP response can be verified; put it behind the "
           "server's (a root is used for this, not sent)");
  }
  if (loaded.chain.must_staple && loaded.staple.response.empty() && !loaded.fetch_ocsp)
    warn(diagnostics, files.entry->at("chain"), files.chain,
         "the certificate promises an OCSP response (RFC 7633) and there is none to send, so that clients will refuse "
         "it; set ocsp_fetch = true or name one in ocsp_response");
}

std::string_view leaf_of(const LoadedCertificate& certificate) {
  const std::vector<std::uint8_t>& leaf = certificate.chain.der.front();
  return {reinterpret_cast<const char*>(leaf.data()), leaf.size()};
}

std::string beside(const std::string& file, const char* ending) {
  std::error_code ignored;
  std::string path = file + ending;
  return std::filesystem::exists(path, ignored) ? path : std::string();
}

}  // namespace

const Result<Passphrase, std::string>& Entry::passphrase() {
  const std::lock_guard lock(mutex_);
  if (!passphrase_) passphrase_.emplace(Passphrase::ask(certificate_.passphrase_command));
  return *passphrase_;
}

std::vector<Files> list_files(Entry& entry, Diagnostics& diagnostics) {
  const config::Certificate& certificate = entry.certificate();
  if (!entry.is_folder()) {
    if (certificate.chain.empty()) return {{&entry, certificate.name, {}, {}, {}, {}, {}}};  // said when reading
    return {{&entry,
             certificate.name,
             certificate.chain,
             certificate.key.empty() ? certificate.chain : certificate.key,
             {},
             certificate.ocsp_response,
             certificate.sct_list}};
  }
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator at(certificate.directory, error), end; !error && at != end;
       at.increment(error))
    if (at->path().extension() == ".pem") paths.push_back(at->path().string());
  if (error)
    diagnostics.error(entry.at("directory"),
                      "cannot read the folder " + certificate.directory + " (" + error.message() + ")",
                      "correct the path, or let the user that runs this read it");
  else if (paths.empty())
    diagnostics.error(entry.at("directory"), "there is no file *.pem in " + certificate.directory,
                      "put a certificate with its key there, in one file");
  std::sort(paths.begin(), paths.end());
  std::vector<Files> files;
  for (const std::string& path : paths) {
    const std::string key = beside(path, ".key");
    files.push_back({&entry, certificate.name + "/" + std::filesystem::path(path).filename().string(), path,
                     key.empty() ? path : key, beside(path, ".issuer"), beside(path, ".ocsp"), beside(path, ".sctl")});
  }
  return files;
}

Earlier::Earlier(const std::vector<LoadedCertificate>* running) {
  if (running == nullptr) return;
  for (const LoadedCertificate& certificate : *running)
    if (certificate.messages != nullptr) by_leaf_.emplace(leaf_of(certificate), &certificate);
}

std::pair<Earlier::Index::const_iterator, Earlier::Index::const_iterator> Earlier::with_leaf_of(
    const LoadedCertificate& certificate) const {
  return by_leaf_.equal_range(leaf_of(certificate));
}

const Staple* Earlier::fetched(const LoadedCertificate& certificate, std::int64_t now) const {
  const auto [first, last] = with_leaf_of(certificate);
  const auto found = std::find_if(first, last, [&](const auto& other) {
    return other.second->fetch_ocsp && !other.second->staple.response.empty() && other.second->staple.next_update > now;
  });
  return found == last ? nullptr : &found->second->staple;
}

std::shared_ptr<const tls::CertificateMessages> Earlier::messages(const LoadedCertificate& certificate) const {
  const auto [first, last] = with_leaf_of(certificate);
  const auto found = std::find_if(first, last, [&](const auto& other) {
    return other.second->chain.der == certificate.chain.der && other.second->sct_list == certificate.sct_list &&
           other.second->staple.response == certificate.staple.response;
  });
  return found == last ? nullptr : found->second->messages;
}

LoadedCertificate load_file(const Files& files, const Earlier& earlier, crypto::KnownIssuers& issuers,
                            Diagnostics& diagnostics) {
  LoadedCertificate loaded;
  loaded.entry = files.entry->certificate().name;
  loaded.name = files.name;
  loaded.file = files.chain;
  if (files.chain.empty()) return loaded;
  bool chain_ok = false;
  if (files.key != files.chain) {
    const Result<std::string, std::string> text = read_text_file(files.chain);
    if (text)
      chain_ok = load_chain(files, text.value(), issuers, loaded, diagnostics);
    else
      report(diagnostics, files.entry->at("chain"), files.chain, text.error());
  }
  const Result<SecretFile, std::string> key_text = SecretFile::read(files.key);
  if (!key_text) {
    report(diagnostics, files.entry->at(files.key == files.chain ? "chain" : "key"), files.key, key_text.error());
    return loaded;
  }
  if (files.key == files.chain) chain_ok = load_chain(files, key_text.value().text(), issuers, loaded, diagnostics);
  load_key(files, key_text.value(), chain_ok, loaded, diagnostics);
  if (loaded.key == nullptr) return loaded;
  load_issuer(files, loaded, diagnostics);
  load_scts(files, loaded, diagnostics);
  load_ocsp(files, loaded, diagnostics);
  if (const Staple* const staple = loaded.fetch_ocsp ? earlier.fetched(loaded, files.entry->now()) : nullptr)
    loaded.staple = *staple;
  loaded.messages = earlier.messages(loaded);
  if (loaded.messages == nullptr) loaded.make_messages();
  return loaded;
}

}  // namespace lockstep::certs

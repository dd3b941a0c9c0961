#include "control/certs/loaded_certificate.h"

#include <array>
#include <ctime>

#include "control/certs/secret_file.h"
#include "control/config/values.h"
#include "control/engines.h"
#include "crypto/openssl/key_file.h"

namespace lockstep::certs {
namespace {

using config::Diagnostics;
using config::in_quotes;

/// Errors of the loaders are "what is wrong; what to do" already.
void report(Diagnostics& diagnostics, config::Position at, const std::string& file, const std::string& error) {
  const std::size_t split = error.find("; ");
  const std::string what = error.substr(0, split);
  diagnostics.error(at, what.find(file) == std::string::npos ? file + ": " + what : what,
                    split == std::string::npos ? "" : error.substr(split + 2));
}

void check_dates(const crypto::CertificateChain& chain, const config::Certificate& certificate, std::int64_t now,
                 Diagnostics& diagnostics) {
  const config::Position at = certificate.source.at("chain");
  const std::string what = "certificate " + in_quotes(certificate.name);
  if (chain.not_after < now)
    diagnostics.warning(at, what + " expired on " + utc_time(chain.not_after), "clients will refuse it: renew it");
  else if (chain.not_after < now + kExpiryWarningSeconds)
    diagnostics.warning(at, what + " expires on " + utc_time(chain.not_after), "renew it");
  if (chain.not_before > now)
    diagnostics.warning(at, what + " is valid only from " + utc_time(chain.not_before),
                        "check the clock of this machine, or wait");
  if (chain.dns_names.empty())
    diagnostics.warning(at, what + " has no DNS name in subjectAltName",
                        "clients will refuse it unless they connect by address: get it issued with its names");
}

}  // namespace

LoadedCertificate load(const config::Certificate& certificate, std::int64_t now, Diagnostics& diagnostics) {
  LoadedCertificate loaded;
  loaded.name = certificate.name;
  if (certificate.chain.empty() || certificate.key.empty()) return loaded;  // said when reading
  const Result<std::string, std::string> chain_text = read_text_file(certificate.chain);
  bool chain_ok = false;
  if (!chain_text) {
    report(diagnostics, certificate.source.at("chain"), certificate.chain, chain_text.error());
  } else if (Result<crypto::CertificateChain, std::string> chain = crypto::load_certificate_chain(chain_text.value());
             !chain) {
    report(diagnostics, certificate.source.at("chain"), certificate.chain, chain.error());
  } else {
    loaded.chain = std::move(chain.value());
    chain_ok = true;
    check_dates(loaded.chain, certificate, now, diagnostics);
  }
  const Result<SecretFile, std::string> key_text = SecretFile::read(certificate.key);
  if (!key_text) {
    report(diagnostics, certificate.source.at("key"), certificate.key, key_text.error());
    return loaded;
  }
  if (key_text.value().world_readable())
    diagnostics.warning(certificate.source.at("key"), "every user can read the private key " + certificate.key,
                        "chmod 600 " + certificate.key);
  Result<std::unique_ptr<crypto::PrivateKey>, std::string> key = crypto::load_private_key(key_text.value().text());
  if (!key) {
    report(diagnostics, certificate.source.at("key"), certificate.key, key.error());
    return loaded;
  }
  if (chain_ok && !crypto::key_matches(loaded.chain, *key.value())) {
    diagnostics.error(certificate.source.at("key"),
                      "the key " + certificate.key + " does not belong to the certificate " + certificate.chain,
                      "name the key that the certificate was issued for");
    return loaded;
  }
  control::prepare_key(*key.value());
  if (chain_ok) loaded.key = std::move(key.value());
  return loaded;
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

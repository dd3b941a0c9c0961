#include "control/snapshot/build.h"

#include <algorithm>
#include <map>

#include "crypto/base/sha2.h"

namespace lockstep::snapshot {
namespace {

using certs::LoadedCertificate;
/// Certificates of one identity, as indices into a service's list, best first.
using Combination = std::vector<std::size_t>;

/// What is cheapest to sign with goes first.
unsigned preference(crypto::KeyType type) {
  switch (type) {
    case crypto::KeyType::ecdsa_p256:
      return 0;
    case crypto::KeyType::ed25519:
      return 1;
    case crypto::KeyType::ecdsa_p384:
      return 2;
    case crypto::KeyType::rsa:
      break;
  }
  return 3;
}

void add(Combination& combination, std::size_t index, const std::vector<const LoadedCertificate*>& used) {
  const crypto::KeyType type = used[index]->chain.key_type;
  const bool taken = std::any_of(combination.begin(), combination.end(),
                                 [&](std::size_t other) { return used[other]->chain.key_type == type; });
  if (taken) return;
  combination.push_back(index);
  std::sort(combination.begin(), combination.end(), [&](std::size_t a, std::size_t b) {
    return preference(used[a]->chain.key_type) < preference(used[b]->chain.key_type);
  });
}

/// Makes each combination once.
class Identities {
 public:
  Identities(const std::vector<const LoadedCertificate*>& used, tls::ServerConfig& config)
      : used_(used), config_(config) {}

  std::uint32_t index_of(const Combination& combination) {
    const auto [found, fresh] = made_.emplace(combination, static_cast<std::uint32_t>(config_.identities.size()));
    if (fresh) {
      tls::Identity identity;
      for (const std::size_t index : combination) {
        tls::Credential credential = tls::make_credential(used_[index]->chain.der, used_[index]->key);
        credential.may_encipher = used_[index]->chain.key_encipherment;
        identity.credentials.push_back(std::move(credential));
      }
      config_.identities.push_back(std::move(identity));
    }
    return found->second;
  }

 private:
  const std::vector<const LoadedCertificate*>& used_;
  tls::ServerConfig& config_;
  std::map<Combination, std::uint32_t> made_;
};

/// A session of one service is not resumed by another.
std::array<std::uint8_t, 16> scope_of(const std::string& service) {
  std::array<std::uint8_t, 32> digest;
  digest_of(Hash::sha256, Bytes(reinterpret_cast<const std::uint8_t*>(service.data()), service.size()), digest);
  std::array<std::uint8_t, 16> scope;
  std::copy_n(digest.begin(), scope.size(), scope.begin());
  return scope;
}

}  // namespace

tls::ServerConfig server_config(const config::Tls& tls, const std::vector<const LoadedCertificate*>& used) {
  tls::ServerConfig config;
  config.strict_sni = tls.strict_sni;
  config.alpn = tls.alpn;
  config.tls12 = std::count(tls.versions.begin(), tls.versions.end(), tls::Version::tls12) != 0;
  config.tls13 = std::count(tls.versions.begin(), tls.versions.end(), tls::Version::tls13) != 0;
  config.prefer_server_order = tls.prefer_server_order;
  config.cipher_suites = tls.cipher_suites;
  config.groups = tls.groups;
  config.handshake_timeout = tls.handshake_timeout;
  config.max_handshake_message = tls.max_handshake_message;

  std::map<std::string, Combination> by_name;
  for (std::size_t i = 0; i < used.size(); ++i)
    for (const std::string& name : used[i]->chain.dns_names) add(by_name[name], i, used);
  Identities identities(used, config);
  if (!used.empty()) {
    const std::vector<std::string>& names = used.front()->chain.dns_names;
    identities.index_of(names.empty() ? Combination{0} : by_name[names.front()]);
  }
  for (const auto& [name, combination] : by_name) {
    const std::uint32_t index = identities.index_of(combination);
    if (name.rfind("*.", 0) == 0)
      config.wildcard.emplace(name.substr(2), index);
    else
      config.exact.emplace(name, index);
  }
  return config;
}

std::unique_ptr<proxy::Snapshot> build(const config::Config& config, const std::vector<LoadedCertificate>& certificates,
                                       std::uint64_t epoch, const std::shared_ptr<const tls::TicketKeys>& ticket_keys) {
  auto snapshot = std::make_unique<proxy::Snapshot>();
  snapshot->epoch = epoch;
  for (const config::Service& service : config.services) {
    proxy::ServiceConfig& built = snapshot->services.emplace_back(service.proxy);
    if (service.proxy.mode != proxy::Mode::tls) continue;
    std::vector<const LoadedCertificate*> used;
    for (const std::string& name : service.certificates)
      for (const LoadedCertificate& certificate : certificates)
        if (certificate.name == name) used.push_back(&certificate);
    tls::ServerConfig tls = server_config(service.tls, used);
    tls.ticket_keys = ticket_keys;
    tls.resumption_scope = scope_of(service.proxy.name);
    built.tls = std::make_shared<const tls::ServerConfig>(std::move(tls));
  }
  return snapshot;
}

}  // namespace lockstep::snapshot

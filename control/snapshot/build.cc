#include "control/snapshot/build.h"

#include <algorithm>
#include <map>

#include "crypto/base/sha2.h"
#include "dataplane/tls/client_authentication.h"

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
class Combinations {
 public:
  Combinations(const std::vector<const LoadedCertificate*>& used, tls::Identities& identities)
      : used_(used), identities_(identities) {}

  std::uint32_t index_of(const Combination& combination) {
    const auto [found, fresh] = made_.emplace(combination, static_cast<std::uint32_t>(identities_.list.size()));
    if (fresh) {
      tls::Identity identity;
      for (const std::size_t index : combination)
        identity.credentials.push_back(
            {used_[index]->key, used_[index]->messages, used_[index]->chain.key_encipherment});
      identities_.list.push_back(std::move(identity));
    }
    return found->second;
  }

 private:
  const std::vector<const LoadedCertificate*>& used_;
  tls::Identities& identities_;
  std::map<Combination, std::uint32_t> made_;
};

std::shared_ptr<const tls::Identities> identities_of(const std::vector<const LoadedCertificate*>& used) {
  auto identities = std::make_shared<tls::Identities>();
  std::map<std::string, Combination> by_name;
  for (std::size_t i = 0; i < used.size(); ++i)
    for (const std::string& name : used[i]->chain.dns_names) add(by_name[name], i, used);
  Combinations combinations(used, *identities);
  if (!used.empty()) {
    const std::vector<std::string>& names = used.front()->chain.dns_names;
    combinations.index_of(names.empty() ? Combination{0} : by_name[names.front()]);
  }
  for (const auto& [name, combination] : by_name) {
    const std::uint32_t index = combinations.index_of(combination);
    if (name.rfind("*.", 0) == 0)
      identities->wildcard.emplace(name.substr(2), index);
    else
      identities->exact.emplace(name, index);
  }
  return identities;
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
  config.signature_schemes = tls.signature_schemes;
  config.handshake_timeout = tls.handshake_timeout;
  config.max_handshake_message = tls.max_handshake_message;
  config.session_lifetime = tls.session_lifetime;
  config.tickets = tls.tickets;
  config.retry_cookie = tls.retry_cookie;
  config.psk_ke = tls.psk_ke;
  config.max_early_data = tls.early_data;
  config.record_padding = tls.record_padding;
  config.identities = identities_of(used);
  return config;
}

std::array<std::uint8_t, 16> resumption_scope(const config::Service& service) {
  std::array<std::uint8_t, 256> text;
  Writer writer(text);
  writer.bytes(text_bytes("lockstep resumption scope 1"));
  {
    const auto length = writer.length8();
    writer.bytes(text_bytes(service.proxy.name));
  }
  writer.u8(static_cast<std::uint8_t>(service.proxy.mode));
  writer.u8(service.tls.strict_sni ? 1 : 0);
  if (service.client_authentication != nullptr) {
    writer.u8(static_cast<std::uint8_t>(service.client_auth));
    writer.bytes(service.client_authentication->trust->digest());
  }
  std::array<std::uint8_t, 32> digest;
  digest_of(Hash::sha256, writer.written(), digest);
  std::array<std::uint8_t, 16> scope;
  std::copy_n(digest.begin(), scope.size(), scope.begin());
  return scope;
}

std::vector<const LoadedCertificate*> certificates_of(const config::Service& service,
                                                      const certs::EntryIndex& by_entry) {
  std::vector<const LoadedCertificate*> used;
  for (const std::string& name : service.certificates)
    if (const auto found = by_entry.find(name); found != by_entry.end())
      used.insert(used.end(), found->second.begin(), found->second.end());
  return used;
}

std::unique_ptr<proxy::Snapshot> build(const config::Config& config, const std::vector<LoadedCertificate>& certificates,
                                       std::uint64_t epoch, const std::shared_ptr<const tls::TicketKeys>& keys) {
  auto snapshot = std::make_unique<proxy::Snapshot>();
  snapshot->epoch = epoch;
  const certs::EntryIndex by_entry = certs::by_entry(certificates);
  for (const config::Service& service : config.services) {
    proxy::ServiceConfig& built = snapshot->services.emplace_back(service.proxy);
    if (service.proxy.mode != proxy::Mode::tls) continue;
    tls::ServerConfig tls = server_config(service.tls, certificates_of(service, by_entry));
    tls.resumption_scope = resumption_scope(service);
    tls.client_authentication = service.client_authentication;
    tls.exporters = service.proxy.channel_binding;
    tls.log_secrets = !config.general.key_log.empty();
    if (tls.tickets != 0) tls.ticket_keys = keys;
    built.tls = std::make_shared<const tls::ServerConfig>(std::move(tls));
  }
  return snapshot;
}

std::unique_ptr<proxy::Snapshot> rekeyed(const proxy::Snapshot& current,
                                         const std::shared_ptr<const tls::TicketKeys>& keys, std::uint64_t epoch) {
  auto snapshot = std::make_unique<proxy::Snapshot>(current);
  snapshot->epoch = epoch;
  snapshot->repeats = current.configuration();
  for (proxy::ServiceConfig& service : snapshot->services) {
    if (service.tls == nullptr || service.tls->ticket_keys == nullptr) continue;
    tls::ServerConfig tls = *service.tls;
    tls.ticket_keys = keys;
    service.tls = std::make_shared<const tls::ServerConfig>(std::move(tls));
  }
  return snapshot;
}

}  // namespace lockstep::snapshot

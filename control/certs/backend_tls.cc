#include "control/certs/backend_tls.h"

#include <algorithm>

#include "control/certs/report.h"
#include "control/certs/secret_file.h"
#include "control/config/values.h"
#include "crypto/openssl/trust_store.h"

namespace lockstep::certs {
namespace {

using config::Diagnostics;
using config::in_quotes;

/// Without TLS none of the keys means anything.
void check_plain(const config::Service& service, Diagnostics& diagnostics) {
  for (const char* const key : {"backend_ca", "backend_name", "backend_versions", "backend_certificates", "insecure"})
    if (service.source.has(key))
      diagnostics.error(service.source.at(key), in_quotes(key) + " is for services whose backends speak TLS",
                        "write backends = [\"tls://198.18.0.1:8443\"], or remove it");
}

/// Where the settings contradict each other, or lack something.
bool consistent(const config::Service& service, Diagnostics& diagnostics) {
  const std::string name = "service " + in_quotes(service.proxy.name);
  const auto fault = [&](const char* key, const std::string& what, const char* remedy) {
    diagnostics.error(service.source.at(key), name + " " + what, remedy);
    return false;
  };
  const std::size_t encrypted = std::count(service.backend_speaks_tls.begin(), service.backend_speaks_tls.end(), true);
  if (encrypted != service.backend_speaks_tls.size())
    return fault("backends", "has backends with and without tls://", "make two services of it");
  if (service.insecure && !service.backend_ca.empty())
    return fault("insecure", "verifies its backends and does not", "remove \"insecure\", or \"backend_ca\"");
  if (!service.insecure && service.backend_ca.empty())
    return fault("backends", "does not say whose backends it trusts",
                 "name the PEM file with the authorities of their certificates: backend_ca = \"backends-ca.pem\"");
  if (!service.insecure && service.backend_name.empty())
    return fault("backends", "does not say what its backends' certificates are for",
                 "add the name that stands in them: backend_name = \"app.internal\"");
  if (service.backend_name.size() > tls::kMaxClientServerName)
    return fault("backend_name", "has a backend_name that is too long for a host name", "use at most 253 characters");
  if (service.backend_versions.empty())
    return fault("backend_versions", "speaks no version with its backends", "name \"1.3\", \"1.2\", or both");
  if (!service.backend_certificates.empty() &&
      std::count(service.backend_versions.begin(), service.backend_versions.end(), tls::Version::tls13) == 0)
    return fault("backend_certificates", "has certificates for its backends, but shows them in TLS 1.3 only",
                 "add \"1.3\" to backend_versions, or remove it");
  return true;
}

/// The certificates that are shown to backends, one of each type of key: the first.
tls::Identity identity_of(const config::Service& service, const EntryIndex& by_entry) {
  tls::Identity identity;
  for (const std::string& name : service.backend_certificates) {
    const auto found = by_entry.find(name);
    if (found == by_entry.end()) continue;
    for (const LoadedCertificate* const certificate : found->second) {
      if (certificate->key == nullptr || certificate->messages == nullptr) continue;
      const bool taken =
          std::any_of(identity.credentials.begin(), identity.credentials.end(),
                      [&](const tls::Credential& other) { return other.key->type() == certificate->key->type(); });
      if (!taken) identity.credentials.push_back({certificate->key, certificate->messages});
    }
  }
  return identity;
}

/// Sessions go on only where the same servers would be believed, and would be shown the same.
std::array<std::uint8_t, 16> resumption_scope(const tls::ClientConfig& client) {
  std::array<std::uint8_t, 512> text;
  Writer writer(text);
  writer.bytes(text_bytes("lockstep backend scope 1"));
  {
    const auto length = writer.length8();
    writer.bytes(text_bytes(client.certified_name));
  }
  if (client.trust != nullptr) writer.bytes(client.trust->digest());
  std::array<std::uint8_t, 32> digest;
  for (const tls::Credential& credential : client.identity.credentials) {
    digest_of(Hash::sha256, tls::choose_form(credential.messages->tls13, {}).messages, digest);
    writer.bytes(digest);
  }
  digest_of(Hash::sha256, writer.written(), digest);
  std::array<std::uint8_t, 16> scope;
  std::copy_n(digest.begin(), scope.size(), scope.begin());
  return scope;
}

}  // namespace

std::shared_ptr<const tls::ClientConfig> load_backend_tls(const config::Service& service, const EntryIndex& by_entry,
                                                          Diagnostics& diagnostics) {
  const auto& encrypted = service.backend_speaks_tls;
  if (std::find(encrypted.begin(), encrypted.end(), true) == encrypted.end()) {
    check_plain(service, diagnostics);
    return nullptr;
  }
  if (!consistent(service, diagnostics)) return nullptr;
  auto client = std::make_shared<tls::ClientConfig>();
  client->certified_name = service.backend_name;
  // RFC 6066 section 3: no addresses.
  if (!IpAddress::parse(service.backend_name)) client->server_name = service.backend_name;
  const auto speaks = [&](tls::Version version) {
    const auto& versions = service.backend_versions;
    return std::find(versions.begin(), versions.end(), version) != versions.end();
  };
  client->tls13 = speaks(tls::Version::tls13);
  client->tls12 = speaks(tls::Version::tls12);
  client->identity = identity_of(service, by_entry);
  client->handshake_timeout = service.proxy.connect_timeout;
  if (service.insecure) {
    client->resumption_scope = resumption_scope(*client);
    return client;
  }
  const Result<std::string, std::string> authorities = read_text_file(service.backend_ca);
  const auto refuse = [&](const std::string& error) {
    report(diagnostics, service.source.at("backend_ca"), service.backend_ca, error);
    return nullptr;
  };
  if (!authorities) return refuse(authorities.error());
  const auto loaded = crypto::load_trust_store({.authorities = authorities.value()});
  if (!loaded) return refuse(loaded.error());
  client->trust = loaded.value().store;
  client->resumption_scope = resumption_scope(*client);
  return client;
}

}  // namespace lockstep::certs

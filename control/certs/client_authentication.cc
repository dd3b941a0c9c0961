#include "control/certs/client_authentication.h"

#include "control/certs/report.h"
#include "control/certs/secret_file.h"
#include "control/config/values.h"
#include "crypto/openssl/trust_store.h"

namespace lockstep::certs {
namespace {

using config::Diagnostics;
using config::in_quotes;

/// Where the settings contradict each other.
bool consistent(const config::Service& service, Diagnostics& diagnostics) {
  const bool asks = service.client_auth != config::ClientAuth::none;
  const std::string name = "service " + in_quotes(service.proxy.name);
  if (asks && service.proxy.mode != proxy::Mode::tls) {
    diagnostics.error(service.source.at("client_auth"), name + " speaks plain TCP and cannot ask for certificates",
                      "remove \"client_auth\", or set mode = \"tls\"");
    return false;
  }
  if (asks && service.client_ca.empty()) {
    diagnostics.error(service.source.at("client_auth"), name + " asks for certificates of no authority",
                      "name the PEM file with the authorities of its clients: client_ca = \"clients-ca.pem\"");
    return false;
  }
  for (const char* const key : {"client_ca", "client_crl", "client_verify_depth"}) {
    if (asks || !service.source.has(key)) continue;
    diagnostics.error(service.source.at(key), in_quotes(key) + " is for services that ask for certificates",
                      "add client_auth = \"required\" or \"optional\", or remove it");
    return false;
  }
  return asks;
}

}  // namespace

std::shared_ptr<const tls::ClientAuthentication> load_client_authentication(const config::Service& service,
                                                                            Diagnostics& diagnostics) {
  if (!consistent(service, diagnostics)) return nullptr;
  const Result<std::string, std::string> authorities = read_text_file(service.client_ca);
  if (!authorities) {
    report(diagnostics, service.source.at("client_ca"), service.client_ca, authorities.error());
    return nullptr;
  }
  crypto::TrustStoreSource source;
  source.authorities = authorities.value();
  source.depth = service.client_verify_depth;
  auto loaded = crypto::load_trust_store(source);
  if (!loaded) {
    report(diagnostics, service.source.at("client_ca"), service.client_ca, loaded.error());
    return nullptr;
  }
  std::vector<std::string> lists;
  for (std::size_t i = 0; i < service.client_crl.size(); ++i) {
    const Result<std::string, std::string> text = read_text_file(service.client_crl[i]);
    // Each by itself as well, so that an error names its file.
    std::string error = text ? "" : text.error();
    if (text)
      if (const auto alone = crypto::load_trust_store({source.authorities, {text.value()}, source.depth}); !alone)
        error = alone.error();
    if (!error.empty()) {
      report(diagnostics, service.source.at("client_crl", i), service.client_crl[i], error);
      return nullptr;
    }
    lists.push_back(text.value());
  }
  source.revocation_lists.assign(lists.begin(), lists.end());
  loaded = crypto::load_trust_store(source);
  if (!loaded) {
    report(diagnostics, service.source.at("client_crl"), service.client_ca, loaded.error());
    return nullptr;
  }
  return std::make_shared<const tls::ClientAuthentication>(tls::make_client_authentication(
      service.client_auth == config::ClientAuth::required, loaded.value().store, loaded.value().names));
}

}  // namespace lockstep::certs

#include <algorithm>
#include <map>
#include <unordered_set>

#include "control/config/validate.h"
#include "control/config/values.h"
#include "dataplane/tls/cipher_suites.h"

namespace lockstep::config {
namespace {

using certs::LoadedCertificate;

bool is_local(const Config& config, const IpAddress& ip) {
  for (const Port& port : config.ports)
    for (const net::InterfaceAddress& address : port.addresses)
      if (address.ip == ip) return true;
  return false;
}

bool has_family(const Config& config, bool v4) {
  for (const Port& port : config.ports)
    for (const net::InterfaceAddress& address : port.addresses)
      if (address.ip.is_v4() == v4) return true;
  return false;
}

/// Whether some port has `ip` on its link or a gateway for its family.
bool is_reachable(const Config& config, const IpAddress& ip) {
  for (const Port& port : config.ports) {
    if (ip.is_v4() ? port.gateway.has_value() : port.gateway_v6.has_value()) return true;
    for (const net::InterfaceAddress& address : port.addresses)
      if (same_prefix(address, ip)) return true;
  }
  return false;
}

std::string addresses_of(const Config& config) {
  std::string text;
  for (const Port& port : config.ports)
    for (const net::InterfaceAddress& address : port.addresses)
      text += (text.empty() ? "" : ", ") + address.ip.to_string();
  return text;
}

void check_listen(const Config& config, const Service& service, Diagnostics& diagnostics) {
  if (service.proxy.listen.empty() && service.source.has("listen") && !service.source.has("listen[0]"))
    diagnostics.error(service.source.at("listen"), "\"listen\" is empty", "add an address, such as \"198.18.0.2:443\"");
  const std::string addresses = addresses_of(config);
  for (std::size_t i = 0; i < service.proxy.listen.size(); ++i) {
    const SocketAddress& listen = service.proxy.listen[i];
    const Position at = service.source.at("listen", i);
    if (listen.port == 0) diagnostics.error(at, "port 0 cannot be listened on", "use a port from 1 to 65535");
    if (addresses.empty()) continue;  // said of the ports
    if (listen.ip.is_any() ? !has_family(config, listen.ip.is_v4()) : !is_local(config, listen.ip))
      diagnostics.error(
          at, listen.to_string() + (listen.ip.is_any() ? " matches no port's address" : " is on no port's address"),
          "use one of " + addresses + ", or add it to a port's addresses");
  }
}

void check_backend(const Config& config, const Service& service, std::size_t index, Diagnostics& diagnostics) {
  const proxy::BackendConfig& backend = service.proxy.backends[index];
  const Position at = service.source.at("backends", index);
  const std::string text = backend.address.to_string();
  if (const std::string fault = name_fault(backend.name); !fault.empty())
    diagnostics.error(at, "the backend's name " + in_quotes(backend.name) + " " + fault, "choose another");
  if (backend.address.port == 0)
    diagnostics.error(at, "the backend " + text + " has port 0", "use a port from 1 to 65535");
  if (backend.address.ip.is_any() || backend.address.ip.is_multicast())
    diagnostics.error(at, text + " cannot be connected to", "use the address of a host");
  else if (backend.address.ip.is_loopback())
    diagnostics.error(at, text + " is this machine's own loopback, which is the kernel's and reached by no port",
                      "let the backend listen on an address that a port reaches, such as the TAP's kernel_address");
  else if (is_local(config, backend.address.ip))
    diagnostics.error(at, "the backend " + text + " is an address of this service's own ports", "name another host");
  else if (!is_reachable(config, backend.address.ip))
    diagnostics.error(at, "no port has a route to the backend " + text,
                      "add a gateway to a port, or an address in the backend's network");
  for (std::size_t i = 0; i < index; ++i) {
    if (service.proxy.backends[i].address == backend.address)
      diagnostics.error(at, "the backend " + text + " stands twice in service " + in_quotes(service.proxy.name),
                        "remove one");
    else if (service.proxy.backends[i].name == backend.name)
      diagnostics.error(
          at, "two backends of service " + in_quotes(service.proxy.name) + " are called " + in_quotes(backend.name),
          "rename one");
  }
}

void check_channel_binding(const Service& service, Diagnostics& diagnostics) {
  if (!service.proxy.channel_binding) return;
  const Position at = service.source.at("channel_binding");
  if (!service.proxy.proxy_protocol)
    diagnostics.error(at, "\"channel_binding\" is told in the PROXY header, which is off",
                      "add proxy_protocol = \"v2\"");
  if (service.proxy.mode != proxy::Mode::tls)
    diagnostics.error(at, "\"channel_binding\" is for clients that speak TLS", "remove it, or set mode = \"tls\"");
  if (service.tls.early_data != 0)
    diagnostics.error(at, "\"channel_binding\" is there when the handshake is over, and early data comes before",
                      "remove one of \"channel_binding\" and \"early_data\"");
}

void check_target(const Config& config, const Service& service, Diagnostics& diagnostics) {
  const bool builtin = service.proxy.builtin != proxy::Builtin::none;
  const Position at = service.source.section();
  const std::string name = "service " + in_quotes(service.proxy.name);
  if (builtin && !service.proxy.backends.empty())
    diagnostics.error(service.source.at("builtin"), name + " has backends and a builtin", "remove one of them");
  if (!builtin && service.proxy.backends.empty() && !service.source.has("backends[0]"))
    diagnostics.error(at, name + " has nothing to forward to",
                      "add backends = [\"198.18.0.1:8080\"] or builtin = \"http\"");
  if (service.source.has("bytes") && service.proxy.builtin != proxy::Builtin::chargen)
    diagnostics.error(service.source.at("bytes"), "\"bytes\" is for builtin = \"chargen\" only", "remove it");
  if (service.proxy.proxy_protocol && builtin)
    diagnostics.error(service.source.at("proxy_protocol"), "\"proxy_protocol\" is for backends only", "remove it");
  check_channel_binding(service, diagnostics);
  for (std::size_t i = 0; i < service.proxy.backends.size(); ++i) check_backend(config, service, i, diagnostics);
}

/// What the services may refer to.
struct Certificates {
  std::vector<std::string> names;              // of the [[certificate]] entries, in order
  std::unordered_set<std::string_view> known;  // the same
  certs::EntryIndex by_entry;
};

/// A certificate and the place where the service names it.
struct Used {
  const LoadedCertificate* certificate;
  Position at;
};

/// Two certificates for one name with the same kind of key: only the first would ever be used.
void check_names(const std::vector<Used>& used, Diagnostics& diagnostics) {
  std::map<std::pair<std::string_view, crypto::KeyType>, const LoadedCertificate*> owners;
  for (const auto& [certificate, at] : used) {
    for (const std::string& dns : certificate->chain.dns_names) {
      const auto [owner, fresh] =
          owners.emplace(std::pair<std::string_view, crypto::KeyType>(dns, certificate->chain.key_type), certificate);
      if (fresh || owner->second->name == certificate->name) continue;  // the same name twice is said elsewhere
      diagnostics.warning(at,
                          "certificates " + in_quotes(owner->second->name) + " and " + in_quotes(certificate->name) +
                              " both have an " + certs::key_name(certificate->chain) + " key for " + in_quotes(dns),
                          "the first is used; remove the other");
      break;
    }
  }
}

/// Prefers the service's own word over the section it takes its defaults from.
Position tls_position(const Config& config, const Service& service, const char* key) {
  if (service.tls.source.has(key)) return service.tls.source.at(key);
  if (config.tls.source.has(key)) return config.tls.source.at(key);
  return service.source.section();
}

void check_suites(const Config& config, const Service& service, const std::vector<Used>& used,
                  Diagnostics& diagnostics) {
  const Tls& tls = service.tls;
  const Position at = tls_position(config, service, "cipher_suites");
  const bool tls13 = std::count(tls.versions.begin(), tls.versions.end(), tls::Version::tls13) != 0;
  const bool tls12 = std::count(tls.versions.begin(), tls.versions.end(), tls::Version::tls12) != 0;
  if (tls13 && std::none_of(tls.cipher_suites.begin(), tls.cipher_suites.end(), is_tls13))
    diagnostics.error(at, "\"versions\" has 1.3, \"cipher_suites\" has no suite of it",
                      "add TLS_AES_128_GCM_SHA256, or remove 1.3");
  if (tls12 && std::all_of(tls.cipher_suites.begin(), tls.cipher_suites.end(), is_tls13)) {
    diagnostics.error(
        at, "\"versions\" has 1.2, \"cipher_suites\" has no suite of it",
        "add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 or TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, or remove 1.2");
    return;
  }
  if (!tls12) return;
  for (const auto& [certificate, ignored] : used) {
    const crypto::CertificateChain& chain = certificate->chain;
    if (std::none_of(tls.cipher_suites.begin(), tls.cipher_suites.end(),
                     [&](tls::CipherSuite suite) { return fits(suite, chain); }))
      diagnostics.warning(at,
                          "no suite of TLS 1.2 fits the " + certs::key_name(chain) + " key of certificate " +
                              in_quotes(certificate->name),
                          "add one with _" +
                              std::string(chain.key_type == crypto::KeyType::rsa ? "ECDHE_RSA" : "ECDSA") +
                              "_ in its name, or remove 1.2");
  }
}

void check_alpn(const Config& config, const Service& service, Diagnostics& diagnostics) {
  for (const std::string& protocol : service.tls.alpn)
    if (protocol.empty() || protocol.size() > 255)  // RFC 7301 section 3.1
      diagnostics.error(tls_position(config, service, "alpn"), "an ALPN protocol name is empty or too long",
                        "use 1 to 255 bytes");
}

/// The side of a handshake on which a certificate is shown.
struct Side {
  const char* key;  // the list that names it
  bool crypto::CertificateChain::* allowed;
  const char* who;
  const char* usage;
};
constexpr Side kServer = {"certificates", &crypto::CertificateChain::for_servers, "servers", "serverAuth"};
constexpr Side kClient = {"backend_certificates", &crypto::CertificateChain::for_clients, "clients", "clientAuth"};

void check_usage(const LoadedCertificate& certificate, const Side& side, Position position, Diagnostics& diagnostics) {
  if (certificate.key != nullptr && !(certificate.chain.*side.allowed))
    diagnostics.error(
        position,
        "the extended key usage of certificate " + in_quotes(certificate.name) + " does not allow TLS " + side.who,
        std::string("get it issued with ") + side.usage);
}

/// Whether entry `i` of the list names a certificate, which has to be one for that side.
bool check_entry(const Service& service, const Side& side, std::size_t i, const std::string& entry,
                 const Certificates& certificates, Diagnostics& diagnostics) {
  const Position position = service.source.at(side.key, i);
  if (const auto found = certificates.by_entry.find(entry); found != certificates.by_entry.end())
    for (const LoadedCertificate* const certificate : found->second)
      check_usage(*certificate, side, position, diagnostics);
  if (certificates.known.count(entry) != 0) return true;
  const std::string near = nearest(entry, certificates.names);
  diagnostics.error(position, "there is no certificate called " + in_quotes(entry),
                    near.empty() ? "add a [[certificate]] with this name" : "did you mean " + in_quotes(near) + "?");
  return false;
}

void check_tls(const Config& config, const Service& service, const Certificates& certificates,
               Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < service.backend_certificates.size(); ++i)
    check_entry(service, kClient, i, service.backend_certificates[i], certificates, diagnostics);

  const std::string name = "service " + in_quotes(service.proxy.name);
  if (service.proxy.mode == proxy::Mode::tcp) {
    if (!service.certificates.empty())
      diagnostics.error(service.source.at("certificates"), name + " speaks plain TCP but has certificates",
                        "remove them, or set mode = \"tls\"");
    return;
  }
  if (service.certificates.empty())
    diagnostics.error(service.source.section(), name + " speaks TLS but has no certificate",
                      "add certificates = [\"NAME\"] with the name of a [[certificate]], or set mode = \"tcp\"");
  std::vector<Used> used;
  for (std::size_t i = 0; i < service.certificates.size(); ++i) {
    const std::string& entry = service.certificates[i];
    if (!check_entry(service, kServer, i, entry, certificates, diagnostics)) continue;
    const auto found = certificates.by_entry.find(entry);
    if (found == certificates.by_entry.end()) continue;
    for (const LoadedCertificate* const certificate : found->second)
      if (certificate->key != nullptr) used.push_back({certificate, service.source.at("certificates", i)});
  }
  check_names(used, diagnostics);
  check_suites(config, service, used, diagnostics);
  check_alpn(config, service, diagnostics);
}

void check_files(const Certificate& certificate, Diagnostics& diagnostics) {
  const Source& source = certificate.source;
  if (certificate.directory.empty() && certificate.chain.empty())
    diagnostics.error(
        source.section(), "[[certificate]] has neither \"chain\" nor \"directory\"",
        "name the PEM file with the server's certificate and its intermediates, or a folder of such files");
  if (certificate.directory.empty()) return;
  for (const char* const key : {"chain", "key", "ocsp_response", "sct_list"})
    if (source.has(key))
      diagnostics.error(source.at(key), in_quotes(key) + " does not go with \"directory\"",
                        "remove one of them; a folder has these files beside each certificate");
}

void check_certificates(const Config& config, Diagnostics& diagnostics) {
  std::unordered_set<std::string_view> seen, used;
  for (const Service& service : config.services) {
    used.insert(service.certificates.begin(), service.certificates.end());
    used.insert(service.backend_certificates.begin(), service.backend_certificates.end());
  }
  for (const Certificate& certificate : config.certificates) {
    check_files(certificate, diagnostics);
    if (!certificate.source.has("name")) continue;
    if (const std::string fault = name_fault(certificate.name); !fault.empty())
      diagnostics.error(certificate.source.at("name"), "the name " + in_quotes(certificate.name) + " " + fault,
                        "choose another");
    if (!seen.insert(certificate.name).second)
      diagnostics.error(certificate.source.at("name"), "two certificates are called " + in_quotes(certificate.name),
                        "rename one");
    if (used.count(certificate.name) == 0)
      diagnostics.warning(certificate.source.section(), "no service uses certificate " + in_quotes(certificate.name),
                          "name it in a service's certificates or backend_certificates, or remove it");
  }
}

void check_pair(const Service& earlier, const Service& later, Diagnostics& diagnostics) {
  if (earlier.proxy.name == later.proxy.name)
    diagnostics.error(later.source.at("name"), "two services are called " + in_quotes(later.proxy.name), "rename one");
  for (std::size_t i = 0; i < later.proxy.listen.size(); ++i)
    for (const SocketAddress& other : earlier.proxy.listen)
      if (other == later.proxy.listen[i])
        diagnostics.error(later.source.at("listen", i),
                          other.to_string() + " is taken by service " + in_quotes(earlier.proxy.name),
                          "listen on another address or port");
}

void check_service(const Config& config, const Service& service, const Certificates& certificates,
                   Diagnostics& diagnostics) {
  if (service.source.has("name"))
    if (const std::string fault = name_fault(service.proxy.name); !fault.empty())
      diagnostics.error(service.source.at("name"), "the name " + in_quotes(service.proxy.name) + " " + fault,
                        "choose another");
  for (std::size_t a = 0; a < service.proxy.listen.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      if (service.proxy.listen[a] == service.proxy.listen[b])
        diagnostics.error(service.source.at("listen", a),
                          service.proxy.listen[a].to_string() + " stands twice in \"listen\"", "remove one");
  check_listen(config, service, diagnostics);
  check_target(config, service, diagnostics);
  check_tls(config, service, certificates, diagnostics);
}

}  // namespace

bool fits(tls::CipherSuite suite, const crypto::CertificateChain& chain) {
  const tls::CipherSuiteTraits& traits = *tls::find_traits(suite);
  if (traits.version != tls::Version::tls12) return false;
  const bool rsa = chain.key_type == crypto::KeyType::rsa;
  if (traits.key_exchange == tls::KeyExchange::rsa) return rsa && chain.key_encipherment;
  return rsa == (traits.authentication == tls::Authentication::rsa);
}

bool is_tls13(tls::CipherSuite suite) {
  return tls::find_traits(suite)->version == tls::Version::tls13;
}

void validate_services(const Config& config, const std::vector<LoadedCertificate>& loaded, Diagnostics& diagnostics) {
  if (config.services.empty() && diagnostics.ok())
    diagnostics.error({1, 1}, "there is no [[service]]", "add one with name, listen and backends or builtin");
  check_certificates(config, diagnostics);
  Certificates certificates;
  for (const Certificate& certificate : config.certificates) certificates.names.push_back(certificate.name);
  certificates.known.insert(certificates.names.begin(), certificates.names.end());
  certificates.by_entry = certs::by_entry(loaded);
  for (std::size_t i = 0; i < config.services.size(); ++i) {
    check_service(config, config.services[i], certificates, diagnostics);
    for (std::size_t j = 0; j < i; ++j) check_pair(config.services[j], config.services[i], diagnostics);
  }
}

}  // namespace lockstep::config

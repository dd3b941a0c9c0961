#include "control/cli/explain.h"

#include <algorithm>

#include "control/config/validate.h"
#include "control/log/events.h"
#include "control/snapshot/build.h"

#include <nlohmann/json.hpp>

namespace lockstep::cli {
namespace {

using Json = nlohmann::ordered_json;
using certs::LoadedCertificate;

/// What is said and what is used may differ: a suite of a version that is off, or one that no key can serve.
Json suites_json(const tls::ServerConfig& tls, const std::vector<const LoadedCertificate*>& used) {
  Json list = Json::array();
  for (const tls::CipherSuite suite : tls.cipher_suites) {
    const bool tls13 = config::is_tls13(suite);
    if (tls13 ? !tls.tls13 : !tls.tls12) continue;
    const bool fits = tls13 || std::any_of(used.begin(), used.end(), [&](const LoadedCertificate* certificate) {
                        return config::fits(suite, certificate->chain);
                      });
    list.push_back({{"iana", tls::name(suite)},
                    {"openssl", tls::openssl_name(suite)},
                    {"version", tls13 ? "1.3" : "1.2"},
                    {"usable", fits}});
  }
  return list;
}

Json schemes_json(const tls::ServerConfig& tls, const std::vector<const LoadedCertificate*>& used) {
  Json list = Json::array();
  for (const crypto::SignatureScheme scheme : tls.signature_schemes) {
    const bool fits = std::any_of(used.begin(), used.end(), [&](const LoadedCertificate* certificate) {
      return certificate->key->can_sign(scheme);
    });
    list.push_back({{"name", log::signature_scheme_name(static_cast<std::uint16_t>(scheme))}, {"usable", fits}});
  }
  return list;
}

Json certificate_json(const LoadedCertificate& certificate) {
  return {{"name", certificate.name},
          {"dns_names", certificate.chain.dns_names},
          {"key", certs::key_name(certificate.chain)},
          {"not_after", certs::utc_time(certificate.chain.not_after)},
          {"chain", certificate.chain.subjects},
          {"root_left_out", certificate.chain.root_left_out},
          {"ocsp", certificate.fetch_ocsp ? "fetched" : certs::state_name(certificate.staple)},
          {"must_staple", certificate.chain.must_staple},
          {"scts", !certificate.sct_list.empty()}};
}

Json sessions_json(const tls::ServerConfig& tls) {
  return {{"lifetime_seconds", tls.session_lifetime.milliseconds() / 1000},
          {"tickets", tls.tickets},
          {"psk_ke", tls.psk_ke},
          {"early_data", tls.max_early_data}};
}

Json client_auth_json(const config::Service& service) {
  if (service.client_auth == config::ClientAuth::none) return "none";
  return {{"required", service.client_auth == config::ClientAuth::required},
          {"ca", service.client_ca},
          {"crl", service.client_crl},
          {"verify_depth", service.client_verify_depth}};
}

Json tls_json(const config::Service& service, const certs::EntryIndex& by_entry) {
  const std::vector<const LoadedCertificate*> used = snapshot::certificates_of(service, by_entry);
  const tls::ServerConfig tls = snapshot::server_config(service.tls, used);
  Json versions = Json::array(), groups = Json::array(), certificates = Json::array();
  if (tls.tls13) versions.push_back("1.3");
  if (tls.tls12) versions.push_back("1.2");
  for (const crypto::NamedGroup group : tls.groups)
    groups.push_back(log::group_name(static_cast<std::uint16_t>(group)));
  for (const LoadedCertificate* const certificate : used) certificates.push_back(certificate_json(*certificate));
  const config::Policy& policy = *service.tls.policy;
  const auto same = [](const auto& a, const auto& b) { return a == b; };
  Json replaced = Json::array();
  if (!same(policy.versions, service.tls.versions)) replaced.push_back("versions");
  if (!same(policy.cipher_suites, service.tls.cipher_suites)) replaced.push_back("cipher_suites");
  if (!same(policy.groups, service.tls.groups)) replaced.push_back("groups");
  return {{"policy", policy.full_name()},
          {"replaced", replaced},
          {"versions", versions},
          {"cipher_suites", suites_json(tls, used)},
          {"order", tls.prefer_server_order ? "server" : "client"},
          {"groups", groups},
          {"signature_schemes", schemes_json(tls, used)},
          {"alpn", tls.alpn},
          {"strict_sni", tls.strict_sni},
          {"sessions", sessions_json(tls)},
          {"client_auth", client_auth_json(service)},
          {"certificates", certificates}};
}

std::string joined(const Json& list, const char* between = ", ") {
  std::string text;
  for (const Json& item : list) text += (text.empty() ? "" : between) + item.get<std::string>();
  return text.empty() ? "none" : text;
}

std::string row(const std::string& label, const std::string& text) {
  return "  " + label + std::string(label.size() < 20 ? 20 - label.size() : 1, ' ') + text + "\n";
}

/// One line for each; what cannot be used says so.
std::string suites_text(const Json& suites) {
  std::string text;
  for (const Json& suite : suites) {
    const std::string iana = suite.at("iana"), openssl = suite.at("openssl");
    std::string line = iana;
    if (openssl != iana) line.append(" (").append(openssl).append(")");
    if (!suite.at("usable").get<bool>()) line += "  unused: no certificate fits";
    text += row(text.empty() ? "cipher suites" : "", line);
  }
  return text;
}

std::string schemes_text(const Json& schemes) {
  std::string text;
  for (const Json& scheme : schemes)
    if (scheme.at("usable").get<bool>()) text += (text.empty() ? "" : ", ") + scheme.at("name").get<std::string>();
  return row("signature schemes", text.empty() ? "none" : text);
}

std::string sessions_text(const Json& sessions) {
  return row("sessions", "resumed for " + sessions.at("lifetime_seconds").dump() + " s, " +
                             sessions.at("tickets").dump() + " tickets after a TLS 1.3 handshake" +
                             (sessions.at("psk_ke").get<bool>() ? ", without a key exchange too" : "")) +
         row("early data", sessions.at("early_data") == 0 ? "refused" : sessions.at("early_data").dump() + " bytes");
}

std::string client_auth_text(const Json& asked) {
  if (!asked.is_object()) return row("client certificates", "not asked for");
  return row("client certificates", std::string(asked.at("required").get<bool>() ? "required" : "optional") + ", by " +
                                        asked.at("ca").get<std::string>() + ", CRLs: " + joined(asked.at("crl")) +
                                        ", depth " + asked.at("verify_depth").dump());
}

std::string certificate_text(const Json& certificate) {
  return row("certificate", certificate.at("name").get<std::string>() + ": " +
                                certificate.at("key").get<std::string>() + ", until " +
                                certificate.at("not_after").get<std::string>()) +
         row("", "names: " + joined(certificate.at("dns_names"))) +
         row("", "chain: " + joined(certificate.at("chain"), " <- ") +
                     (certificate.at("root_left_out").get<bool>() ? " (root not sent)" : "")) +
         row("", "OCSP response: " + certificate.at("ocsp").get<std::string>() +
                     (certificate.at("must_staple").get<bool>() ? " (must-staple)" : "") +
                     ", SCTs: " + (certificate.at("scts").get<bool>() ? "yes" : "none"));
}

std::string tls_text(const Json& tls) {
  std::string text = row("policy", tls.at("policy").get<std::string>() +
                                       (tls.at("replaced").empty() ? "" : ", own " + joined(tls.at("replaced"))));
  text += row("versions", joined(tls.at("versions")));
  text += suites_text(tls.at("cipher_suites"));
  text += row("order", "the " + tls.at("order").get<std::string>() + "'s");
  text += row("groups", joined(tls.at("groups")));
  text += schemes_text(tls.at("signature_schemes"));
  text += row("ALPN", joined(tls.at("alpn")));
  text += row("unknown names", tls.at("strict_sni").get<bool>() ? "refused" : "get the first certificate");
  text += sessions_text(tls.at("sessions"));
  text += client_auth_text(tls.at("client_auth"));
  for (const Json& certificate : tls.at("certificates")) text += certificate_text(certificate);
  return text;
}

}  // namespace

std::string explain_json(const config::Loaded& loaded) {
  Json services = Json::array();
  const certs::EntryIndex by_entry = certs::by_entry(loaded.certificates);
  for (const config::Service& service : loaded.config.services) {
    Json listen = Json::array();
    for (const SocketAddress& address : service.proxy.listen) listen.push_back(address.to_string());
    const bool tls = service.proxy.mode == proxy::Mode::tls;
    Json& described =
        services.emplace_back(Json{{"name", service.proxy.name}, {"mode", tls ? "tls" : "tcp"}, {"listen", listen}});
    if (tls) described["tls"] = tls_json(service, by_entry);
  }
  return Json{{"services", services}}.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string explain_text(const std::string& json) {
  std::string text;
  const Json document = Json::parse(json);
  for (const Json& service : document.at("services")) {
    text += (text.empty() ? "" : "\n") + ("service " + service.at("name").get<std::string>()) + " (" +
            service.at("mode").get<std::string>() + ")\n" + row("listen", joined(service.at("listen")));
    if (service.contains("tls")) text += tls_text(service.at("tls"));
  }
  return text;
}

}  // namespace lockstep::cli

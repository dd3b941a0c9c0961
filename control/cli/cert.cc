#include <algorithm>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "control/api/client.h"
#include "control/api/table.h"
#include "control/certs/loaded_certificate.h"
#include "control/cli/commands.h"
#include "control/service/privileges.h"

namespace lockstep::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kDay = 86400;

int complain(const std::string& what) {
  std::fprintf(stderr, "lockstep: %s\n", what.c_str());
  return 1;
}

int not_understood() {
  return complain("the service's answer cannot be understood; use the same version as the service");
}

std::string list_table(const Json& document) {
  std::vector<const Json*> sorted;
  for (const Json& certificate : document.at("certificates")) sorted.push_back(&certificate);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Json* a, const Json* b) { return a->at("not_after") < b->at("not_after"); });
  api::Table table;
  table.row({"certificate", "key", "valid until", "OCSP", "services", "issuer", "names"});
  for (const Json* const c : sorted)
    table.row({api::cell(c->at("name")), api::cell(c->at("key")), api::cell(c->at("not_after")),
               api::cell(c->at("ocsp")), api::cell(c->at("services")), api::cell(c->at("issuer")),
               api::cell(c->at("dns_names"))});
  return table.text();
}

std::string reload_text(const Json& document) {
  std::string text;
  for (const Json& problem : document.at("problems")) text += problem.get<std::string>() + "\n";
  if (!document.at("reloaded").get<bool>()) return text + "nothing was changed: the old configuration stays in use\n";
  text += "reloaded: configuration " + document.at("epoch").dump() + " is in use\n";
  for (const Json& change : document.at("changes")) text += "  " + change.get<std::string>() + "\n";
  if (document.at("changes").empty()) text += "  no certificate changed\n";
  return text;
}

Json check_json(const certs::LoadedCertificate& loaded, const config::Diagnostics& diagnostics, std::int64_t now) {
  Json problems = Json::array();
  for (const config::Diagnostic& diagnostic : diagnostics.sorted())
    problems.push_back({{"severity", diagnostic.severity == config::Severity::error ? "error" : "warning"},
                        {"message", diagnostic.message},
                        {"remedy", diagnostic.remedy}});
  Json document = {{"file", loaded.file}, {"usable", diagnostics.ok()}, {"problems", problems}};
  const crypto::CertificateChain& chain = loaded.chain;
  if (chain.der.empty()) return document;
  document.update({{"subject", chain.subject},
                   {"dns_names", chain.dns_names},
                   {"key", certs::key_name(chain)},
                   {"key_matches", loaded.key != nullptr},
                   {"not_before", certs::utc_time(chain.not_before)},
                   {"not_after", certs::utc_time(chain.not_after)},
                   {"days_left", (chain.not_after - now) / kDay},
                   {"chain", chain.subjects},
                   {"root_left_out", chain.root_left_out},
                   {"ocsp_responders", chain.ocsp_urls},
                   {"must_staple", chain.must_staple}});
  return document;
}

std::string line(const char* label, const std::string& text) {
  std::string padded(label);
  padded.resize(14, ' ');
  return "  " + padded + text + "\n";
}

std::string check_text(const Json& d) {
  std::string text;
  for (const Json& p : d.at("problems"))
    text += p.at("severity").get<std::string>() + ": " + p.at("message").get<std::string>() + "; " +
            p.at("remedy").get<std::string>() + "\n";
  text += d.at("file").get<std::string>() + ": " + (d.at("usable").get<bool>() ? "ok" : "cannot be used") + "\n";
  if (!d.contains("subject")) return text;
  text += line("subject", api::cell(d.at("subject"))) + line("names", api::cell(d.at("dns_names")));
  text += line("key", api::cell(d.at("key")) + (d.at("key_matches").get<bool>() ? ", matches" : ", not usable"));
  text += line("valid", api::cell(d.at("not_before")) + " to " + api::cell(d.at("not_after")) + ", " +
                            d.at("days_left").dump() + " days left");
  std::string chain;
  for (const Json& subject : d.at("chain")) chain += (chain.empty() ? "" : " <- ") + subject.get<std::string>();
  text += line("chain", chain + (d.at("root_left_out").get<bool>() ? " (root not sent)" : ""));
  text += line("OCSP", d.at("ocsp_responders").empty() ? "no responder" : api::cell(d.at("ocsp_responders")));
  if (d.at("must_staple").get<bool>()) text += line("must-staple", "yes");
  return text;
}

/// Asks, and prints the answer as it is or as `text` makes it; an answer that `text` cannot read is complained about.
template <class Text>
int show(const Result<std::string, std::string>& answer, bool json, Text&& text, Json& document) {
  if (!answer) return complain(answer.error());
  document = Json::parse(answer.value(), nullptr, false);
  try {
    std::fputs(json ? answer.value().c_str() : text(document).c_str(), stdout);
  } catch (const Json::exception&) {
    return not_understood();
  }
  return 0;
}

}  // namespace

int cert_list(const ServiceOptions& options) {
  const std::string socket = socket_of(options);
  if (socket.empty()) return 1;
  Json document;
  return show(api::get(socket, "/certificates"), options.json, list_table, document);
}

int cert_reload(const ServiceOptions& options) {
  const std::string socket = socket_of(options);
  if (socket.empty()) return 1;
  Json document;
  if (const int result = show(api::post(socket, "/certificates/reload"), options.json, reload_text, document))
    return result;
  return document.is_object() && document.value("reloaded", false) ? 0 : 1;
}

int cert_check(const CertCheckOptions& options) {
  if (const std::string error = service::harden_process(); !error.empty()) complain(error);
  config::Certificate certificate;
  certificate.name = options.chain;
  certificate.chain = options.chain;
  certificate.key = options.key;
  if (!options.passphrase_command.empty()) certificate.passphrase_command = {options.passphrase_command};
  config::Diagnostics diagnostics(options.chain);
  const std::int64_t now = std::time(nullptr);
  const certs::LoadedCertificate loaded = certs::load_all({certificate}, now, diagnostics).front();
  const Json document = check_json(loaded, diagnostics, now);
  const std::string text =
      options.json ? document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n" : check_text(document);
  std::fputs(text.c_str(), stdout);
  return diagnostics.ok() ? 0 : 1;
}

}  // namespace lockstep::cli

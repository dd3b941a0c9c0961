#include "control/service/certificates.h"

#include <map>

namespace lockstep::service {
namespace {

using certs::LoadedCertificate;

std::string described(const LoadedCertificate& certificate) {
  return certs::key_name(certificate.chain) + ", until " + certs::utc_time(certificate.chain.not_after);
}

std::string difference(const LoadedCertificate& before, const LoadedCertificate& now) {
  if (before.chain.der.front() != now.chain.der.front())
    return "replaced (" + described(now) + "; was " + described(before) + ")";
  if (before.chain.der != now.chain.der) return "another chain of issuers";
  if (before.sct_list != now.sct_list) return "other SCTs";
  if (before.staple.response != now.staple.response) return "another OCSP response";
  return {};
}

}  // namespace

std::vector<std::string> certificate_changes(const std::vector<LoadedCertificate>& before,
                                             const std::vector<LoadedCertificate>& now) {
  std::map<std::string_view, const LoadedCertificate*> old;
  for (const LoadedCertificate& certificate : before) old.emplace(certificate.name, &certificate);
  std::vector<std::string> changes;
  for (const LoadedCertificate& certificate : now) {
    const auto found = old.find(certificate.name);
    if (found == old.end()) {
      changes.push_back(certificate.name + ": added (" + described(certificate) + ")");
      continue;
    }
    if (const std::string what = difference(*found->second, certificate); !what.empty())
      changes.push_back(certificate.name + ": " + what);
    old.erase(found);
  }
  for (const auto& [name, ignored] : old) changes.push_back(std::string(name) + ": removed");
  return changes;
}

std::vector<api::CertificateView> certificate_views(const config::Config& config,
                                                    const std::vector<LoadedCertificate>& certificates) {
  std::map<std::string_view, std::vector<std::string>> services;
  for (const config::Service& service : config.services)
    for (const std::string& entry : service.certificates) services[entry].push_back(service.proxy.name);
  std::vector<api::CertificateView> views;
  views.reserve(certificates.size());
  for (const LoadedCertificate& certificate : certificates) {
    api::CertificateView& view = views.emplace_back();
    view.name = certificate.name;
    view.key = certs::key_name(certificate.chain);
    view.dns_names = certificate.chain.dns_names;
    view.not_after = certificate.chain.not_after;
    view.issuer = certificate.chain.subjects[1];
    view.ocsp = certs::state_name(certificate.staple);
    if (certificate.fetch_ocsp && view.ocsp == "none") view.ocsp = "pending";
    view.ocsp_problem = certificate.staple.problem;
    if (!certificate.staple.response.empty()) view.ocsp_next_update = certificate.staple.next_update;
    if (const auto found = services.find(certificate.entry); found != services.end()) view.services = found->second;
    view.message_bytes = certificate.messages->size();
  }
  return views;
}

}  // namespace lockstep::service

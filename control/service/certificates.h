// What is different between the certificates of two configurations, for the operator who reloads.
#pragma once

#include <string>
#include <vector>

#include "control/api/view.h"
#include "control/certs/loaded_certificate.h"
#include "control/config/config.h"

namespace lockstep::service {

/// One line for each certificate that is new, gone or another than before, by its name.
std::vector<std::string> certificate_changes(const std::vector<certs::LoadedCertificate>& before,
                                             const std::vector<certs::LoadedCertificate>& now);

/// The certificates with the services of `config` that show them, as status has them.
std::vector<api::CertificateView> certificate_views(const config::Config& config,
                                                    const std::vector<certs::LoadedCertificate>& certificates);

}  // namespace lockstep::service

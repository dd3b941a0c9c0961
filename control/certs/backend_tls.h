// How a service speaks TLS to its backends, loaded from files.
#pragma once

#include <memory>

#include "control/certs/loaded_certificate.h"
#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "dataplane/tls/client_config.h"

namespace lockstep::certs {

/// Checks the settings of `service` and loads the authorities that its backends' certificates have to lead to; nullptr
/// when its backends speak plain TCP, or when something is wrong, which goes to `diagnostics`. Names of certificates
/// that are not among those loaded are `config::validate`'s to complain about.
std::shared_ptr<const tls::ClientConfig> load_backend_tls(const config::Service& service, const EntryIndex& by_entry,
                                                          config::Diagnostics& diagnostics);

}  // namespace lockstep::certs

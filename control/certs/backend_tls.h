// How a service speaks TLS to its backends, loaded from files.
#pragma once

#include <memory>

#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "dataplane/tls/client_config.h"

namespace lockstep::certs {

/// Checks the settings of `service` and loads the authorities that its backends' certificates have to lead to; nullptr
/// when its backends speak plain TCP, or when something is wrong, which goes to `diagnostics`.
std::shared_ptr<const tls::ClientConfig> load_backend_tls(const config::Service& service,
                                                          config::Diagnostics& diagnostics);

}  // namespace lockstep::certs

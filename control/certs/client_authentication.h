// What a service wants of its clients' certificates, loaded from files.
#pragma once

#include <memory>

#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "dataplane/tls/client_authentication.h"

namespace lockstep::certs {

/// Loads the bundle and the revocation lists of `service`, whose settings were read; nullptr when it asks for no
/// certificates, or when something is wrong, which goes to `diagnostics`.
std::shared_ptr<const tls::ClientAuthentication> load_client_authentication(const config::Service& service,
                                                                            config::Diagnostics& diagnostics);

}  // namespace lockstep::certs

// What the log says at start, and after a reload, about the services' ways to their backends.
#pragma once

#include "control/config/config.h"
#include "control/log/log.h"

namespace lockstep::service {

/// A line for each address that is listened to, which says how backends are spoken to ("tls" is verified), and a
/// warning for each service that takes any certificate of theirs.
void tell_about_services(log::Log& log, const config::Config& config);
void warn_of_unverified_backends(log::Log& log, const config::Config& config);

}  // namespace lockstep::service

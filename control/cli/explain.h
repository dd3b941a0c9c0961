// What a configuration comes down to, service by service, when policies, overrides and certificates are put together.
#pragma once

#include <string>

#include "control/config/load.h"

namespace lockstep::cli {

/// A JSON document about all services of `loaded`, which has no errors: what the workers would be given.
std::string explain_json(const config::Loaded& loaded);

/// The same document as text.
std::string explain_text(const std::string& json);

}  // namespace lockstep::cli

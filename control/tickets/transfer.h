// Carries a fleet's state from one machine to the next.
#pragma once

#include <memory>
#include <string>

#include "control/config/config.h"
#include "control/tickets/ratchet.h"

namespace lockstep::tickets {

/// The state of this machine, ratcheted to the slice of `now`, so that nobody is handed the past. The error says what
/// is wrong and what to do.
Result<std::unique_ptr<Ratchet>, std::string> export_state(const config::Tickets& config, UnixTime now);

/// Makes `text`, an export of another machine, the state of this one. Returns it as it was written. The error says what
/// is wrong and what to do; then nothing has changed.
Result<std::unique_ptr<Ratchet>, std::string> import_state(const config::Tickets& config, std::string_view text,
                                                           UnixTime now);
/// Makes a new secret the state of this machine: a fleet begins.
Result<std::unique_ptr<Ratchet>, std::string> begin_fleet(const config::Tickets& config, UnixTime now);

}  // namespace lockstep::tickets

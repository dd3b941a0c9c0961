// libssl as the clients of a server, over memory; never within the measured time.
#pragma once

#include <functional>
#include <vector>

#include "bench/handshake/scenario.h"
#include "bench/handshake/server.h"

namespace lockstep::bench {

/// Runs something within the measured time.
using Section = std::function<void(const std::function<void()>&)>;

/// Takes `count` handshakes at the same time from nothing to established on both sides, and ends them: all ClientHellos
/// arrive together, all answers to the server's flights together. `measured` is called for each of the server's parts.
/// A handshake that fails, or is not the scenario's, ends the program. `session`: what all of them resume; nullptr for
/// full handshakes.
void run_handshakes(const Scenario& scenario, Server& server, std::size_t count, const Section& measured,
                    SSL_SESSION* session);

/// A session that `server` has given a ticket for, from a full handshake.
UniqueSession make_session(const Scenario& scenario, Server& server);

}  // namespace lockstep::bench

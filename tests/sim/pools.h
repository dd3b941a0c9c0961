// Buffers, made once per process: every scenario has to leave them unused.
#pragma once

#include "dataplane/base/mbuf.h"

namespace lockstep::sim {

/// Of worker `index`; `scarce` ones run out.
MbufPools& server_pools(std::size_t index, bool scarce);
/// Of all simulated hosts that are not under test.
MbufPools& peer_pools();
/// Buffers in use in all of them.
unsigned buffers_in_use();

}  // namespace lockstep::sim

// What the files named in [tickets] hold.
#pragma once

#include <memory>

#include "control/config/config.h"
#include "control/config/diagnostics.h"
#include "control/tickets/key_files.h"
#include "control/tickets/ratchet.h"

namespace lockstep::tickets {

struct Material {
  FileKeys files;                  // source "file"
  std::unique_ptr<Ratchet> state;  // source "fleet"; nullptr when loading failed
};

/// Reads the files that `config` needs; what is wrong goes to `diagnostics`.
Material load(const config::Tickets& config, UnixTime now, config::Diagnostics& diagnostics);

/// An empty string, or why `state` is not one that a machine with this configuration can go on from; completes a path.
std::string unfit(const Ratchet& state, Duration slice, UnixTime now);

}  // namespace lockstep::tickets

// What an engine has to prove before the service uses it.
#pragma once

#include <string>

#include "crypto/engine.h"

namespace lockstep::crypto {

/// Runs known answers of `kind` on `engine`, and compares with `reference` where the answer is random or the inputs are
/// many: whole batches, good and bad lanes mixed. Returns an empty string, or what failed. `engine` and `reference` may
/// be the same (then the known answers alone tell), and `engine` must support `kind`. Takes a few milliseconds; for
/// start-up only.
std::string self_test(Engine& engine, Engine& reference, JobKind kind);

}  // namespace lockstep::crypto

// What an engine has to prove before the service uses it.
#pragma once

#include <string>

#include "crypto/engine.h"

namespace lockstep::crypto {

/// Makes of a key what an engine needs (PrivateKey::prepare).
using PrepareKey = void (*)(PrivateKey& key);

/// Runs known answers of `job_class` on `engine`, and compares with `reference` where the answer is random or the
/// inputs are many: whole batches, good and bad lanes mixed. Returns an empty string, or what failed. `engine` and
/// `reference` may be the same (then the known answers alone tell), and `engine` must support the class. Keys to sign
/// with are shown to `prepare_key` first. RSA of 3072 and 4096 bits has no test, since making a key takes too long: no
/// RSA result leaves an engine before it was verified. Takes a few milliseconds, and once in the process the time to
/// make an RSA-2048 key; for start-up only.
std::string self_test(Engine& engine, Engine& reference, JobClass job_class, PrepareKey prepare_key = nullptr);

}  // namespace lockstep::crypto

// What a call of an engine costs, measured when the service starts.
#pragma once

#include "crypto/base/time.h"
#include "crypto/openssl/self_test.h"

namespace lockstep::crypto {

/// The shortest of a few calls of `engine` with `count` (at most 8) jobs of `job_class`, to their end; nothing made
/// ahead is used. For the classes of public keys with a self-test. Takes a few milliseconds; for start-up only.
Duration measure_cost(Engine& engine, JobClass job_class, std::size_t count, PrepareKey prepare_key);

}  // namespace lockstep::crypto

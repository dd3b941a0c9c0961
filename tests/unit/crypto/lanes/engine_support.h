// What the tests of the lanes' engine share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/lanes/engine.h"
#include "crypto/lanes/kernels.h"
#include "crypto/openssl/key.h"

namespace lockstep::crypto::lanes::test {

/// The kernels this processor runs: IFMA's, or the portable ones.
const Kernels& kernels();

/// A new key of `type` (RSA of `bits`), prepared for the lanes.
std::unique_ptr<OpensslKey> make_key(KeyType type, unsigned bits = 2048);

/// A signature job over `content`.
std::unique_ptr<SignJob> sign_job(const PrivateKey& key, SignatureScheme scheme, Bytes content);

/// What the job's signature says of itself: whether it is one of `key` over the job's content.
bool is_valid(const SignJob& job, const OpensslKey& key);

/// Runs `jobs`, all of one class, to their end on `engine`.
void run_to_end(Engine& engine, std::span<Job* const> jobs, Instant now = Instant{} + seconds(1));

/// The value of LOCKSTEP_LANES_CHECKS, or `otherwise`: how many random checks to make.
std::size_t checks(std::size_t otherwise);

}  // namespace lockstep::crypto::lanes::test

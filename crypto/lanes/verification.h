// Signatures of peers, verified in lanes.
#pragma once

#include <span>

#include "crypto/job.h"
#include "crypto/lanes/kernels.h"

namespace lockstep::crypto::lanes {

/// Whether the lanes verify signatures of this scheme with this key: ECDSA with the curve's own hash; RSA-2048 with
/// SHA-256 or SHA-384. Not of what is hashed already.
bool can_verify(const VerifyJob& job);

/// Up to kLanes jobs of one class that the lanes can verify: each ends ok or bad_signature.
void verify_in_lanes(const Kernels& kernels, std::span<Job* const> jobs);

}  // namespace lockstep::crypto::lanes

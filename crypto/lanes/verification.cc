#include "crypto/lanes/verification.h"

#include "crypto/lanes/ecdsa_signature.h"
#include "crypto/lanes/rsa_padding.h"

namespace lockstep::crypto::lanes {
namespace {

constexpr std::size_t kRsa2048 = 256;

VerifyJob& job_at(std::span<Job* const> jobs, std::size_t index) {
  return static_cast<VerifyJob&>(*jobs[index]);
}

void finish(VerifyJob& job, bool valid) {
  job.status = valid ? JobStatus::ok : JobStatus::bad_signature;
}

template <std::size_t kSize>
void verify_ecdsa(const WeierstrassKernels<kSize>& kernels, std::span<Job* const> jobs) {
  std::uint8_t points[kLanes][1 + 2 * kSize] = {};
  std::uint8_t signatures[kLanes][2 * kSize] = {};
  std::uint8_t digests[kLanes][kSize] = {};
  LaneMask decoded = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const VerifyJob& job = job_at(jobs, i);
    std::memcpy(points[i], job.key->point.data(), sizeof points[i]);
    digest_of(kSize == 32 ? Hash::sha256 : Hash::sha384, job.content, digests[i]);
    if (decode_ecdsa_signature(job.signature, signatures[i])) decoded |= static_cast<LaneMask>(1U << i);
  }
  const LaneMask valid = decoded & kernels.verify(points, signatures, digests);
  for (std::size_t i = 0; i < jobs.size(); ++i) finish(job_at(jobs, i), (valid >> i & 1U) != 0);
}

void verify_rsa(const RsaKernels& kernels, std::span<Job* const> jobs) {
  std::uint8_t encoded[kLanes][kRsa2048] = {};
  std::array<std::uint8_t*, kLanes> outputs{};
  std::array<const std::uint8_t*, kLanes> moduli{};
  std::array<const std::uint8_t*, kLanes> inputs{};
  std::array<std::uint32_t, kLanes> exponents{};
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const VerifyJob& job = job_at(jobs, i);
    if (job.signature.size() != kRsa2048) continue;
    outputs[i] = encoded[i];
    moduli[i] = job.key->rsa_modulus.data();
    inputs[i] = job.signature.data();
    exponents[i] = job.key->rsa_exponent;
  }
  const LaneMask computed = kernels.public_operation(outputs.data(), moduli.data(), exponents.data(), inputs.data());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    VerifyJob& job = job_at(jobs, i);
    finish(job, moduli[i] != nullptr && (computed >> i & 1U) != 0 &&
                    verify_rsa_message(job.scheme, job.content, encoded[i]));
  }
}

}  // namespace

bool can_verify(const VerifyJob& job) {
  if (job.hashed) return false;
  switch (job_class(job)) {
    case JobClass::verify_p256:
      return job.scheme == SignatureScheme::ecdsa_secp256r1_sha256;
    case JobClass::verify_p384:
      return job.scheme == SignatureScheme::ecdsa_secp384r1_sha384;
    case JobClass::verify_rsa_2048:
      return has_rsa_padding(job.scheme);
    default:
      return false;
  }
}

void verify_in_lanes(const Kernels& kernels, std::span<Job* const> jobs) {
  switch (job_class(*jobs.front())) {
    case JobClass::verify_p256:
      return verify_ecdsa(*kernels.p256, jobs);
    case JobClass::verify_p384:
      return verify_ecdsa(*kernels.p384, jobs);
    default:
      return verify_rsa(kernels.rsa[0], jobs);
  }
}

}  // namespace lockstep::crypto::lanes

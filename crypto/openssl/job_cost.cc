#include "crypto/openssl/job_cost.h"

#include <algorithm>
#include <chrono>

#include "crypto/openssl/key.h"
#include "crypto/openssl/key_numbers.h"
#include "crypto/openssl/self_test_parts.h"

namespace lockstep::crypto {
namespace {

constexpr std::size_t kMostJobs = 8;
constexpr int kCalls = 3;

/// Up to eight jobs of one class and what they point to.
struct Sample {
  std::array<KeyShareJob, kMostJobs> key_shares;
  std::array<DeriveJob, kMostJobs> derivations;
  std::array<SignJob, kMostJobs> signatures;
  std::array<VerifyJob, kMostJobs> verifications;
  KeyShareJob own;
  PeerKey peer;
  std::array<std::uint8_t, kMaxSignature> signature{};
  std::array<std::uint8_t, 100> content{};
};

NamedGroup group_of(JobClass job_class) {
  switch (job_class) {
    case JobClass::key_share_x25519:
    case JobClass::derive_x25519:
      return NamedGroup::x25519;
    case JobClass::key_share_p256:
    case JobClass::derive_p256:
      return NamedGroup::secp256r1;
    default:
      return NamedGroup::secp384r1;
  }
}

KeyType key_type_of(JobClass job_class) {
  switch (job_class) {
    case JobClass::sign_p256:
    case JobClass::verify_p256:
      return KeyType::ecdsa_p256;
    case JobClass::sign_p384:
    case JobClass::verify_p384:
      return KeyType::ecdsa_p384;
    case JobClass::sign_ed25519:
    case JobClass::verify_other:
      return KeyType::ed25519;
    default:
      return KeyType::rsa;
  }
}

/// Fills in the job that stands at `index` in the sample.
Job* make_job(Engine& engine, JobClass job_class, std::size_t index, Sample& sample) {
  switch (job_class) {
    case JobClass::key_share_x25519:
    case JobClass::key_share_p256:
    case JobClass::key_share_p384:
      sample.key_shares[index].group = group_of(job_class);
      return &sample.key_shares[index];
    case JobClass::derive_x25519:
    case JobClass::derive_p256:
    case JobClass::derive_p384: {
      DeriveJob& job = sample.derivations[index];
      sample.own.group = job.group = group_of(job_class);
      if (index == 0 && !self_test_parts::succeeds(engine, sample.own)) return nullptr;
      job.private_key = &sample.own.private_key;
      job.peer_public_key = sample.own.public_key;
      return &job;
    }
    case JobClass::verify_p256:
    case JobClass::verify_p384:
    case JobClass::verify_rsa_2048:
    case JobClass::verify_other: {
      VerifyJob& job = sample.verifications[index];
      const OpensslKey& key = *self_test_parts::key_of(key_type_of(job_class));
      job.scheme = self_test_parts::schemes_of(key.type()).front();
      sample.peer = peer_key(key);
      job.key = &sample.peer;
      job.content = sample.content;
      job.signature = Bytes(sample.signature).first(key.sign(job.scheme, sample.content, sample.signature));
      return &job;
    }
    default: {
      SignJob& job = sample.signatures[index];
      job.key = self_test_parts::key_of(key_type_of(job_class));
      job.scheme = self_test_parts::schemes_of(job.key->type()).front();
      job.content_size = static_cast<std::uint16_t>(sample.content.size());
      return &job;
    }
  }
}

}  // namespace

Duration measure_cost(Engine& engine, JobClass job_class, std::size_t count, PrepareKey prepare_key) {
  const auto sample = std::make_unique<Sample>();
  self_test_parts::prepare_key_once(key_type_of(job_class), prepare_key);
  std::array<Job*, kMostJobs> jobs{};
  for (std::size_t i = 0; i < count; ++i) jobs[i] = make_job(engine, job_class, i, *sample);
  Duration shortest = seconds(1);
  for (int call = 0; call < kCalls; ++call) {
    engine.drop_ahead();
    const auto start = std::chrono::steady_clock::now();
    if (!self_test_parts::run(engine, std::span<Job* const>(jobs).first(count))) break;
    const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - start;
    shortest = std::min(shortest, nanoseconds(taken.count()));
  }
  return shortest;
}

}  // namespace lockstep::crypto

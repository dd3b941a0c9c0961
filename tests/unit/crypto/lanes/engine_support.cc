#include "tests/unit/crypto/lanes/engine_support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/lanes/prepared_key.h"

namespace lockstep::crypto::lanes::test {

const Kernels& kernels() {
  static constexpr Kernels kPortable = {&kCurve25519Portable, &kP256Portable, &kP384Portable, kRsaPortable};
  return ifma_available() ? kIfmaKernels : kPortable;
}

std::unique_ptr<OpensslKey> make_key(KeyType type, unsigned bits) {
  UniquePkey pkey;
  switch (type) {
    case KeyType::rsa:
      pkey.reset(EVP_RSA_gen(bits));
      break;
    case KeyType::ecdsa_p256:
      bits = 256;
      pkey.reset(EVP_EC_gen("P-256"));
      break;
    case KeyType::ecdsa_p384:
      bits = 384;
      pkey.reset(EVP_EC_gen("P-384"));
      break;
    case KeyType::ed25519:
      bits = 255;
      pkey.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      break;
  }
  auto key = OpensslKey::prepare(std::move(pkey), type, bits);
  prepare_key(*key);
  return key;
}

std::unique_ptr<SignJob> sign_job(const PrivateKey& key, SignatureScheme scheme, Bytes content) {
  auto job = std::make_unique<SignJob>();
  job->key = &key;
  job->scheme = scheme;
  std::copy(content.begin(), content.end(), job->content.begin());
  job->content_size = static_cast<std::uint16_t>(content.size());
  job->status = JobStatus::waiting;
  return job;
}

bool is_valid(const SignJob& job, const OpensslKey& key) {
  return job.status == JobStatus::ok && key.verify(job.scheme, Bytes(job.content).first(job.content_size),
                                                   Bytes(job.signature).first(job.signature_size));
}

void run_to_end(Engine& engine, std::span<Job* const> jobs, Instant now) {
  JobList done;
  for (Job* const job : jobs) job->status = JobStatus::waiting;
  engine.poll(now, done);
  ASSERT_EQ(done.size(), 0U);
  engine.run(jobs, done);
  for (int turn = 1; turn < 10'000 && done.size() < jobs.size(); ++turn) engine.poll(now + nanoseconds(turn), done);
  ASSERT_EQ(done.size(), jobs.size());
}

std::size_t checks(std::size_t otherwise) {
  const char* const given = std::getenv("LOCKSTEP_LANES_CHECKS");
  return given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
}

}  // namespace lockstep::crypto::lanes::test

#include "crypto/openssl/self_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"

namespace lockstep::crypto::test {
namespace {

constexpr std::array kKinds = {JobKind::key_share,
                               JobKind::derive,
                               JobKind::sign,
                               JobKind::transcript,
                               JobKind::tls13_server_flight,
                               JobKind::tls13_key_update,
                               JobKind::tls12_master_secret,
                               JobKind::tls12_finished,
                               JobKind::seal,
                               JobKind::open};

/// Passes jobs on and spoils one result of each kind.
class FaultyEngine final : public Engine {
 public:
  explicit FaultyEngine(Engine& engine) : engine_(engine) {}
  const char* name() const override { return "faulty"; }
  bool supports(JobKind kind) const override { return engine_.supports(kind); }
  void run(std::span<Job* const> jobs, JobList& done) override {
    engine_.run(jobs, done);
    for (Job* const job : jobs) spoil(*job);
  }

 private:
  static void spoil(Job& job) {
    switch (job.kind) {
      case JobKind::key_share:
        static_cast<KeyShareJob&>(job).private_key.writable()[1] ^= 1;
        break;
      case JobKind::derive:
        static_cast<DeriveJob&>(job).shared_secret.writable()[31] ^= 1;
        break;
      case JobKind::sign:
        static_cast<SignJob&>(job).signature[20] ^= 1;
        break;
      case JobKind::transcript:
        static_cast<TranscriptJob&>(job).digest[1][0] ^= 1;
        break;
      case JobKind::tls13_server_flight:
        static_cast<Tls13ServerFlightJob&>(job).server_application_keys->iv.writable()[11] ^= 1;
        break;
      case JobKind::tls13_key_update:
        static_cast<Tls13KeyUpdateJob&>(job).keys->key.writable()[0] ^= 1;
        break;
      case JobKind::tls12_master_secret:
        static_cast<Tls12MasterSecretJob&>(job).server_keys->iv.writable()[0] ^= 1;
        break;
      case JobKind::tls12_finished:
        static_cast<Tls12FinishedJob&>(job).server_finished[11] ^= 1;
        break;
      case JobKind::seal:
        static_cast<SealJob&>(job).ciphertext[0] ^= 1;
        break;
      case JobKind::open:
        job.status = JobStatus::ok;  // never a bad record
        break;
    }
  }
  Engine& engine_;
};

/// Says that a bad peer key was good.
class CredulousEngine final : public Engine {
 public:
  explicit CredulousEngine(Engine& engine) : engine_(engine) {}
  const char* name() const override { return "credulous"; }
  bool supports(JobKind kind) const override { return engine_.supports(kind); }
  void run(std::span<Job* const> jobs, JobList& done) override {
    engine_.run(jobs, done);
    for (Job* const job : jobs) job->status = JobStatus::ok;
  }

 private:
  Engine& engine_;
};

/// Never hands a job back.
class SilentEngine final : public Engine {
 public:
  const char* name() const override { return "silent"; }
  bool supports(JobKind) const override { return true; }
  void run(std::span<Job* const>, JobList&) override {}
};

class SelfTest : public testing::Test {
 protected:
  Random random_ = Random::from_number(2);
  std::unique_ptr<Engine> libcrypto_ = make_openssl_engine(random_);
};

TEST_F(SelfTest, PassesLibcrypto) {
  for (const JobKind kind : kKinds) EXPECT_EQ(self_test(*libcrypto_, *libcrypto_, kind), "") << name(kind);
}

TEST_F(SelfTest, CatchesOneWrongBitOfAnyKind) {
  FaultyEngine faulty(*libcrypto_);
  for (const JobKind kind : kKinds) EXPECT_NE(self_test(faulty, *libcrypto_, kind), "") << name(kind);
}

TEST_F(SelfTest, CatchesAnEngineThatTakesInvalidPeerKeys) {
  CredulousEngine credulous(*libcrypto_);
  EXPECT_THAT(self_test(credulous, *libcrypto_, JobKind::derive), testing::HasSubstr("invalid peer key"));
}

TEST_F(SelfTest, CatchesAnEngineThatKeepsItsJobs) {
  SilentEngine silent;
  for (const JobKind kind : kKinds) EXPECT_NE(self_test(silent, *libcrypto_, kind), "") << name(kind);
}

}  // namespace
}  // namespace lockstep::crypto::test

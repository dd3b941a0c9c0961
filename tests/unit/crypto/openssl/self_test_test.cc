#include "crypto/openssl/self_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"

namespace lockstep::crypto::test {
namespace {

// What libcrypto serves and a self-test covers.
constexpr std::array kClasses = {JobClass::key_share_x25519,
                                 JobClass::key_share_p256,
                                 JobClass::key_share_p384,
                                 JobClass::derive_x25519,
                                 JobClass::derive_p256,
                                 JobClass::derive_p384,
                                 JobClass::sign_p256,
                                 JobClass::sign_p384,
                                 JobClass::sign_ed25519,
                                 JobClass::rsa_2048,
                                 JobClass::verify_p256,
                                 JobClass::verify_p384,
                                 JobClass::verify_rsa_2048,
                                 JobClass::verify_other,
                                 JobClass::transcript,
                                 JobClass::tls13_server_flight,
                                 JobClass::tls13_key_update,
                                 JobClass::tls13_binder,
                                 JobClass::tls13_early_data,
                                 JobClass::tls13_resumption,
                                 JobClass::tls13_client_finished,
                                 JobClass::tls12_master_secret,
                                 JobClass::tls12_finished,
                                 JobClass::seal,
                                 JobClass::open};

/// Passes jobs on and spoils one result of each kind.
class FaultyEngine final : public Engine {
 public:
  explicit FaultyEngine(Engine& engine) : engine_(engine) {}
  const char* name() const override { return "faulty"; }
  bool supports(JobClass job_class) const override { return engine_.supports(job_class); }
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
      case JobKind::tls13_binder:
        static_cast<Tls13BinderJob&>(job).binder.writable()[31] ^= 1;
        break;
      case JobKind::tls13_early_data:
        static_cast<Tls13EarlyDataJob&>(job).keys->iv.writable()[11] ^= 1;
        break;
      case JobKind::tls13_resumption:
        static_cast<Tls13ResumptionJob&>(job).psks[1].writable()[0] ^= 1;
        break;
      case JobKind::tls13_client_finished:
        static_cast<Tls13ClientFinishedJob&>(job).client_finished.writable()[31] ^= 1;
        break;
      case JobKind::tls12_master_secret: {
        auto& master = static_cast<Tls12MasterSecretJob&>(job);
        if (master.server_keys != nullptr) master.server_keys->iv.writable()[0] ^= 1;
        break;
      }
      case JobKind::tls12_finished:
        static_cast<Tls12FinishedJob&>(job).server_finished[11] ^= 1;
        break;
      case JobKind::seal:
        static_cast<SealJob&>(job).ciphertext[0] ^= 1;
        break;
      case JobKind::open:
        job.status = JobStatus::ok;  // never a bad record
        break;
      case JobKind::verify:
        job.status = JobStatus::ok;  // never a bad signature
        break;
      case JobKind::rsa_premaster:
      case JobKind::cbc_seal:
      case JobKind::cbc_open:
      case JobKind::remote:
      case JobKind::verify_chain:
      case JobKind::exporter:
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
  bool supports(JobClass job_class) const override { return engine_.supports(job_class); }
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
  bool supports(JobClass) const override { return true; }
  void run(std::span<Job* const>, JobList&) override {}
};

class SelfTest : public testing::Test {
 protected:
  Random random_ = Random::from_number(2);
  std::unique_ptr<Engine> libcrypto_ = make_openssl_engine(random_);
};

TEST_F(SelfTest, PassesLibcrypto) {
  for (const JobClass tested : kClasses) EXPECT_EQ(self_test(*libcrypto_, *libcrypto_, tested), "") << name(tested);
}

TEST_F(SelfTest, CatchesOneWrongBitOfAnyKind) {
  FaultyEngine faulty(*libcrypto_);
  for (const JobClass tested : kClasses) EXPECT_NE(self_test(faulty, *libcrypto_, tested), "") << name(tested);
}

TEST_F(SelfTest, CatchesAnEngineThatTakesInvalidPeerKeys) {
  CredulousEngine credulous(*libcrypto_);
  EXPECT_THAT(self_test(credulous, *libcrypto_, JobClass::derive_p256), testing::HasSubstr("invalid peer key"));
}

TEST_F(SelfTest, CatchesAnEngineThatKeepsItsJobs) {
  SilentEngine silent;
  for (const JobClass tested : kClasses) EXPECT_NE(self_test(silent, *libcrypto_, tested), "") << name(tested);
}

}  // namespace
}  // namespace lockstep::crypto::test

// A nonce of ECDSA used twice gives the private key away: what keeps that from happening.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "crypto/lanes/ecdsa_signature.h"
#include "crypto/openssl/engine.h"
#include "tests/unit/crypto/lanes/engine_support.h"

namespace lockstep::crypto::lanes::test {
namespace {

constexpr Instant kNow = Instant{} + seconds(100);

/// The first 128 bits of r: enough to tell 10^7 of them apart.
struct Half {
  std::uint64_t high;
  std::uint64_t low;
  auto operator<=>(const Half&) const = default;
};

Half r_of(const SignJob& job) {
  std::array<std::uint8_t, 64> numbers{};
  EXPECT_TRUE(decode_ecdsa_signature(Bytes(job.signature).first(job.signature_size), numbers));
  Reader reader(numbers);
  return {reader.u64(), reader.u64()};
}

std::size_t repeated(std::vector<Half> seen) {
  std::ranges::sort(seen);
  std::size_t count = 0;
  for (std::size_t i = 1; i < seen.size(); ++i) count += seen[i] == seen[i - 1] ? 1 : 0;
  return count;
}

std::int64_t suspended_for = 0;

NonceSource source(std::uint32_t core) {
  NonceSource system = system_nonce_source(core);
  system.suspended = [] { return suspended_for; };
  return system;
}

/// Two cores' engines that sign with the same key.
class Nonces : public testing::Test {
 protected:
  Nonces() {
    suspended_for = 0;
    job_->key = key_.get();
  }

  std::unique_ptr<Engine> engine(std::uint32_t core, const Kernels& chosen = kernels(), MadeAheadOptions ahead = {}) {
    return make_lanes_engine(chosen, *libcrypto_, random_, source(core), ahead, counters_);
  }
  /// Signs `count` contents in one call and notes every r.
  void sign(Engine& engine, std::size_t count, std::vector<Half>& seen) {
    std::array<Job*, 8> jobs{};
    for (std::size_t i = 0; i < count; ++i) {
      jobs_[i].key = key_.get();
      jobs_[i].content_size = 32;
      jobs_[i].status = JobStatus::waiting;
      jobs[i] = &jobs_[i];
    }
    JobList done;
    engine.run(std::span<Job* const>(jobs).first(count), done);
    ASSERT_EQ(done.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(jobs_[i].status, JobStatus::ok);
      seen.push_back(r_of(jobs_[i]));
    }
  }
  void one(Engine& engine) {
    std::vector<Half> seen;
    sign(engine, 1, seen);
  }
  void poll(Engine& engine, Instant now) {
    JobList done;
    engine.poll(now, done);
  }

  Random random_ = Random::from_number(3);
  std::unique_ptr<Engine> libcrypto_ = make_openssl_engine(random_);
  std::unique_ptr<OpensslKey> key_ = make_key(KeyType::ecdsa_p256);
  std::unique_ptr<SignJob> job_ = std::make_unique<SignJob>();
  std::array<SignJob, 8> jobs_;
  LanesCounters counters_;
};

/// Drops one lane of every third signing call, whichever it is.
LaneMask faulty_sign(std::uint8_t (*signature)[64], const NoncePair<32>* pair, const std::uint8_t (*private_key)[32],
                     const std::uint8_t (*digest)[32]) {
  static unsigned calls = 0;
  const LaneMask good = kernels().p256->sign(signature, pair, private_key, digest);
  ++calls;
  return calls % 3 == 0 ? static_cast<LaneMask>(good & ~(1U << calls / 3 % 8)) : good;
}

TEST_F(Nonces, NoRTwiceOverCoresRetriesInjectedFaultsAndFork) {
  // 10^7 with LOCKSTEP_LANES_CHECKS=10000000.
  const std::size_t total = std::max<std::size_t>(checks(200'000), 20'000);
  P256Kernels faulty = *kernels().p256;
  faulty.sign = faulty_sign;
  Kernels chosen = kernels();
  chosen.p256 = &faulty;
  const std::array engines = {engine(0), engine(1, chosen), engine(1)};  // the third: a core's restarted engine
  std::vector<Half> seen;
  seen.reserve(total + 8);
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(pipe(pipe_ends.data()), 0);
  pid_t child = -1;
  for (std::size_t turn = 0; seen.size() < total; ++turn) {
    Engine& core = *engines[turn % engines.size()];
    poll(core, kNow + microseconds(static_cast<std::int64_t>(turn) * 50));
    if (random_.below(4) == 0) core.make_ahead();
    if (random_.below(100) == 0) core.drop_ahead();
    sign(core, 1 + random_.below(8), seen);
    if (child < 0 && seen.size() > total / 2) {
      for (const auto& one : engines) {
        while (one->make_ahead()) {
        }
      }
      child = fork();
      if (child == 0) {  // signs with what it inherited, and tells every r
        std::vector<Half> own;
        for (int i = 0; i < 60; ++i) sign(*engines[static_cast<std::size_t>(i) % engines.size()], 8, own);
        const auto size = static_cast<ssize_t>(own.size() * sizeof(Half));
        _exit(write(pipe_ends[1], own.data(), static_cast<std::size_t>(size)) == size ? 0 : 1);
      }
    }
  }
  ASSERT_GT(child, 0);
  close(pipe_ends[1]);
  std::vector<Half> childs(480);
  std::size_t read_bytes = 0;
  for (ssize_t got = 1; got > 0 && read_bytes < childs.size() * sizeof(Half);
       read_bytes += static_cast<std::size_t>(got))
    got = read(pipe_ends[0], reinterpret_cast<char*>(childs.data()) + read_bytes,
               childs.size() * sizeof(Half) - read_bytes);
  close(pipe_ends[0]);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(read_bytes, childs.size() * sizeof(Half));
  seen.insert(seen.end(), childs.begin(), childs.end());
  EXPECT_EQ(repeated(seen), 0U);
  EXPECT_GT(counters_.recomputed, 0U);
  EXPECT_GT(counters_.ahead.nonce_pairs_taken, 0U);
  EXPECT_GT(counters_.ahead.dropped, 0U);
  RecordProperty("signatures", static_cast<int>(seen.size()));
}

TEST_F(Nonces, ThisTestWouldSeeARepetition) {
  EXPECT_EQ(repeated({{1, 2}, {3, 4}, {1, 2}}), 1U);
}

TEST_F(Nonces, AChildProcessFindsNothingMadeAhead) {
  const auto core = engine(0);
  poll(*core, kNow);
  one(*core);
  ASSERT_TRUE(core->made_ahead(*job_));
  const pid_t child = fork();
  if (child == 0) _exit(core->made_ahead(*job_) ? 1 : 0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(Nonces, TwoCoresWithTheSameEntropyDifferAndSoDoTwoDraws) {
  const auto same = [](MutableBytes out) {
    std::ranges::fill(out, std::uint8_t{0x5a});
    return true;
  };
  std::vector<Half> seen;
  for (std::uint32_t core = 0; core < 2; ++core) {
    NonceSource fixed = source(core);
    fixed.entropy = same;
    const auto one = make_lanes_engine(kernels(), *libcrypto_, random_, fixed, {.nonce_pairs = 0}, counters_);
    poll(*one, kNow);
    for (int draw = 0; draw < 10; ++draw) sign(*one, 8, seen);
  }
  EXPECT_EQ(repeated(seen), 0U);
}

TEST_F(Nonces, PairsOfOneKeyAreNotForAnother) {
  const auto other = make_key(KeyType::ecdsa_p256);
  const auto core = engine(0);
  poll(*core, kNow);
  one(*core);
  SignJob job;
  job.key = other.get();
  EXPECT_TRUE(core->made_ahead(*job_));
  EXPECT_FALSE(core->made_ahead(job));
}

TEST_F(Nonces, PairsOfAKeyThatSignsNoMoreAreWipedWithTheKeysCopy) {
  const auto core = engine(0, kernels(), {.life = seconds(2)});
  poll(*core, kNow);
  one(*core);
  EXPECT_EQ(counters_.ahead.nonce_pairs_made, 7U);
  poll(*core, kNow + seconds(2) + nanoseconds(1));
  EXPECT_FALSE(core->made_ahead(*job_));
  EXPECT_EQ(counters_.ahead.expired, 7U);
  while (core->make_ahead()) {
  }
  EXPECT_FALSE(core->made_ahead(*job_));  // the key is forgotten, too
}

TEST_F(Nonces, AKeyTakesThePlaceOfTheOneThatSignedLeastLately) {
  const auto second = make_key(KeyType::ecdsa_p256);
  const auto core = engine(0, kernels(), {.nonce_keys = 1});
  poll(*core, kNow);
  one(*core);
  auto job = sign_job(*second, SignatureScheme::ecdsa_secp256r1_sha256, {});
  std::array<Job*, 1> jobs = {job.get()};
  run_to_end(*core, jobs, kNow + nanoseconds(1));
  EXPECT_FALSE(core->made_ahead(*job_));
  EXPECT_TRUE(core->made_ahead(*job));
  EXPECT_EQ(counters_.ahead.dropped, 7U);
}

TEST_F(Nonces, SuspensionOfTheMachineDropsPairsBeforeTheNextSignature) {
  const auto core = engine(0);
  poll(*core, kNow);
  one(*core);
  suspended_for = seconds(5).ns;
  one(*core);
  EXPECT_EQ(counters_.ahead.nonce_pairs_taken, 0U);
  EXPECT_EQ(counters_.ahead.dropped, 7U);
}

TEST_F(Nonces, SuspensionDropsKeyPairsToo) {
  const auto core = engine(0);
  poll(*core, kNow);
  while (core->make_ahead()) {
  }
  suspended_for = seconds(5).ns;
  KeyShareJob job;
  std::array<Job*, 1> jobs = {&job};
  run_to_end(*core, jobs, kNow + nanoseconds(1));
  EXPECT_EQ(counters_.ahead.key_pairs_taken, 0U);
  EXPECT_EQ(counters_.ahead.dropped, 128U);
}

TEST_F(Nonces, AreMadeAheadForAKeyThatIsForeseenToSignAgain) {
  const auto core = engine(0, kernels(), {.key_pairs = 0});
  poll(*core, kNow);
  core->foresee(*job_);
  EXPECT_FALSE(core->make_ahead()) << "one signature promises no other";
  core->foresee(*job_);
  EXPECT_FALSE(core->made_ahead(*job_));
  EXPECT_TRUE(core->make_ahead());
  EXPECT_TRUE(core->made_ahead(*job_));
}

TEST_F(Nonces, AreNotMadeAheadForManyKeysThatTakeTurns) {
  const auto core = engine(0, kernels(), {.key_pairs = 0, .nonce_keys = 2});
  std::vector<std::unique_ptr<PrivateKey>> keys;
  keys.reserve(6);
  for (int i = 0; i < 6; ++i) keys.push_back(make_key(KeyType::ecdsa_p256));
  for (int i = 0; i < 12; ++i) {
    poll(*core, kNow + nanoseconds(i));
    core->foresee(*sign_job(*keys[i % 6], SignatureScheme::ecdsa_secp256r1_sha256, {}));
    EXPECT_FALSE(core->make_ahead());
  }
}

TEST_F(Nonces, OffMakesNothingAheadAndStillSigns) {
  const auto core = engine(0, kernels(), {.nonce_pairs = 0});
  poll(*core, kNow);
  one(*core);
  EXPECT_FALSE(core->made_ahead(*job_));
  EXPECT_EQ(counters_.recomputed, 0U);
}

TEST_F(Nonces, WithoutEntropyOfTheKernelLibcryptoSigns) {
  NonceSource poor = source(0);
  poor.entropy = [](MutableBytes) { return false; };
  const auto core = make_lanes_engine(kernels(), *libcrypto_, random_, poor, {}, counters_);
  poll(*core, kNow);
  one(*core);
  EXPECT_EQ(counters_.recomputed, 1U);
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

#include "control/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/lanes/lanes.h"

namespace lockstep::control::test {
namespace {

using crypto::JobClass;
using crypto::JobStatus;

class Engines : public testing::Test {
 protected:
  Random random_ = Random::from_number(1);
};

TEST_F(Engines, ServeEveryClassAndSayWhy) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  ASSERT_EQ(set.value().table.size(), crypto::kJobClasses);
  for (std::size_t index = 0; index < crypto::kJobClasses; ++index) {
    const crypto::ClassPolicy& policy = set.value().policy[index];
    const EngineLine& line = set.value().table[index];
    ASSERT_NE(policy.engine, nullptr);
    EXPECT_TRUE(policy.engine->supports(static_cast<JobClass>(index)));
    EXPECT_EQ(line.job_class, static_cast<JobClass>(index));
    EXPECT_EQ(line.engine, policy.engine->name());
    EXPECT_FALSE(line.why.empty());
    EXPECT_NE(policy.max_per_run, 0);
  }
}

TEST_F(Engines, GiveRecordsToIpsecMbAndPublicKeysToTheLanesWhereTheProcessorHasThem) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  const auto engine = [&](JobClass index) { return set.value().table[static_cast<std::size_t>(index)].engine; };
  EXPECT_EQ(engine(JobClass::seal), "ipsec-mb");
  EXPECT_EQ(engine(JobClass::open), "ipsec-mb");
  EXPECT_EQ(engine(JobClass::cbc_seal), "ipsec-mb");
  const char* const public_keys = crypto::lanes::ifma_available() ? "lanes" : "libcrypto";
  for (const JobClass job_class : {JobClass::key_share_x25519, JobClass::derive_p256, JobClass::sign_p256,
                                   JobClass::rsa_2048, JobClass::rsa_4096, JobClass::verify_p384})
    EXPECT_EQ(engine(job_class), public_keys) << name(job_class);
  EXPECT_EQ(engine(JobClass::rsa_other), "libcrypto");
  EXPECT_NE(engine(JobClass::tls13_server_flight), "libcrypto");
}

TEST_F(Engines, TakeBudgetsFromTheOptions) {
  EngineOptions options;
  options.budgets[static_cast<std::size_t>(JobClass::sign_p256)] = microseconds(30);
  const auto set = make_engines(random_, options);
  ASSERT_TRUE(set) << set.error();
  EXPECT_EQ(set.value().policy[static_cast<std::size_t>(JobClass::sign_p256)].budget, microseconds(30));
}

TEST_F(Engines, CountTheUseOfExpandedKeys) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  const auto found = std::ranges::find_if(set.value().counters, [](const EngineCounter& counter) {
    return std::string_view(counter.name) == "expanded_keys_expansions";
  });
  ASSERT_NE(found, set.value().counters.end());
  EXPECT_GT(*found->value, 0U);  // the self-test's
}

TEST_F(Engines, MeasureWhereLibcryptoIsQuickerForFewJobs) {
  if (!crypto::lanes::ifma_available()) GTEST_SKIP() << "no lanes";
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  const crypto::ClassPolicy& derive = set.value().policy[static_cast<std::size_t>(JobClass::derive_p256)];
  EXPECT_EQ(derive.lanes, 8);
  EXPECT_GE(derive.crossover, 1);
  EXPECT_LE(derive.crossover, 8);
  EXPECT_GT(derive.cost.ns, 0);
  EXPECT_GT(derive.scalar_cost.ns, 0);
  // RSA-4096 in libcrypto would hold a worker up for milliseconds: lanes go in slices, however few they are.
  EXPECT_EQ(set.value().policy[static_cast<std::size_t>(JobClass::rsa_4096)].crossover, 0);
}

TEST_F(Engines, LeaveNothingMadeAheadByTheirTests) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  const crypto::ClassPolicy& shares = set.value().policy[static_cast<std::size_t>(JobClass::key_share_x25519)];
  EXPECT_FALSE(shares.engine->made_ahead(crypto::KeyShareJob()));
}

TEST_F(Engines, WorkBehindABatch) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  crypto::Batch batch(set.value().policy);
  crypto::KeyShareJob job;
  batch.submit(job, Instant{});
  crypto::JobList done;
  batch.run(Instant{}, true, done);
  EXPECT_EQ(done.pop(), &job);
  EXPECT_EQ(job.status, JobStatus::ok);
}

}  // namespace
}  // namespace lockstep::control::test

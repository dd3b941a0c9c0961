#include "control/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST_F(Engines, GiveRecordsToIpsecMbAndPublicKeysToLibcrypto) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  const auto engine = [&](JobClass index) { return set.value().table[static_cast<std::size_t>(index)].engine; };
  EXPECT_EQ(engine(JobClass::seal), "ipsec-mb");
  EXPECT_EQ(engine(JobClass::open), "ipsec-mb");
  EXPECT_EQ(engine(JobClass::sign_p256), "libcrypto");
  EXPECT_EQ(engine(JobClass::derive_x25519), "libcrypto");
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
  ASSERT_EQ(set.value().counters.size(), 3U);
  EXPECT_STREQ(set.value().counters[1].name, "expanded_keys_expansions");
  EXPECT_GT(*set.value().counters[1].value, 0U);  // the self-test's
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

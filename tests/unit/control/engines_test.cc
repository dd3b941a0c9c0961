#include "control/engines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::control::test {
namespace {

using crypto::JobKind;
using crypto::JobStatus;

class Engines : public testing::Test {
 protected:
  Random random_ = Random::from_number(1);
};

TEST_F(Engines, ServeEveryKindAndSayWhy) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  ASSERT_EQ(set.value().table.size(), crypto::kJobKinds);
  for (std::size_t kind = 0; kind < crypto::kJobKinds; ++kind) {
    const crypto::KindPolicy& policy = set.value().policy[kind];
    const EngineLine& line = set.value().table[kind];
    ASSERT_NE(policy.engine, nullptr);
    EXPECT_TRUE(policy.engine->supports(static_cast<JobKind>(kind)));
    EXPECT_EQ(line.kind, static_cast<JobKind>(kind));
    EXPECT_EQ(line.engine, policy.engine->name());
    EXPECT_FALSE(line.why.empty());
    EXPECT_NE(policy.max_per_run, 0);
  }
}

TEST_F(Engines, GiveRecordsToIpsecMbAndPublicKeysToLibcrypto) {
  const auto set = make_engines(random_, {});
  ASSERT_TRUE(set) << set.error();
  const auto engine = [&](JobKind kind) { return set.value().table[static_cast<std::size_t>(kind)].engine; };
  EXPECT_EQ(engine(JobKind::seal), "ipsec-mb");
  EXPECT_EQ(engine(JobKind::open), "ipsec-mb");
  EXPECT_EQ(engine(JobKind::sign), "libcrypto");
  EXPECT_EQ(engine(JobKind::derive), "libcrypto");
  EXPECT_NE(engine(JobKind::tls13_server_flight), "libcrypto");
}

TEST_F(Engines, TakeBudgetsFromTheOptions) {
  EngineOptions options;
  options.budgets[static_cast<std::size_t>(JobKind::sign)] = microseconds(30);
  const auto set = make_engines(random_, options);
  ASSERT_TRUE(set) << set.error();
  EXPECT_EQ(set.value().policy[static_cast<std::size_t>(JobKind::sign)].budget, microseconds(30));
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

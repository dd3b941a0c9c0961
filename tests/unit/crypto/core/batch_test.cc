#include "crypto/batch.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace lockstep::crypto {
namespace {

// Notes the size of each call; finishes jobs at once, or keeps them until the next poll.
class FakeEngine final : public Engine {
 public:
  const char* name() const override { return "fake"; }
  bool supports(JobKind) const override { return true; }
  void run(std::span<Job* const> jobs, JobList& done) override {
    calls.push_back(jobs.size());
    for (Job* const job : jobs) {
      EXPECT_EQ(job->status, JobStatus::waiting);
      EXPECT_EQ(job->kind, jobs[0]->kind);
      job->status = result;
      (keep ? kept : done).push(*job);
    }
  }
  void poll(JobList& done) override {
    ++polls;
    while (Job* const job = kept.pop()) done.push(*job);
  }
  std::size_t in_flight() const override { return kept.size(); }
  void forget(std::uint64_t id) override { forgotten.push_back(id); }

  std::vector<std::size_t> calls;
  std::vector<std::uint64_t> forgotten;
  JobStatus result = JobStatus::ok;
  bool keep = false;
  int polls = 0;
  JobList kept;
};

using Sizes = std::vector<std::size_t>;

constexpr Instant kStart = Instant{} + seconds(1);
constexpr Duration kBudget = microseconds(50);

// A batch whose `derive` kind has eight lanes and whose `seal` kind has one.
class BatchTest : public testing::Test {
 protected:
  KindPolicy& derive() { return policy_[static_cast<std::size_t>(JobKind::derive)]; }
  KindPolicy& seal() { return policy_[static_cast<std::size_t>(JobKind::seal)]; }

  BatchTest() {
    derive() = {.engine = &lanes_, .scalar = &scalar_, .lanes = 8, .budget = kBudget};
    seal() = {.engine = &records_, .budget = kBudget};
  }
  void submit(Batch& batch, std::size_t count, Instant now = kStart) {
    for (std::size_t i = 0; i < count; ++i) batch.submit(derives_.emplace_back(), now);
  }
  void submit_seals(Batch& batch, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) batch.submit(seals_.emplace_back(), kStart);
  }

  FakeEngine lanes_;
  FakeEngine scalar_;
  FakeEngine records_;
  Policy policy_;
  std::deque<DeriveJob> derives_;
  std::deque<SealJob> seals_;
  JobList done_;
};

TEST_F(BatchTest, SubmittedJobWaits) {
  Batch batch(policy_);
  submit(batch, 1);
  EXPECT_EQ(derives_[0].status, JobStatus::waiting);
  EXPECT_EQ(derives_[0].submitted, kStart);
  EXPECT_EQ(batch.in_flight(), 1U);
  EXPECT_TRUE(lanes_.calls.empty());
}

TEST_F(BatchTest, FullLanesRunAtOnceAndTheRestWaits) {
  Batch batch(policy_);
  submit(batch, 19);
  EXPECT_EQ(batch.run(kStart, false, done_), 16U);
  EXPECT_EQ(lanes_.calls, (Sizes{8, 8}));
  EXPECT_EQ(done_.size(), 16U);
  EXPECT_EQ(batch.in_flight(), 3U);
}

TEST_F(BatchTest, JobsComeBackInTheOrderTheyWereSubmitted) {
  Batch batch(policy_);
  submit(batch, 8);
  batch.run(kStart, false, done_);
  for (DeriveJob& job : derives_) EXPECT_EQ(done_.pop(), &job);
}

TEST_F(BatchTest, PartlyFilledLanesDoNotRunOnABusyCore) {
  Batch batch(policy_);
  submit(batch, 7);
  EXPECT_EQ(batch.run(kStart + kBudget - nanoseconds(1), false, done_), 0U);
  EXPECT_TRUE(lanes_.calls.empty());
}

TEST_F(BatchTest, IdleCoreRunsWhatIsThere) {
  Batch batch(policy_);
  submit(batch, 3);
  EXPECT_EQ(batch.run(kStart, true, done_), 3U);
  EXPECT_EQ(lanes_.calls, (Sizes{3}));
}

TEST_F(BatchTest, OldestJobsBudgetFlushesTheRest) {
  Batch batch(policy_);
  submit(batch, 1, kStart);
  submit(batch, 2, kStart + kBudget);
  EXPECT_EQ(batch.run(kStart + kBudget, false, done_), 3U);
  EXPECT_EQ(lanes_.calls, (Sizes{3}));
}

TEST_F(BatchTest, BudgetCountsForTheJobsThatFullLanesLeftBehind) {
  Batch batch(policy_);
  submit(batch, 8, kStart);
  submit(batch, 2, kStart + kBudget);
  EXPECT_EQ(batch.run(kStart + kBudget, false, done_), 8U);
  EXPECT_EQ(batch.deadline(), kStart + kBudget + kBudget);
}

TEST_F(BatchTest, FewerJobsThanTheCrossoverGoToTheScalarEngine) {
  derive().crossover = 3;
  Batch batch(policy_);
  submit(batch, 2);
  batch.run(kStart, true, done_);
  EXPECT_EQ(scalar_.calls, (Sizes{2}));
  EXPECT_TRUE(lanes_.calls.empty());
  submit(batch, 3);
  batch.run(kStart, true, done_);
  EXPECT_EQ(lanes_.calls, (Sizes{3}));
}

TEST_F(BatchTest, CrossoverWithoutScalarEngineUsesTheOnlyOne) {
  derive().crossover = 3;
  derive().scalar = nullptr;
  Batch batch(policy_);
  submit(batch, 1);
  EXPECT_EQ(batch.run(kStart, true, done_), 1U);
  EXPECT_EQ(lanes_.calls, (Sizes{1}));
}

TEST_F(BatchTest, OneLaneNeverWaitsAndRunsInBursts) {
  Batch batch(policy_);
  submit_seals(batch, kMaxLanes + 5);
  EXPECT_EQ(batch.run(kStart, false, done_), kMaxLanes + 5);
  EXPECT_EQ(records_.calls, (Sizes{kMaxLanes, 5}));
}

TEST_F(BatchTest, MaxPerRunBoundsOneTurn) {
  derive().max_per_run = 20;
  seal().max_per_run = 100;
  Batch batch(policy_);
  submit(batch, 40);
  submit_seals(batch, 130);
  batch.run(kStart, true, done_);
  EXPECT_EQ(lanes_.calls, (Sizes{8, 8}));
  EXPECT_EQ(records_.calls, (Sizes{kMaxLanes, 100 - kMaxLanes}));
  EXPECT_EQ(batch.in_flight(), 54U);
}

TEST_F(BatchTest, MaxPerRunBoundsTheFlushToo) {
  derive().max_per_run = 10;
  Batch batch(policy_);
  submit(batch, 15);
  batch.run(kStart, true, done_);
  EXPECT_EQ(lanes_.calls, (Sizes{8, 2}));
  EXPECT_EQ(batch.in_flight(), 5U);
}

TEST_F(BatchTest, MaxPerRunBelowTheLanesStillMakesProgress) {
  derive().max_per_run = 2;
  Batch batch(policy_);
  submit(batch, 5);
  EXPECT_EQ(batch.run(kStart, false, done_), 2U);
  EXPECT_EQ(batch.run(kStart, false, done_), 2U);
  EXPECT_EQ(lanes_.calls, (Sizes{2, 2}));
}

TEST_F(BatchTest, MoreLanesThanOneCallTakesAreCut) {
  derive().lanes = kMaxLanes + 1;
  Batch batch(policy_);
  submit(batch, kMaxLanes);
  EXPECT_EQ(batch.run(kStart, false, done_), kMaxLanes);
  EXPECT_EQ(lanes_.calls, (Sizes{kMaxLanes}));
}

TEST_F(BatchTest, JobsKeptByAnEngineStayInFlightUntilAPoll) {
  lanes_.keep = true;
  Batch batch(policy_);
  submit(batch, 8);
  EXPECT_EQ(batch.run(kStart, false, done_), 0U);
  EXPECT_EQ(batch.in_flight(), 8U);
  EXPECT_EQ(batch.run(kStart, false, done_), 8U);
  EXPECT_EQ(batch.in_flight(), 0U);
  EXPECT_EQ(batch.stats(JobKind::derive).jobs, 8U);
}

TEST_F(BatchTest, EachEngineIsPolledOnceHoweverManyKindsItServes) {
  policy_[static_cast<std::size_t>(JobKind::open)].engine = &records_;
  derive().scalar = &lanes_;
  Batch batch(policy_);
  batch.run(kStart, false, done_);
  EXPECT_EQ(records_.polls, 1);
  EXPECT_EQ(lanes_.polls, 1);
}

TEST_F(BatchTest, KindWithoutEngineFails) {
  Batch batch(policy_);
  SignJob job;
  batch.submit(job, kStart);
  EXPECT_EQ(batch.run(kStart, false, done_), 1U);
  EXPECT_EQ(job.status, JobStatus::engine_failed);
  EXPECT_EQ(batch.stats(JobKind::sign).failed, 1U);
}

TEST_F(BatchTest, OnlyLocalFaultsCountAsFailed) {
  Batch batch(policy_);
  lanes_.result = JobStatus::engine_failed;
  submit(batch, 2);
  batch.run(kStart, true, done_);
  lanes_.result = JobStatus::bad_peer_key;
  submit(batch, 1);
  batch.run(kStart, true, done_);
  EXPECT_EQ(batch.stats(JobKind::derive).jobs, 3U);
  EXPECT_EQ(batch.stats(JobKind::derive).failed, 2U);
}

TEST_F(BatchTest, RecordsFillAndWait) {
  Batch batch(policy_);
  submit(batch, 8, kStart);
  batch.run(kStart + nanoseconds(1000), false, done_);
  submit(batch, 1, kStart);
  batch.run(kStart, true, done_);
  const KindStats& stats = batch.stats(JobKind::derive);
  EXPECT_EQ(stats.fill.count(), 2U);
  EXPECT_EQ(stats.fill.sum(), 9U);
  EXPECT_EQ(stats.wait.count(), 9U);
  EXPECT_EQ(stats.wait.sum(), 8000U);
}

TEST_F(BatchTest, DeadlineIsTheEarliestBudgetOfAnyKind) {
  policy_[static_cast<std::size_t>(JobKind::sign)] = {.engine = &lanes_, .lanes = 8, .budget = kBudget * 2};
  Batch batch(policy_);
  EXPECT_EQ(batch.deadline(), Instant::never());
  SignJob job;
  batch.submit(job, kStart);
  EXPECT_EQ(batch.deadline(), kStart + kBudget * 2);
  submit(batch, 1, kStart);
  EXPECT_EQ(batch.deadline(), kStart + kBudget);
  batch.run(kStart, true, done_);
  EXPECT_EQ(batch.deadline(), Instant::never());
}

TEST_F(BatchTest, DeadlineHasPassedWhenAQueueCanRun) {
  Batch batch(policy_);
  submit(batch, 8);
  EXPECT_LE(batch.deadline(), kStart);
  batch.run(kStart, false, done_);
  submit_seals(batch, 1);
  EXPECT_LE(batch.deadline(), kStart);
}

TEST_F(BatchTest, DeadlineAsksForPollsWhileAnEngineHoldsJobs) {
  lanes_.keep = true;
  Batch batch(policy_);
  submit(batch, 8);
  batch.run(kStart, false, done_);
  EXPECT_EQ(batch.deadline(), kStart + kPollInterval);
  batch.run(kStart + kPollInterval, false, done_);
  EXPECT_EQ(batch.deadline(), Instant::never());
}

TEST_F(BatchTest, ForgetReachesEveryEngineOnce) {
  Batch batch(policy_);
  batch.forget(77);
  for (const FakeEngine* const engine : {&lanes_, &scalar_, &records_})
    EXPECT_EQ(engine->forgotten, (std::vector<std::uint64_t>{77}));
}

}  // namespace
}  // namespace lockstep::crypto

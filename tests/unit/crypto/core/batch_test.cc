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
  bool supports(JobClass) const override { return true; }
  void run(std::span<Job* const> jobs, JobList& done) override {
    calls.push_back(jobs.size());
    for (Job* const job : jobs) {
      EXPECT_EQ(job->status, JobStatus::waiting);
      EXPECT_EQ(job->kind, jobs[0]->kind);
      job->status = result;
      (keep ? kept : done).push(*job);
    }
  }
  void poll(Instant, JobList& done) override {
    ++polls;
    while (Job* const job = kept.pop()) done.push(*job);
  }
  std::size_t in_flight() const override { return kept.size(); }
  bool made_ahead(const Job&) const override { return ahead != 0; }
  bool make_ahead() override {
    ahead += 8;
    return ahead <= 16;
  }
  void drop_ahead() override { ahead = 0; }
  void foresee(const Job&) override { ++foreseen; }
  void forget(std::uint64_t id) override { forgotten.push_back(id); }

  std::vector<std::size_t> calls;
  std::vector<std::uint64_t> forgotten;
  JobStatus result = JobStatus::ok;
  bool keep = false;
  int polls = 0;
  std::size_t ahead = 0;
  int foreseen = 0;
  JobList kept;
};

class TestKey final : public PrivateKey {
 public:
  TestKey() : PrivateKey(KeyType::ecdsa_p256, 256) {}
};

using Sizes = std::vector<std::size_t>;

constexpr Instant kStart = Instant{} + seconds(1);
constexpr Duration kBudget = microseconds(50);

// A batch whose `derive` kind has eight lanes and whose `seal` kind has one.
class BatchTest : public testing::Test {
 protected:
  ClassPolicy& derive() { return policy_[static_cast<std::size_t>(JobClass::derive_x25519)]; }
  ClassPolicy& seal() { return policy_[static_cast<std::size_t>(JobClass::seal)]; }

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

  TestKey key_;
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
  EXPECT_EQ(batch.stats(JobClass::derive_x25519).jobs, 8U);
}

TEST_F(BatchTest, EachEngineIsPolledOnceHoweverManyClassesItServes) {
  policy_[static_cast<std::size_t>(JobClass::open)].engine = &records_;
  derive().scalar = &lanes_;
  Batch batch(policy_);
  batch.run(kStart, false, done_);
  EXPECT_EQ(records_.polls, 1);
  EXPECT_EQ(lanes_.polls, 1);
}

TEST_F(BatchTest, ClassWithoutEngineFails) {
  Batch batch(policy_);
  SignJob job;
  job.key = &key_;
  batch.submit(job, kStart);
  EXPECT_EQ(batch.run(kStart, false, done_), 1U);
  EXPECT_EQ(job.status, JobStatus::engine_failed);
  EXPECT_EQ(batch.stats(JobClass::sign_p256).failed, 1U);
}

TEST_F(BatchTest, OnlyLocalFaultsCountAsFailed) {
  Batch batch(policy_);
  lanes_.result = JobStatus::engine_failed;
  submit(batch, 2);
  batch.run(kStart, true, done_);
  lanes_.result = JobStatus::bad_peer_key;
  submit(batch, 1);
  batch.run(kStart, true, done_);
  EXPECT_EQ(batch.stats(JobClass::derive_x25519).jobs, 3U);
  EXPECT_EQ(batch.stats(JobClass::derive_x25519).failed, 2U);
}

TEST_F(BatchTest, RecordsFillAndWait) {
  Batch batch(policy_);
  submit(batch, 8, kStart);
  batch.run(kStart + nanoseconds(1000), false, done_);
  submit(batch, 1, kStart);
  batch.run(kStart, true, done_);
  const ClassStats& stats = batch.stats(JobClass::derive_x25519);
  EXPECT_EQ(stats.fill.count(), 2U);
  EXPECT_EQ(stats.fill.sum(), 9U);
  EXPECT_EQ(stats.wait.count(), 9U);
  EXPECT_EQ(stats.wait.sum(), 8000U);
}

TEST_F(BatchTest, DeadlineIsTheEarliestBudgetOfAnyClass) {
  policy_[static_cast<std::size_t>(JobClass::sign_p256)] = {.engine = &lanes_, .lanes = 8, .budget = kBudget * 2};
  Batch batch(policy_);
  EXPECT_EQ(batch.deadline(), Instant::never());
  SignJob job;
  job.key = &key_;
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

TEST_F(BatchTest, WhatWasMadeAheadWaitsForNoCompany) {
  lanes_.ahead = 2;
  derive().crossover = 3;
  Batch batch(policy_);
  submit(batch, 2);
  EXPECT_EQ(batch.run(kStart, false, done_), 2U);
  EXPECT_EQ(lanes_.calls, (Sizes{2}));
  EXPECT_TRUE(scalar_.calls.empty());
  EXPECT_EQ(batch.stats(JobClass::derive_x25519).made_ahead, 2U);
}

TEST_F(BatchTest, TheEngineForeseesMoreOfWhatTheScalarEngineDid) {
  derive().crossover = 3;
  Batch batch(policy_);
  submit(batch, 2);
  batch.run(kStart, true, done_);
  EXPECT_EQ(lanes_.foreseen, 1);
  EXPECT_EQ(batch.stats(JobClass::derive_x25519).scalar, 2U);
}

TEST_F(BatchTest, MakesAheadWhenIdleAndNothingWaits) {
  Batch batch(policy_);
  batch.run(kStart, false, done_);
  EXPECT_EQ(lanes_.ahead, 0U);
  submit(batch, 1);
  batch.run(kStart, true, done_);
  EXPECT_EQ(lanes_.ahead, 0U);
  batch.run(kStart, true, done_);
  EXPECT_EQ(lanes_.ahead, 8U);
}

TEST_F(BatchTest, DeadlineHasPassedWhileThereIsMoreToMakeAhead) {
  records_.ahead = scalar_.ahead = 16;  // full
  Batch batch(policy_);
  batch.run(kStart, true, done_);
  EXPECT_LE(batch.deadline(), kStart);
  batch.run(kStart, true, done_);
  EXPECT_LE(batch.deadline(), kStart);
  batch.run(kStart, true, done_);
  EXPECT_EQ(batch.deadline(), Instant::never());
}

TEST_F(BatchTest, TurnLimitEndsATurnAndTheNextGoesOn) {
  derive().cost = microseconds(30);
  Batch batch(policy_, microseconds(70));
  submit(batch, 40);
  EXPECT_EQ(batch.run(kStart, false, done_), 16U);
  EXPECT_EQ(batch.run(kStart, false, done_), 0U);  // the same turn
  EXPECT_EQ(batch.run(kStart + nanoseconds(1), false, done_), 16U);
}

TEST_F(BatchTest, ACallThatCostsMoreThanTheTurnLimitIsMadeOnceATurn) {
  derive().cost = microseconds(500);
  Batch batch(policy_, microseconds(200));
  submit(batch, 16);
  EXPECT_EQ(batch.run(kStart, false, done_), 8U);
  EXPECT_EQ(batch.run(kStart + nanoseconds(1), false, done_), 8U);
}

TEST_F(BatchTest, TurnLimitCountsEachJobOfTheScalarEngine) {
  derive().crossover = 8;
  derive().scalar_cost = microseconds(40);
  policy_[static_cast<std::size_t>(JobClass::sign_p256)] = {.engine = &records_, .cost = microseconds(10)};
  Batch batch(policy_, microseconds(100));
  SignJob job;
  job.key = &key_;
  submit(batch, 3);
  batch.submit(job, kStart);
  EXPECT_EQ(batch.run(kStart, true, done_), 3U);  // 120 µs, in one call
  EXPECT_EQ(batch.run(kStart + nanoseconds(1), true, done_), 1U);
}

TEST_F(BatchTest, TheClassThatWaitsLongestIsServedFirst) {
  policy_[static_cast<std::size_t>(JobClass::sign_p256)] = {.engine = &records_, .cost = microseconds(200)};
  derive().cost = microseconds(200);
  Batch batch(policy_, microseconds(200));
  SignJob job;
  job.key = &key_;
  batch.submit(job, kStart);
  submit(batch, 8, kStart + nanoseconds(1));
  batch.run(kStart + nanoseconds(2), false, done_);
  EXPECT_EQ(job.status, JobStatus::ok);
  EXPECT_EQ(derives_[0].status, JobStatus::waiting);
}

TEST_F(BatchTest, NoClassStarvesBehindTheTurnLimit) {
  policy_[static_cast<std::size_t>(JobClass::sign_p256)] = {.engine = &records_, .cost = microseconds(200)};
  derive().cost = microseconds(200);
  Batch batch(policy_, microseconds(200));
  SignJob job;
  job.key = &key_;
  batch.submit(job, kStart);
  std::size_t turns = 0;
  for (; job.status == JobStatus::waiting && turns < 2 * kJobClasses; ++turns) {
    submit(batch, 8, kStart + nanoseconds(static_cast<std::int64_t>(turns) + 1));
    batch.run(kStart + nanoseconds(static_cast<std::int64_t>(turns) + 1), false, done_);
  }
  EXPECT_EQ(job.status, JobStatus::ok);
}

TEST_F(BatchTest, DropAheadReachesEveryEngine) {
  lanes_.ahead = scalar_.ahead = 3;
  Batch batch(policy_);
  batch.drop_ahead();
  EXPECT_EQ(lanes_.ahead + scalar_.ahead, 0U);
}

TEST_F(BatchTest, ForgetReachesEveryEngineOnce) {
  Batch batch(policy_);
  batch.forget(77);
  for (const FakeEngine* const engine : {&lanes_, &scalar_, &records_})
    EXPECT_EQ(engine->forgotten, (std::vector<std::uint64_t>{77}));
}

}  // namespace
}  // namespace lockstep::crypto

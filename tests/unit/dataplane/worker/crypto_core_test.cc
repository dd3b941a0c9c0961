// Workers and crypto cores on one thread: who does which job, where lanes fill, and how both end.
#include "tests/unit/dataplane/worker/crypto_core_bench.h"

namespace lockstep::worker::test {
namespace {

using crypto::JobStatus;
using Sizes = std::vector<std::size_t>;

class CryptoCores : public ::testing::Test {
 protected:
  Instant later(Duration time = microseconds(1)) { return now_ = now_ + time; }
  Instant now_{1'000'000'000};
};

TEST_F(CryptoCores, AJobGoesToTheCoreAndComesBackAsItWas) {
  Core core(1);
  core.core.begin();
  Side side({&core.core}, 0);
  crypto::DeriveJob& job = side.submit(now_);
  EXPECT_EQ(side.run(now_), 0U);
  EXPECT_TRUE(core.core.turn(later()));
  EXPECT_EQ(core.engine.calls, Sizes{}) << "it waits for company while jobs come in";
  EXPECT_TRUE(core.core.turn(later()));
  EXPECT_FALSE(core.core.turn(later()));
  EXPECT_EQ(core.engine.calls, (Sizes{1}));
  EXPECT_EQ(side.run(later()), 1U);
  EXPECT_EQ(side.done.pop(), &job);
  EXPECT_EQ(job.status, JobStatus::ok);
  EXPECT_EQ(job.owner.index, 1U);
  EXPECT_EQ(job.owner.generation, 77U);
  EXPECT_EQ(side.own.calls, Sizes{});
  EXPECT_EQ(core.core.channel(0).sent.value(), 1U);
  EXPECT_EQ(core.core.counters().jobs.value(), 1U);
}

TEST_F(CryptoCores, LanesFillOverAllWorkersAndEachGetsItsOwnJobsBack) {
  Core core(4);
  core.core.begin();
  std::deque<Side> sides;
  for (std::size_t i = 0; i < 4; ++i) sides.emplace_back(std::vector{&core.core}, i);
  for (Side& side : sides) {
    side.submit_many(2, now_);
    side.run(now_);
  }
  core.core.turn(later());
  EXPECT_EQ(core.engine.calls, (Sizes{8}));
  for (Side& side : sides) {
    EXPECT_EQ(side.run(later()), 2U);
    EXPECT_EQ(side.done.pop(), &side.jobs[0]);
    EXPECT_EQ(side.done.pop(), &side.jobs[1]);
  }
}

TEST_F(CryptoCores, ClassesThatAreNotSentStayOnTheWorker) {
  Core core(1);
  core.core.begin();
  Side side({&core.core}, 0);
  side.submit(now_, crypto::NamedGroup::secp256r1);
  EXPECT_EQ(side.run(now_), 1U);
  EXPECT_EQ(side.own.calls, (Sizes{1}));
  EXPECT_FALSE(core.core.turn(later()));
}

TEST_F(CryptoCores, AWaitCountsFromTheWorkersSubmission) {
  Core core(1);
  core.core.begin();
  Side side({&core.core}, 0);
  side.submit(now_);
  side.run(now_);
  core.core.turn(later(microseconds(40)));
  EXPECT_EQ(core.engine.calls, (Sizes{1})) << "its budget was used up on the way";
  EXPECT_EQ(core.core.batch().stats(kSent).wait.sum(), 40'000U);
}

TEST_F(CryptoCores, AWorkerLooksForAnswersSoon) {
  Core core(1);
  core.core.begin();
  Side side({&core.core}, 0);
  side.submit(now_);
  side.run(now_);
  EXPECT_EQ(side.batch.deadline(), now_ + crypto::kPollInterval);
  core.core.turn(later());
  core.core.turn(later());
  EXPECT_EQ(side.run(later(), false), 1U);
  EXPECT_EQ(side.batch.deadline(), Instant::never());
}

TEST_F(CryptoCores, AFullRingIsNoReasonToWait) {
  Core core(1, 4);
  core.core.begin();
  Side side({&core.core}, 0);
  side.submit_many(15, now_);
  EXPECT_EQ(side.run(now_), 0U);
  EXPECT_EQ(core.core.channel(0).sent.value(), 4U);
  EXPECT_EQ(core.core.channel(0).full.value(), 11U);
  EXPECT_LE(side.batch.deadline(), now_) << "the worker goes on at once";
  EXPECT_EQ(side.run(later()), 8U);
  EXPECT_EQ(side.own.calls, (Sizes{8})) << "one call each turn";
  EXPECT_EQ(side.run(now_), 0U);
  EXPECT_EQ(side.run(later()), 3U);
  EXPECT_EQ(side.remote.done_locally().value(), 11U);
  EXPECT_EQ(side.batch.in_flight(), 4U);
  core.core.turn(later());
  core.core.turn(later());
  EXPECT_EQ(side.run(later()), 4U);
}

TEST_F(CryptoCores, WhatNoWorkerMayDoWaitsForRoomAndFailsWhenAllCoresHaveEnded) {
  Core core(1, 4);
  core.core.begin();
  Side side({&core.core}, 0, crypto::Policy{});
  side.submit_many(9, now_);
  EXPECT_EQ(side.run(now_), 0U);
  EXPECT_EQ(side.run(later()), 0U);
  core.core.turn(later());
  core.core.turn(later());
  EXPECT_EQ(side.run(later()), 4U);
  EXPECT_EQ(core.core.channel(0).sent.value(), 8U);
  core.core.end();
  EXPECT_EQ(side.run(later()), 5U);
  for (std::size_t i = 0; i < 9; ++i)
    EXPECT_EQ(side.jobs[i].status, i < 4 ? JobStatus::ok : JobStatus::engine_failed) << i;
  EXPECT_EQ(side.own.calls, Sizes{});
}

TEST_F(CryptoCores, WhatFoundNoRoomGoesWhenThereIs) {
  Core core(1, 4);
  core.core.begin();
  Side side({&core.core}, 0);
  side.submit_many(6, now_);
  side.run(now_);
  core.core.turn(later());
  core.core.turn(later());
  EXPECT_EQ(side.run(later()), 4U);
  EXPECT_EQ(core.core.channel(0).sent.value(), 6U);
  EXPECT_EQ(side.own.calls, Sizes{});
}

TEST_F(CryptoCores, FewerLocalJobsThanTheCrossoverGoToTheScalarEngine) {
  Core core(1, 2);
  NotingEngine lanes, scalar;
  crypto::Policy policy;
  policy[static_cast<std::size_t>(kSent)] = {.engine = &lanes, .scalar = &scalar, .lanes = kLanes, .crossover = 3};
  RemoteEngine remote({&core.core.channel(0)}, policy, sent_classes());
  crypto::Batch batch(remote.policy());
  std::deque<crypto::DeriveJob> jobs(2);
  for (crypto::DeriveJob& job : jobs) batch.submit(job, now_);
  crypto::JobList done;
  batch.run(now_, true, done);
  EXPECT_EQ(batch.run(later(), true, done), 2U);
  EXPECT_EQ(scalar.calls, (Sizes{2}));
  EXPECT_EQ(lanes.calls, Sizes{});
}

TEST_F(CryptoCores, OneCoresLanesFillBeforeTheNextGetsAnything) {
  Core a(1), b(1);
  a.core.begin();
  b.core.begin();
  Side side({&a.core, &b.core}, 0);
  side.submit_many(12, now_);
  side.run(now_);
  EXPECT_EQ(a.core.channel(0).sent.value(), 8U);
  EXPECT_EQ(b.core.channel(0).sent.value(), 4U);
  a.core.turn(later());
  EXPECT_EQ(side.run(later()), 8U);
  side.submit_many(2, now_);
  side.run(now_);
  EXPECT_EQ(a.core.channel(0).sent.value(), 10U) << "the first again, once it has room for a batch";
}

TEST_F(CryptoCores, BeyondFullLanesTheLeastLoadedCoreGetsTheJob) {
  Core a(1), b(1);
  a.core.begin();
  b.core.begin();
  Side side({&a.core, &b.core}, 0);
  side.submit_many(22, now_);
  side.run(now_);
  EXPECT_EQ(a.core.channel(0).sent.value(), 11U);
  EXPECT_EQ(b.core.channel(0).sent.value(), 11U);
}

TEST_F(CryptoCores, ACoreThatHasNotBegunGetsNothing) {
  Core a(1), b(1);
  b.core.begin();
  Side side({&a.core, &b.core}, 0);
  side.submit(now_);
  side.run(now_);
  EXPECT_EQ(b.core.channel(0).sent.value(), 1U);
  Core none(1);
  Side alone({&none.core}, 0);
  alone.submit(now_);
  alone.run(now_);
  EXPECT_EQ(alone.run(later()), 1U);
  EXPECT_EQ(alone.own.calls, (Sizes{1}));
  EXPECT_EQ(none.core.channel(0).full.value(), 0U) << "not full: not there";
}

TEST_F(CryptoCores, StoppingGivesBackWhatHadCome) {
  Core core(1);
  core.core.begin();
  core.engine.keep = true;
  Side side({&core.core}, 0);
  side.submit_many(10, now_);
  side.run(now_);
  core.core.turn(later());
  side.submit_many(3, now_);
  side.run(now_);
  core.core.stop();
  core.core.turn(later());
  EXPECT_FALSE(core.core.finished());
  core.engine.keep = false;
  for (int i = 0; i < 10 && !core.core.finished(); ++i) core.core.turn(later());
  ASSERT_TRUE(core.core.finished());
  core.core.end();
  EXPECT_EQ(side.run(later()), 13U);
  EXPECT_EQ(side.own.calls, Sizes{});
}

TEST_F(CryptoCores, WhatAStoppedCoreLeftInItsRingIsDoneLocally) {
  Core core(1);
  core.core.begin();
  Side side({&core.core}, 0);
  side.submit_many(2, now_);
  side.run(now_);
  core.core.stop();
  core.core.turn(later());
  side.submit_many(3, now_);  // the core has looked for the last time
  side.run(now_);
  while (!core.core.finished()) core.core.turn(later());
  core.core.end();
  EXPECT_EQ(side.run(later()), 5U);
  EXPECT_EQ(side.own.calls, (Sizes{3}));
  EXPECT_EQ(core.core.counters().jobs.value(), 2U);
  side.submit(now_);
  side.run(now_);
  EXPECT_EQ(side.run(later()), 1U) << "and so is what comes later";
  EXPECT_EQ(side.batch.in_flight(), 0U);
}

TEST_F(CryptoCores, ALocalEngineThatServesNothingElseIsPolledAndDropped) {
  Core core(1);
  NotingEngine lanes, scalar;
  crypto::Policy policy;
  policy[static_cast<std::size_t>(kSent)] = {.engine = &lanes, .scalar = &scalar, .lanes = kLanes};
  policy[static_cast<std::size_t>(kStays)] = {.engine = &scalar};
  RemoteEngine remote({&core.core.channel(0)}, policy, sent_classes());
  crypto::Batch batch(remote.policy());
  lanes.keep = true;
  lanes.ahead = 8;
  crypto::DeriveJob job;
  batch.submit(job, now_);
  crypto::JobList done;
  batch.run(now_, true, done);
  EXPECT_EQ(batch.run(later(), true, done), 0U);
  EXPECT_LE(batch.deadline(), now_) << "its slices want the next turn";
  lanes.keep = false;
  EXPECT_EQ(batch.run(later(), true, done), 1U);
  EXPECT_EQ(scalar.polls, 3) << "the batch polls what it knows, once";
  batch.drop_ahead();
  EXPECT_EQ(lanes.ahead, 0);
}

TEST_F(CryptoCores, MakesAheadWhenIdleAndDropsWhenAsked) {
  Core core(1);
  core.core.begin();
  while (core.core.turn(later()) || core.core.next() <= now_) {
  }
  EXPECT_EQ(core.engine.ahead, 16);
  EXPECT_EQ(core.core.next(), Instant::never()) << "it may sleep";
  core.core.drop_ahead();
  EXPECT_FALSE(core.core.has_dropped());
  Side side({&core.core}, 0);
  side.submit(now_);
  side.run(now_);
  core.core.turn(later());  // has work: makes nothing
  EXPECT_TRUE(core.core.has_dropped());
  EXPECT_EQ(core.engine.ahead, 0);
}

}  // namespace
}  // namespace lockstep::worker::test

#include "dataplane/worker/exchange.h"

#include <gtest/gtest.h>

#include <thread>

namespace lockstep::worker {
namespace {

using crypto::JobStatus;
using crypto::RemoteJob;

/// A question whose answer is its square.
struct Square : RemoteJob {
  explicit Square(std::uint16_t asked) : RemoteJob(Question::find_session) { core = asked; }
  std::uint64_t value = 0;
  std::uint64_t square = 0;
};

void answer(RemoteJob& job) {
  auto& square = static_cast<Square&>(job);
  square.square = square.value * square.value;
}

class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest() {
    for (std::size_t i = 0; i < 3; ++i) exchanges_.of(i).begin(bells_[i], counters_[i]);
  }

  Exchanges exchanges_{3};
  std::array<io::Doorbell, 3> bells_;
  std::array<WorkerCounters, 3> counters_;
  std::atomic<int> finished_{0};
};

TEST_F(ExchangeTest, AQuestionComesBackAnsweredToTheOneWhoAsked) {
  Square job(2);
  job.value = 12;
  ASSERT_TRUE(exchanges_.of(0).ask(job));
  EXPECT_EQ(exchanges_.of(0).in_flight(), 1);
  EXPECT_FALSE(exchanges_.of(2).quiet());
  EXPECT_FALSE(exchanges_.of(1).serve(answer));
  EXPECT_TRUE(exchanges_.of(2).serve(answer));

  crypto::JobList back;
  exchanges_.of(1).take_back(back);
  EXPECT_TRUE(back.empty());
  exchanges_.of(0).take_back(back);
  ASSERT_EQ(back.pop(), &job);
  EXPECT_EQ(job.status, JobStatus::ok);
  EXPECT_EQ(job.square, 144);
  EXPECT_EQ(exchanges_.of(0).in_flight(), 0);
  EXPECT_EQ(counters_[0].questions_asked.value(), 1);
  EXPECT_EQ(counters_[2].questions_answered.value(), 1);
}

TEST_F(ExchangeTest, AQuestionToNobodyOrToOneselfIsRefused) {
  Square to_self(0);
  Square to_nobody(3);
  EXPECT_FALSE(exchanges_.of(0).ask(to_self));
  EXPECT_FALSE(exchanges_.of(0).ask(to_nobody));
  EXPECT_EQ(exchanges_.of(0).in_flight(), 0);
  EXPECT_EQ(counters_[0].questions_refused.value(), 2);
}

TEST_F(ExchangeTest, WhatAFullRingRefusesDoesNotHoldUpOthers) {
  std::vector<std::unique_ptr<Square>> jobs;
  const auto ask = [&](std::uint16_t core) {
    jobs.push_back(std::make_unique<Square>(core));
    return exchanges_.of(0).ask(*jobs.back());
  };
  for (std::size_t i = 0; i < kExchangeCapacity; ++i) ASSERT_TRUE(ask(1));
  EXPECT_FALSE(ask(1));
  EXPECT_TRUE(ask(2));
  // Room is there again only when answers were taken back, so that each answer finds room.
  exchanges_.of(1).serve(answer);
  EXPECT_FALSE(ask(1));
  crypto::JobList back;
  exchanges_.of(0).take_back(back);
  EXPECT_EQ(back.size(), kExchangeCapacity);
  EXPECT_TRUE(ask(1));
}

TEST_F(ExchangeTest, QuestionsToAWorkerThatHasEndedComeBackUnanswered) {
  Square answered(1);
  Square left(1);
  Square late(1);
  ASSERT_TRUE(exchanges_.of(0).ask(answered));
  exchanges_.of(1).serve(answer);
  ASSERT_TRUE(exchanges_.of(0).ask(left));
  exchanges_.of(1).end();
  EXPECT_FALSE(exchanges_.of(0).ask(late));

  crypto::JobList back;
  exchanges_.of(0).take_back(back);
  EXPECT_EQ(back.size(), 2);
  EXPECT_EQ(answered.status, JobStatus::ok);
  EXPECT_EQ(left.status, JobStatus::engine_failed);
  EXPECT_EQ(exchanges_.of(0).in_flight(), 0);
}

TEST_F(ExchangeTest, ThreeThreadsAskEachOtherAndEveryAnswerIsRight) {
  constexpr std::uint64_t kQuestions = 30'000;
  std::array<std::uint64_t, 3> right{};
  const auto work = [&](std::uint16_t self) {
    Exchange& exchange = exchanges_.of(self);
    std::vector<std::unique_ptr<Square>> free;
    for (std::uint16_t i = 0; i < 64; ++i)
      free.push_back(std::make_unique<Square>(static_cast<std::uint16_t>((self + 1 + i % 2) % 3)));
    std::uint64_t asked = 0;
    std::uint64_t back = 0;
    std::vector<std::unique_ptr<Square>> away;
    // Goes on answering until nobody can ask any more.
    while (right[self] < kQuestions || back < asked) {
      while (asked < kQuestions && !free.empty()) {
        free.back()->value = asked;
        if (!exchange.ask(*free.back())) break;
        ++asked;
        away.push_back(std::move(free.back()));
        free.pop_back();
      }
      exchange.serve(answer);
      crypto::JobList done;
      exchange.take_back(done);
      while (crypto::Job* const job = done.pop()) {
        auto& square = static_cast<Square&>(*job);
        right[self] += square.status == JobStatus::ok && square.square == square.value * square.value ? 1 : 0;
        ++back;
        const auto found = std::find_if(away.begin(), away.end(), [&](const auto& one) { return one.get() == job; });
        free.push_back(std::move(*found));
        away.erase(found);
      }
      if (done.empty()) std::this_thread::yield();
    }
    finished_.fetch_add(1);
    while (finished_.load() != 3) {
      exchange.serve(answer);
      std::this_thread::yield();
    }
  };
  std::array<std::thread, 3> threads;
  for (std::uint16_t i = 0; i < 3; ++i) threads[i] = std::thread(work, i);
  for (std::thread& thread : threads) thread.join();
  for (const std::uint64_t count : right) EXPECT_EQ(count, kQuestions);
}

}  // namespace
}  // namespace lockstep::worker

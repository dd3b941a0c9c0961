#include "dataplane/base/timing_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/base/random.h"

namespace lockstep {
namespace {

constexpr Instant kStart{5'000'000'000};

std::vector<std::uint64_t> fired(TimingWheel& wheel, Instant now) {
  std::vector<std::uint64_t> cookies;
  wheel.advance(now, [&cookies](Timer& timer) { cookies.push_back(timer.cookie); });
  return cookies;
}

TEST(TimingWheel, FiresInTheFirstMillisecondThatIsNotEarly) {
  TimingWheel wheel(kStart);
  Timer timer;
  const Instant at = kStart + microseconds(2300);
  wheel.arm(timer, at);
  EXPECT_EQ(timer.at(), at);
  EXPECT_TRUE(fired(wheel, at - nanoseconds(1)).empty());
  EXPECT_TRUE(timer.armed());
  EXPECT_EQ(fired(wheel, kStart + milliseconds(3)).size(), 1U);
  EXPECT_FALSE(timer.armed());
}

TEST(TimingWheel, FiresAPassedInstantAtTheNextAdvanceEvenWithinTheSameMillisecond) {
  TimingWheel wheel(kStart);
  Timer timer;
  wheel.arm(timer, kStart - seconds(1));
  EXPECT_LE(wheel.next(), kStart);
  EXPECT_EQ(fired(wheel, kStart).size(), 1U);
}

TEST(TimingWheel, ATimerRearmedForThePastInItsOwnCallWaitsForTheNextAdvance) {
  TimingWheel wheel(kStart);
  Timer timer;
  int calls = 0;
  wheel.arm(timer, kStart);
  const auto rearm = [&](Timer& t) {
    ++calls;
    wheel.arm(t, kStart);
  };
  wheel.advance(kStart, rearm);
  EXPECT_EQ(calls, 1);
  wheel.advance(kStart, rearm);
  EXPECT_EQ(calls, 2);
}

TEST(TimingWheel, KeepsATimerBeyondItsRange) {
  TimingWheel wheel(kStart);
  Timer timer;
  const Instant at = kStart + seconds(40LL * 86'400);
  wheel.arm(timer, at);
  for (int day = 1; day < 40; ++day) EXPECT_TRUE(fired(wheel, kStart + seconds(86'400LL * day)).empty());
  EXPECT_TRUE(fired(wheel, at - milliseconds(1)).empty());
  EXPECT_EQ(fired(wheel, at).size(), 1U);
}

TEST(TimingWheel, NeverFiresATimerArmedForNever) {
  TimingWheel wheel(kStart);
  Timer timer;
  wheel.arm(timer, Instant::never());
  EXPECT_TRUE(fired(wheel, kStart + seconds(400LL * 86'400)).empty());
  EXPECT_TRUE(timer.armed());
}

TEST(TimingWheel, ACallMayDestroyAnotherDueTimer) {
  TimingWheel wheel(kStart);
  auto first = std::make_unique<Timer>();
  auto second = std::make_unique<Timer>();
  wheel.arm(*first, kStart + milliseconds(1));
  wheel.arm(*second, kStart + milliseconds(1));
  int calls = 0;
  wheel.advance(kStart + milliseconds(5), [&](Timer& timer) {
    ++calls;
    (&timer == first.get() ? second : first).reset();
  });
  EXPECT_EQ(calls, 1);
}

TEST(TimingWheel, LeavesItsTimersDisarmedWhenItIsDestroyed) {
  Timer timer;
  {
    TimingWheel wheel(kStart);
    wheel.arm(timer, kStart + seconds(1));
  }
  EXPECT_FALSE(timer.armed());
}

TEST(TimingWheel, NextIsNeverWithoutTimersAlsoAfterDisarming) {
  TimingWheel wheel(kStart);
  EXPECT_EQ(wheel.next(), Instant::never());
  Timer timer;
  for (const std::int64_t ms : {1, 100, 5000, 300'000, 20'000'000, 2'000'000'000}) {
    wheel.arm(timer, kStart + milliseconds(ms));
    EXPECT_LE(wheel.next(), timer.at());
    wheel.disarm(timer);
    EXPECT_EQ(wheel.next(), Instant::never());
  }
}

TEST(TimingWheel, NextFindsTheRemainingTimerBehindDisarmedOnes) {
  TimingWheel wheel(kStart);
  std::array<Timer, 40> timers;
  for (std::size_t i = 0; i < timers.size(); ++i)
    wheel.arm(timers[i], kStart + milliseconds(static_cast<std::int64_t>(i) + 1));
  for (std::size_t i = 0; i + 1 < timers.size(); ++i) wheel.disarm(timers[i]);
  const Instant next = wheel.next();
  EXPECT_LE(next, timers.back().at());
  EXPECT_GT(next, kStart);
}

/// A distance in time that reaches every level of the wheel about equally often.
Duration any_distance(Random& random) {
  const std::uint64_t bits = random.below(52);
  return nanoseconds(static_cast<std::int64_t>(random.u64() >> (63U - bits)));
}

TEST(TimingWheel, AgreesWithAListOverRandomOperations) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random = Random::from_number(seed);
    Instant now{static_cast<std::int64_t>(random.u64() >> 10U)};
    TimingWheel wheel(now);
    std::vector<Timer> timers(200);
    std::vector<std::optional<Instant>> model(timers.size());
    for (std::size_t i = 0; i < timers.size(); ++i) timers[i].cookie = i;
    for (int step = 0; step < 3000; ++step) {
      const std::size_t which = random.below(static_cast<std::uint32_t>(timers.size()));
      const std::uint32_t choice = random.below(10);
      if (choice < 5) {
        model[which] = now + any_distance(random) - (random.below(8) == 0 ? seconds(1) : seconds(0));
        wheel.arm(timers[which], *model[which]);
      } else if (choice < 7) {
        wheel.disarm(timers[which]);
        model[which].reset();
      } else {
        Instant earliest = Instant::never();
        for (const auto& at : model)
          if (at && *at < earliest) earliest = *at;
        if (earliest != Instant::never()) {
          ASSERT_LT(wheel.next(), std::max(earliest, now) + milliseconds(1));
        }
        now = random.below(3) == 0 && earliest != Instant::never() && earliest > now ? earliest
                                                                                     : now + any_distance(random) / 16;
        wheel.advance(now, [&](Timer& timer) {
          ASSERT_TRUE(model[timer.cookie]) << "fired though not armed";
          ASSERT_LE(*model[timer.cookie], now) << "fired early";
          model[timer.cookie].reset();
        });
        for (std::size_t i = 0; i < timers.size(); ++i) {
          ASSERT_EQ(timers[i].armed(), model[i].has_value());
          // What is left may be due only since the current millisecond began.
          if (model[i]) {
            ASSERT_GT(model[i]->ns, now.ns / 1'000'000 * 1'000'000) << "fired late";
          }
        }
      }
    }
  }
}

TEST(TimingWheel, FiresInOrderOfMilliseconds) {
  Random random = Random::from_number(9);
  TimingWheel wheel(kStart);
  std::vector<Timer> timers(500);
  for (Timer& timer : timers) wheel.arm(timer, kStart + milliseconds(random.below(300'000)));
  std::vector<Instant> order;
  wheel.advance(kStart + seconds(301), [&order](Timer& timer) { order.push_back(timer.at()); });
  EXPECT_EQ(order.size(), timers.size());
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

}  // namespace
}  // namespace lockstep

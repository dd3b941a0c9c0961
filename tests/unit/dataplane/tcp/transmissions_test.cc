// When segments were sent, and what is lost by it (RFC 8985).
#include "dataplane/tcp/transmissions.h"

#include <gtest/gtest.h>

namespace lockstep::tcp {
namespace {

constexpr Duration kGrain = milliseconds(25);

Instant at(std::int64_t ms) {
  return Instant{} + milliseconds(ms);
}

TEST(TransmitLog, JoinsWhatWasSentTogether) {
  TransmitLog log;
  log.add(1000, at(0), kGrain);
  log.add(2000, at(24), kGrain);
  log.add(3000, at(25), kGrain);
  EXPECT_EQ(log.find(1000)->end, 2000U);
  EXPECT_EQ(log.find(1000)->first, at(0));
  EXPECT_EQ(log.find(1000)->last, at(24));
  EXPECT_EQ(log.find(2001)->first, at(25));
  EXPECT_EQ(log.find(3001), nullptr);
}

TEST(TransmitLog, IsBoundedAndErrsOnTheSideOfPatience) {
  TransmitLog log;
  for (std::uint32_t i = 1; i <= 20; ++i) log.add(i * 1000, at(i * 100), kGrain);
  EXPECT_EQ(log.end() - log.begin(), 8);
  EXPECT_EQ(log.find(20000)->first, at(800));
  EXPECT_EQ(log.find(20000)->last, at(2000));
  EXPECT_EQ(log.find(8500)->last, at(2000));
}

TEST(TransmitLog, ForgetsWhatIsAcknowledged) {
  TransmitLog log;
  log.add(1000, at(0), kGrain);
  log.add(2000, at(100), kGrain);
  log.acknowledge(1500);
  EXPECT_EQ(log.begin()->end, 2000U);
  log.acknowledge(2000);
  EXPECT_EQ(log.begin(), log.end());
}

struct Flight : ::testing::Test {
  Flight() {
    t.start_recovery(0);
    for (std::uint32_t i = 1; i <= 4; ++i) t.fresh.add(i * 1000, at(i * 30), kGrain);
  }
  // The segment that ends at `end` arrives.
  void deliver(std::uint32_t end, Instant now) {
    t.delivered(*t.fresh.find(end), now);
    t.fresh_delivered = end;
  }
  Transmissions t;
};

TEST_F(Flight, WithoutAWindowAllThatWasSentBeforeIsLost) {
  deliver(3000, at(190));
  const auto lost = t.overdue(t.fresh, 0, t.fresh_delivered, Duration{}, at(190));
  EXPECT_EQ(lost.edge, 3000U);
  EXPECT_EQ(lost.next, Instant::never());
}

TEST_F(Flight, AWindowGivesTimeToWhatWasSentLately) {
  deliver(3000, at(190));
  // Sent 60 and 30 ms before what arrived.
  const auto lost = t.overdue(t.fresh, 0, t.fresh_delivered, milliseconds(40), at(190));
  EXPECT_EQ(lost.edge, 1000U);
  EXPECT_EQ(lost.next, at(200));
  EXPECT_EQ(t.overdue(t.fresh, 0, t.fresh_delivered, milliseconds(40), at(200)).edge, 2000U);
}

TEST_F(Flight, WhatWasSentAfterIsNotLost) {
  deliver(2000, at(160));
  EXPECT_EQ(t.overdue(t.fresh, 0, t.fresh_delivered, milliseconds(10), at(10000)).edge, 2000U);
}

TEST_F(Flight, ARetransmissionIsLostWhenSomethingLaterArrived) {
  t.again.add(1000, at(100), kGrain);
  deliver(3000, at(190));
  EXPECT_EQ(t.overdue(t.again, 0, t.again_delivered, Duration{}, at(190)).edge, 0U);
  deliver(4000, at(220));  // sent at 120
  EXPECT_EQ(t.overdue(t.again, 0, t.again_delivered, Duration{}, at(220)).edge, 1000U);
}

TEST(TransmissionsPool, IsBounded) {
  TransmissionsPool pool(1);
  Transmissions* const one = pool.take(5);
  ASSERT_NE(one, nullptr);
  EXPECT_EQ(one->fresh_delivered, 5U);
  EXPECT_EQ(pool.take(5), nullptr);
  pool.give(one);
  EXPECT_EQ(pool.take(7), one);
}

}  // namespace
}  // namespace lockstep::tcp

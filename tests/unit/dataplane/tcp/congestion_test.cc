#include "dataplane/tcp/congestion.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dataplane/tcp/round_trip.h"

namespace lockstep::tcp {
namespace {

constexpr std::uint32_t kMss = 1000;
constexpr Duration kRoundTrip = milliseconds(100);

/// One round trip in which all of the window is acknowledged, two segments at a time.
void round(Congestion& congestion, Instant now) {
  for (std::uint32_t left = congestion.window(); left != 0;) {
    const std::uint32_t part = std::min(left, 2 * kMss);
    congestion.on_ack(part, kMss, kRoundTrip, now);
    left -= part;
  }
}

TEST(Congestion, StartsWithTenSegments) {
  Congestion congestion;
  congestion.start(1460, false);
  EXPECT_EQ(congestion.window(), 14600U);
  congestion.start(9000, false);
  EXPECT_EQ(congestion.window(), 18000U);
  congestion.start(1460, true);
  EXPECT_EQ(congestion.window(), 1460U);
}

TEST(Congestion, DoublesInSlowStart) {
  Congestion congestion;
  congestion.start(kMss, false);
  round(congestion, Instant{});
  EXPECT_EQ(congestion.window(), 20000U);
}

// RFC 3465: bytes count, not ACKs, and one ACK opens the window by a bounded amount only.
TEST(Congestion, IsSafeFromDividedAndStretchedAcks) {
  Congestion congestion;
  congestion.start(kMss, false);
  for (int i = 0; i < 1000; ++i) congestion.on_ack(1, kMss, kRoundTrip, Instant{});
  EXPECT_EQ(congestion.window(), 11000U);
  congestion.on_ack(1000000, kMss, kRoundTrip, Instant{});
  EXPECT_EQ(congestion.window(), 19000U);
}

TEST(Congestion, NewRenoHalvesAndGrowsByOneSegmentPerRoundTrip) {
  Congestion congestion(CongestionAlgorithm::newreno);
  congestion.start(kMss, false);
  congestion.on_loss(40000, kMss);
  EXPECT_EQ(congestion.window(), 20000U);
  round(congestion, Instant{});
  EXPECT_NEAR(congestion.window(), 21000, 60);
}

// RFC 9937 section 6: seven segments go out for ten that arrive, one at a time, and the window has come down at the
// end.
TEST(Congestion, ReducesInProportionWhileALossIsRepaired) {
  Congestion congestion;
  congestion.start(kMss, false);
  for (int i = 0; i < 2; ++i) round(congestion, Instant{});
  ASSERT_EQ(congestion.window(), 40000U);
  congestion.on_loss(40000, kMss);
  std::uint32_t flight = 36000;  // three arrived, one is lost
  std::uint32_t sent = 0;
  for (int acks = 0; acks < 24; ++acks) {
    congestion.on_recovery_ack(kMss, flight, kMss, false);
    std::uint32_t burst = 0;
    for (; flight + kMss <= congestion.window(); ++burst, ++sent, flight += kMss) congestion.on_recovery_sent(kMss);
    EXPECT_LE(burst, 1U);
    flight -= kMss;
  }
  EXPECT_NEAR(sent, 24 * 7 / 10, 1);
  congestion.on_repaired();
  EXPECT_EQ(congestion.window(), 28000U);
}

// RFC 9937 section 6: losses have emptied the pipe below the window; what arrives is replaced, and one more only while
// the repair gets on.
TEST(Congestion, FillsAnEmptyPipeByWhatArrives) {
  Congestion congestion;
  congestion.start(kMss, false);
  congestion.on_loss(10000, kMss);
  congestion.on_recovery_ack(kMss, 2000, kMss, false);
  EXPECT_EQ(congestion.window(), 3000U);
  congestion.on_recovery_sent(kMss);
  congestion.on_recovery_ack(kMss, 2000, kMss, true);
  EXPECT_EQ(congestion.window(), 4000U);
  congestion.on_recovery_sent(2 * kMss);
  congestion.on_recovery_ack(9 * kMss, 2000, kMss, true);
  EXPECT_EQ(congestion.window(), 7000U) << "never above the threshold";
}

TEST(Congestion, CubicReducesToSevenTenthsAndComesBackToItsMaximum) {
  Congestion congestion;
  congestion.start(kMss, false);
  for (int i = 0; i < 5; ++i) round(congestion, Instant{});
  const std::uint32_t maximum = congestion.window();
  ASSERT_EQ(maximum, 320000U);
  congestion.on_loss(maximum, kMss);
  EXPECT_EQ(congestion.window(), maximum * 7 / 10);
  // K = cbrt(W_max * 0.3 / 0.4) segments, in seconds.
  const double k = std::cbrt(320 * 0.3 / 0.4);
  Instant now;
  std::uint32_t previous = congestion.window();
  while (static_cast<double>(now.ns) * 1e-9 < k) {
    round(congestion, now);
    EXPECT_GE(congestion.window(), previous);
    previous = congestion.window();
    now = now + kRoundTrip;
  }
  EXPECT_NEAR(congestion.window(), maximum, maximum / 50.0);
  for (int i = 0; i < 60; ++i) round(congestion, now = now + kRoundTrip);
  EXPECT_GT(congestion.window(), maximum * 11 / 10) << "beyond the maximum it probes";
}

TEST(Congestion, ATimeoutLeavesOneSegmentAndReducesTheThresholdOnce) {
  Congestion congestion;
  congestion.start(kMss, false);
  congestion.on_timeout(100000, kMss, true);
  EXPECT_EQ(congestion.window(), kMss);
  EXPECT_EQ(congestion.threshold(), 70000U);
  congestion.on_timeout(1000, kMss, false);
  EXPECT_EQ(congestion.threshold(), 70000U);
}

TEST(Congestion, NeverFallsBelowTwoSegmentsByLoss) {
  Congestion congestion;
  congestion.start(kMss, false);
  for (int i = 0; i < 20; ++i) congestion.on_loss(congestion.window(), kMss);
  EXPECT_EQ(congestion.window(), 2 * kMss);
}

TEST(Congestion, RestartsFromTheInitialWindowAfterIdleness) {
  Congestion congestion;
  congestion.start(kMss, false);
  for (int i = 0; i < 5; ++i) round(congestion, Instant{});
  congestion.on_idle(kMss);
  EXPECT_EQ(congestion.window(), 10000U);
}

// RFC 6298 section 2.
TEST(RoundTrip, ComputesTheTimeout) {
  RoundTrip round_trip;
  const auto timeout = [&](std::uint8_t backoffs) {
    return round_trip.timeout(seconds(1), milliseconds(200), seconds(60), backoffs);
  };
  EXPECT_EQ(timeout(0), seconds(1));
  EXPECT_EQ(timeout(2), seconds(4));
  EXPECT_EQ(timeout(200), seconds(60));
  round_trip.sample(milliseconds(100), Instant{});
  EXPECT_EQ(timeout(0), milliseconds(300));
  for (int i = 0; i < 100; ++i) round_trip.sample(milliseconds(100), Instant{});
  EXPECT_EQ(timeout(0), milliseconds(200)) << "the minimum";
  round_trip.sample(milliseconds(500), Instant{});
  EXPECT_EQ(round_trip.smoothed(), milliseconds(150));
  EXPECT_NEAR(static_cast<double>(timeout(0).ns), 550e6, 1e6);
}

}  // namespace
}  // namespace lockstep::tcp

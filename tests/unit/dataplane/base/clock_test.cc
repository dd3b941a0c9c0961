#include "dataplane/base/clock.h"

#include <gtest/gtest.h>
#include <rte_cycles.h>

#include <chrono>

namespace lockstep {
namespace {

TEST(Clock, NeverRunsBackwards) {
  const Clock clock;
  Instant last = clock.now();
  for (int i = 0; i < 1000; ++i) {
    const Instant now = clock.now();
    ASSERT_GE(now, last);
    last = now;
  }
}

TEST(Clock, RunsAtTheRateOfTheSystemClock) {
  const Clock clock;
  const auto system_start = std::chrono::steady_clock::now();
  const Instant start = clock.now();
  while (std::chrono::steady_clock::now() - system_start < std::chrono::milliseconds(50)) {
  }
  const double elapsed = static_cast<double>((clock.now() - start).ns);
  const auto expected =
      std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - system_start).count();
  EXPECT_NEAR(elapsed / expected, 1.0, 0.02);
}

TEST(Clock, ConvertsASecondOfCyclesWithoutOverflowForDecades) {
  const Clock clock;
  EXPECT_NEAR(static_cast<double>(clock.to_duration(rte_get_tsc_hz()).ns), 1e9, 2);
  const std::uint64_t year = rte_get_tsc_hz() * 31'536'000;
  EXPECT_NEAR(static_cast<double>(clock.to_duration(50 * year).ns), 50 * 31'536'000e9, 31'536'000e9);
}

}  // namespace
}  // namespace lockstep

#include "dataplane/base/clock.h"

#include <rte_cycles.h>

namespace lockstep {

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
__extension__ using Wide = unsigned __int128;

}  // namespace

Clock::Clock() : nanoseconds_per_cycle_((kNanosecondsPerSecond << 32U) / rte_get_tsc_hz()) {}

Instant Clock::now() const {
  return Instant{to_duration(cycles()).ns};
}

std::uint64_t Clock::cycles() {
  return rte_rdtsc();
}

Duration Clock::to_duration(std::uint64_t cycles) const {
  return {static_cast<std::int64_t>(static_cast<Wide>(cycles) * nanoseconds_per_cycle_ >> 32U)};
}

}  // namespace lockstep

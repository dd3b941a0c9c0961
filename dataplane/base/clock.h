// The clock of the workers: the time-stamp counter as an Instant.
#pragma once

#include <cstdint>

#include "crypto/base/time.h"

namespace lockstep {

/// Reads the processor's time-stamp counter. Instants of all clocks of one process are comparable (they count from the
/// counter's zero). Only the worker's loop reads it; everything below gets the instant as an argument.
class Clock {
 public:
  /// Takes the counter's rate from the environment abstraction layer, which must have been started.
  Clock();
  Instant now() const;
  /// Counter cycles, for measuring stages.
  static std::uint64_t cycles();
  /// Cycles as time.
  Duration to_duration(std::uint64_t cycles) const;

 private:
  std::uint64_t nanoseconds_per_cycle_;  // fixed point, 32 fractional bits
};

}  // namespace lockstep

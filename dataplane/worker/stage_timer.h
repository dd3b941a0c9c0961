// Where the time of a turn goes.
#pragma once

#include "dataplane/base/clock.h"
#include "dataplane/base/counters.h"

namespace lockstep::worker {

/// Reads the time-stamp counter between stages.
class StageTimer {
 public:
  explicit StageTimer(const Clock& clock) : clock_(clock), begin_(Clock::cycles()), last_(begin_) {}
  /// Adds the time since the last lap to `nanoseconds`.
  void lap(Counter& nanoseconds) {
    const std::uint64_t now = Clock::cycles();
    add(nanoseconds, now - last_);
    last_ = now;
  }
  /// Adds the time from the beginning to the last lap.
  void total(Counter& nanoseconds) const { add(nanoseconds, last_ - begin_); }

 private:
  void add(Counter& nanoseconds, std::uint64_t cycles) const {
    nanoseconds.add(static_cast<std::uint64_t>(clock_.to_duration(cycles).ns));
  }
  const Clock& clock_;
  std::uint64_t begin_;
  std::uint64_t last_;
};

}  // namespace lockstep::worker

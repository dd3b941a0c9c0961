// A short rest of the processor between two looks for work.
#pragma once

#include "crypto/base/time.h"

namespace lockstep::worker {

/// Turns without work pause the processor for this long in all before the thread sleeps.
constexpr Duration kPauseBeforeSleep = microseconds(20);
/// Longest sleep when everything that may come can end it.
constexpr Duration kLongestSleep = milliseconds(100);
/// Longest sleep when something has to be polled.
constexpr Duration kLongestNap = microseconds(50);

/// Pauses for about a microsecond, in a state that leaves the core's resources to its sibling thread.
class Pause {
 public:
  /// On the thread that pauses, once, before it does: learns what the processor has, and asks the kernel for exact
  /// timers (its slack of 50 µs would double a short sleep).
  void begin();
  void operator()() const;

 private:
  std::uint64_t cycles_ = 0;  // 0: the processor has no timed pause
};

}  // namespace lockstep::worker

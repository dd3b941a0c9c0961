// Timers of one core: a hierarchical timing wheel (Varghese and Lauck, 1987).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "crypto/base/time.h"

namespace lockstep {

/// A timer embedded in its owner. Destroying an armed timer disarms it.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { unlink(); }
  bool armed() const { return next_ != nullptr; }
  /// When it fires; only when armed.
  Instant at() const { return at_; }
  /// For the owner to find itself in `TimingWheel::advance`.
  std::uint64_t cookie = 0;
  std::uint16_t kind = 0;

 private:
  friend class TimingWheel;
  void unlink();
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  Instant at_;
};

/// Five levels of 64 slots; granularity 1 ms, so up to about 12 days; later instants wait in the last slot. Arming and
/// disarming are O(1). A timer never fires early.
class TimingWheel {
 public:
  explicit TimingWheel(Instant now);
  TimingWheel(const TimingWheel&) = delete;
  TimingWheel& operator=(const TimingWheel&) = delete;
  ~TimingWheel();

  /// (Re)arms `timer` to fire at `at`, or at the next advance if that has passed.
  void arm(Timer& timer, Instant at);
  void disarm(Timer& timer) { timer.unlink(); }
  /// Calls f(Timer&), disarmed, for each timer that is due; f may arm and disarm any timer and destroy any owner.
  template <class F>
  void advance(Instant now, F&& f) {
    collect(now);
    while (Timer* timer = pop_due()) f(*timer);
  }
  /// A lower bound of the next firing; Instant::never() when nothing is armed.
  Instant next() const;

 private:
  static constexpr int kLevels = 5;
  static constexpr int kSlots = 64;
  /// A slot that may hold timers and the tick at which it begins; level -1: there is none.
  struct Position {
    int level = -1;
    std::size_t slot = 0;
    std::int64_t tick = 0;
  };
  void collect(Instant now);
  Timer* pop_due();
  void place(Timer& timer);
  Position after(int level, std::int64_t tick) const;
  static void make_head(Timer& head);
  static bool is_empty(const Timer& head);
  static void disarm_all(Timer& head);
  static void push_back(Timer& head, Timer& timer);
  static void move_all(Timer& from, Timer& to);

  std::array<std::array<Timer, kSlots>, kLevels> slots_;  // list heads
  std::array<std::uint64_t, kLevels> occupied_{};         // hint: slots that may hold timers
  Timer due_;                                             // collected, handed out by this advance
  Timer late_;                                            // armed for an instant that had passed: next advance
  std::int64_t tick_;                                     // milliseconds already collected
};

}  // namespace lockstep

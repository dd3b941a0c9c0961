// What a worker does when there is nothing to do: pauses, then sleeps, until a frame, a message or a timer.
#pragma once

#include <poll.h>

#include <vector>

#include "crypto/base/histogram.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/spsc_ring.h"
#include "dataplane/io/doorbell.h"
#include "dataplane/io/packet_queue.h"
#include "dataplane/worker/worker.h"

namespace lockstep::worker {

/// Turns without work pause the processor for this long in all before the worker sleeps.
constexpr Duration kPauseBeforeSleep = microseconds(20);
/// Longest sleep when every queue can wake the worker.
constexpr Duration kLongestSleep = milliseconds(100);
/// Sleeps when a queue has to be polled: the first, and the longest that they grow to.
constexpr Duration kFirstNap = microseconds(10);
constexpr Duration kLongestNap = microseconds(50);
/// After this many wake-ups in a row that brought no work, the descriptors are not believed until there is work.
constexpr int kMaxFruitless = 16;

/// Used by the worker's thread only, but for the bell.
class Sleeper {
 public:
  /// All references outlive the sleeper.
  Sleeper(const Clock& clock, const std::vector<io::PacketQueue*>& queues, const SpscRing<Message>& mailbox,
          WorkerCounters& counters);

  /// On the worker's thread, before the first turn: asks the kernel for exact timers.
  void begin();
  /// The last turn had work.
  void worked();
  /// The last turn had none, and the next is needed at `until` at the latest.
  void idle(Instant now, Instant until);

  /// To be rung after a message was put into the mailbox.
  io::Doorbell& bell() { return bell_; }
  const Histogram& late() const { return late_; }

 private:
  void pause() const;
  void sleep(Instant now, Instant until);
  bool collect_descriptors();
  bool prepare();
  void finish();

  const Clock& clock_;
  const std::vector<io::PacketQueue*>& queues_;
  const SpscRing<Message>& mailbox_;
  WorkerCounters& counters_;
  io::Doorbell bell_;
  std::vector<pollfd> descriptors_;  // the bell, then those of the queues
  Histogram late_;
  std::uint64_t pause_cycles_ = 0;  // 0: the processor has no timed pause
  Instant idle_since_ = Instant::never();
  Duration nap_ = kFirstNap;
  bool woken_ = false;
  int fruitless_ = 0;
};

}  // namespace lockstep::worker

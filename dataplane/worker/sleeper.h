// What a worker does when there is nothing to do: pauses, then sleeps, until a frame, a message or a timer.
#pragma once

#include <poll.h>

#include <vector>

#include "crypto/base/histogram.h"
#include "dataplane/base/clock.h"
#include "dataplane/base/spsc_ring.h"
#include "dataplane/io/doorbell.h"
#include "dataplane/io/packet_queue.h"
#include "dataplane/worker/pause.h"
#include "dataplane/worker/worker.h"

namespace lockstep::worker {

/// The first sleep when a queue has to be polled; they grow to kLongestNap.
constexpr Duration kFirstNap = microseconds(10);
/// After this many wake-ups in a row that brought no work, the descriptors are not believed until there is work.
constexpr int kMaxFruitless = 16;

/// Used by the worker's thread only, but for the bell.
class Sleeper {
 public:
  /// All references, and `exchange` unless it is nullptr, outlive the sleeper.
  Sleeper(const Clock& clock, const std::vector<io::PacketQueue*>& queues, const SpscRing<Message>& mailbox,
          const Exchange* exchange, WorkerCounters& counters);

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
  void sleep(Instant now, Instant until);
  bool collect_descriptors();
  bool prepare();
  void finish();

  const Clock& clock_;
  const std::vector<io::PacketQueue*>& queues_;
  const SpscRing<Message>& mailbox_;
  const Exchange* exchange_;  // or nullptr
  WorkerCounters& counters_;
  io::Doorbell bell_;
  std::vector<pollfd> descriptors_;  // the bell, then those of the queues
  Histogram late_;
  Pause pause_;
  Instant idle_since_ = Instant::never();
  Duration nap_ = kFirstNap;
  bool woken_ = false;
  int fruitless_ = 0;
};

}  // namespace lockstep::worker

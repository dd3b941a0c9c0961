// One core's loop: everything a connection needs, in a fixed order of stages, on one screen.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/batch.h"
#include "dataplane/base/event.h"
#include "dataplane/io/packet_queue.h"
#include "dataplane/net/network.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/tcp/stack.h"

namespace lockstep::worker {

class Exchange;

enum class Idle : std::uint8_t { sleep, poll };

struct WorkerConfig {
  std::uint16_t index = 0;
  Idle idle = Idle::sleep;
  tcp::Config tcp;
  proxy::Limits limits;
  std::vector<net::InterfaceConfig> interfaces;  // one per port, in the order of `queues`
  std::size_t event_capacity = 4096;
  std::size_t transmit_capacity = 4096;            // frames that may wait for each port
  Duration crypto_turn_limit = microseconds(200);  // see crypto::Batch
  Duration wall_clock_offset;
};

/// What control asks of a worker, carried out at the beginning of a turn.
struct Message {
  enum class Kind : std::uint8_t { none, snapshot, drain, drop_ahead, stop, inspect } kind = Kind::none;
  const proxy::Snapshot* snapshot = nullptr;        // snapshot
  Duration limit{};                                 // drain: what is left then is aborted
  void (*inspect)(class Worker&, void*) = nullptr;  // inspect: called on the worker's thread; must not block
  void* argument = nullptr;                         // of inspect
};

// clang-format off
#define LOCKSTEP_WORKER_COUNTERS(X)                                    \
  X(counter, turns, "Turns of the loop")                               \
  X(counter, turns_idle, "Turns without work")                         \
  X(counter, sleeps, "Times the worker slept")                         \
  X(counter, sleeps_ended_early, "Sleeps ended by a frame or a message") \
  X(counter, questions_asked, "Questions put to other workers")        \
  X(counter, questions_refused, "Questions that a full ring, or an ended worker, did not take") \
  X(counter, questions_answered, "Questions of other workers answered") \
  X(counter, busy_nanoseconds, "Time in turns with work")              \
  X(counter, idle_nanoseconds, "Time in turns without work, and asleep") \
  X(counter, receive_nanoseconds, "Time in io and net, receiving")     \
  X(counter, tcp_nanoseconds, "Time in tcp, input")                    \
  X(counter, proxy_nanoseconds, "Time in proxy and tls")               \
  X(counter, crypto_nanoseconds, "Time in engines and completions")    \
  X(counter, output_nanoseconds, "Time in timers and output")
// clang-format on
LOCKSTEP_COUNTERS(WorkerCounters, LOCKSTEP_WORKER_COUNTERS);

class Worker {
 public:
  /// `queues[i]` belongs to config.interfaces[i]. All references outlive the worker. `pools`, `queues` and `policy`'s
  /// engines are this worker's own. `exchange`: its own, to ask other workers; nullptr where there are none.
  Worker(const WorkerConfig& config, MbufPools& pools, std::vector<io::PacketQueue*> queues,
         const crypto::Policy& policy, const Steering* steering, Random& random, Instant now,
         Exchange* exchange = nullptr);
  /// Resets what connections are left, and offers the resets to the ports once more. run() must have returned.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// One turn of the loop at `now`; true when there was work. For run() and for simulations. The first announces our
  /// addresses.
  bool turn(Instant now);
  /// Turns until a stop message, with the real clock and the configured idling. Runs on the calling thread, which is
  /// pinned and registered (io::register_worker_thread).
  void run();
  /// When the next turn is needed at the latest, if nothing arrives: an instant that has passed after a turn with work.
  Instant next() const;

  /// From control's threads: false when the mailbox is full. Wakes a worker that sleeps.
  bool post(const Message& message);
  /// From any thread: what to add to an Instant to get Unix time from the next turn on, for clocks are set. Before the
  /// first call it is WorkerConfig::wall_clock_offset.
  void set_wall_clock_offset(Duration offset);
  /// The oldest epoch still in use; readable from any thread.
  std::uint64_t oldest_pinned() const;
  /// Drained: no connection is left but in TIME-WAIT, or the limit has passed; readable from any thread.
  bool drained() const;
  /// What it has to tell. One thread of control reads it.
  EventRing& events();

  proxy::Proxy& proxy();
  tcp::Stack& stack();
  net::Network& network();
  const crypto::Batch& batch() const;
  const WorkerCounters& counters() const;
  /// Nanoseconds by which sleeps that ended by time were longer than planned.
  const Histogram& wake_up_latency() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::worker

// A worker's parts, in the order in which they are made.
#pragma once

#include <mutex>
#include <optional>

#include "dataplane/base/clock.h"
#include "dataplane/worker/exchange.h"
#include "dataplane/worker/sleeper.h"
#include "dataplane/worker/worker.h"

namespace lockstep::worker {

/// Frames taken from each port in one turn.
constexpr std::size_t kBurst = 128;
/// Engine passes in one turn: a handshake step that waits for another gets on without a turn between them.
constexpr int kCryptoPasses = 4;
/// When to offer frames again that a port did not take.
constexpr Duration kRetryTransmit = microseconds(200);
constexpr std::size_t kMailboxCapacity = 64;

struct Worker::State {
  State(Worker& worker, const WorkerConfig& config, MbufPools& pools, std::vector<io::PacketQueue*> queues,
        const crypto::Policy& policy, const Steering* steering, Random& random, Instant now, Exchange* exchange);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  bool read_mailbox();
  void carry_out(const Message& message);
  bool receive();
  bool exchange_questions();
  bool run_crypto(bool idle);
  bool fire_timers();
  bool transmit();
  void publish();

  Worker& self;
  const WorkerConfig config;
  std::vector<io::PacketQueue*> queues;
  Exchange* const exchange;
  Clock clock;
  EventRing events;
  WorkerCounters counters;
  std::mutex posting;  // of control's threads; never taken by the worker
  SpscRing<Message> mailbox{kMailboxCapacity};
  Sleeper sleeper;
  net::Network network;
  tcp::Stack stack;
  crypto::Batch batch;
  std::optional<proxy::Proxy> proxy;  // goes first

  net::ReceivedBatch received;
  Instant now;
  bool announced = false;
  bool worked = true;    // the last turn had work: the next one follows at once
  bool backlog = false;  // a port did not take all frames
  bool stopping = false;
  Instant drain_limit = Instant::never();

  std::atomic<std::uint64_t> oldest_pinned{0};
  std::atomic<bool> drained{false};
  std::atomic<std::int64_t> wall_clock_offset_ns;
};

}  // namespace lockstep::worker

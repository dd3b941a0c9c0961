// The loop.
#include "dataplane/worker/worker.h"

#include <algorithm>

#include "dataplane/worker/stage_timer.h"
#include "dataplane/worker/state.h"

namespace lockstep::worker {

bool Worker::turn(Instant now) {
  State& s = *state_;
  s.now = now;
  s.proxy->set_wall_clock_offset({s.wall_clock_offset_ns.load(std::memory_order_relaxed)});
  StageTimer timer(s.clock);

  bool worked = s.read_mailbox();
  worked = s.exchange_questions() || worked;
  worked = s.receive() || worked;
  timer.lap(s.counters.receive_nanoseconds);

  s.stack.input(s.received, now);
  timer.lap(s.counters.tcp_nanoseconds);

  worked = s.proxy->pump(now) || worked;
  timer.lap(s.counters.proxy_nanoseconds);

  worked = s.run_crypto(!worked) || worked;
  timer.lap(s.counters.crypto_nanoseconds);

  worked = s.fire_timers() || worked;
  s.stack.output(now);
  worked = s.transmit() || worked;
  timer.lap(s.counters.output_nanoseconds);

  s.publish();
  s.counters.turns.add();
  if (!worked) s.counters.turns_idle.add();
  timer.total(worked ? s.counters.busy_nanoseconds : s.counters.idle_nanoseconds);
  s.worked = worked;
  return worked;
}

void Worker::run() {
  State& s = *state_;
  s.sleeper.begin();
  while (!s.stopping) {
    if (turn(s.clock.now())) {
      s.sleeper.worked();
    } else if (!s.stopping && s.config.idle == Idle::sleep) {
      s.sleeper.idle(s.clock.now(), next());
    }
  }
  if (s.exchange != nullptr) s.exchange->end();
}

Instant Worker::next() const {
  const State& s = *state_;
  if (s.worked) return s.now;
  const Instant retry = s.backlog ? s.now + kRetryTransmit : Instant::never();
  const Instant drained = s.drained.load(std::memory_order_relaxed) ? Instant::never() : s.drain_limit;
  const bool asking = s.exchange != nullptr && s.exchange->in_flight() != 0;
  const Instant answers = asking ? s.now + crypto::kPollInterval : Instant::never();
  return std::min({s.network.next(), s.stack.next(), s.proxy->next(), s.batch.deadline(), answers, retry, drained});
}

bool Worker::State::read_mailbox() {
  if (!announced) network.announce(now);
  announced = true;
  Message message;
  bool any = false;
  for (std::size_t i = 0; i < kMailboxCapacity && mailbox.pop(message); ++i) {
    carry_out(message);
    any = true;
  }
  return any;
}

void Worker::State::carry_out(const Message& message) {
  switch (message.kind) {
    case Message::Kind::none:
      break;
    case Message::Kind::snapshot:
      if (proxy->apply(*message.snapshot, now)) batch.drop_ahead();  // private keys may have changed
      break;
    case Message::Kind::drain:
      drain_limit = now + message.limit;
      proxy->drain(now, drain_limit);
      break;
    case Message::Kind::drop_ahead:
      batch.drop_ahead();
      break;
    case Message::Kind::stop:
      stopping = true;
      break;
    case Message::Kind::inspect:
      message.inspect(self, message.argument);
      break;
  }
}

/// Answers what other workers ask, and takes what they have answered.
bool Worker::State::exchange_questions() {
  if (exchange == nullptr) return false;
  const bool served = exchange->serve([this](crypto::RemoteJob& job) { proxy->answer(job, now); });
  crypto::JobList done;
  exchange->take_back(done);
  const bool any = served || !done.empty();
  while (crypto::Job* const job = done.pop()) proxy->job_done(*job, now);
  return any;
}

bool Worker::State::receive() {
  bool any = false;
  std::array<rte_mbuf*, kBurst> burst;
  for (std::size_t i = 0; i < queues.size(); ++i) {
    const std::size_t count = queues[i]->receive(burst);
    if (count != 0) network.receive(static_cast<std::uint8_t>(i), std::span(burst).first(count), now, received);
    any = any || count != 0 || queues[i]->served_others();
  }
  return any;
}

/// Runs what the flush rule allows, and what completions submit in turn, a bounded number of times.
bool Worker::State::run_crypto(bool idle) {
  bool any = false;
  for (int pass = 0; pass < kCryptoPasses; ++pass) {
    crypto::JobList done;
    if (batch.run(now, idle, done) == 0) break;
    any = true;
    while (crypto::Job* const job = done.pop()) proxy->job_done(*job, now);
  }
  return any;
}

bool Worker::State::fire_timers() {
  bool fired = false;
  if (network.next() <= now) {
    network.advance(now);
    fired = true;
  }
  if (stack.next() <= now) {
    stack.advance(now);
    fired = true;
  }
  if (proxy->next() <= now) {
    proxy->advance(now);
    fired = true;
  }
  return fired;
}

/// Hands the ports what they take; what they do not take waits, bounded by the network's queues.
bool Worker::State::transmit() {
  bool any = false;
  backlog = false;
  for (std::size_t i = 0; i < queues.size(); ++i) {
    const auto interface = static_cast<std::uint8_t>(i);
    const std::span<rte_mbuf*> frames = network.outgoing(interface);
    const std::size_t taken = frames.empty() ? 0 : queues[i]->transmit(frames);
    if (taken != 0) network.transmitted(interface, taken);
    queues[i]->flush();
    any = any || taken != 0 || queues[i]->served_others();
    backlog = backlog || taken < frames.size() || queues[i]->backlog();
  }
  return any;
}

/// What control reads from its own threads.
void Worker::State::publish() {
  oldest_pinned.store(proxy->oldest_pinned(), std::memory_order_release);
  if (drain_limit == Instant::never()) return;
  const bool empty = proxy->connections() == 0 && stack.connections() <= stack.counters().time_wait.value();
  drained.store(empty || now >= drain_limit, std::memory_order_release);
}

}  // namespace lockstep::worker

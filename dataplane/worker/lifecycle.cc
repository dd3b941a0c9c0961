// How a worker is made, asked and ended.
#include "dataplane/worker/state.h"

namespace lockstep::worker {

Worker::State::State(Worker& worker, const WorkerConfig& config_, MbufPools& pools,
                     std::vector<io::PacketQueue*> queues_, const crypto::Policy& policy, const Steering* steering,
                     Random& random, Instant start, Exchange* exchange_)
    : self(worker),
      config(config_),
      queues(std::move(queues_)),
      exchange(exchange_),
      events(config.event_capacity),
      sleeper(clock, queues, mailbox, exchange, counters),
      network(config.interfaces, pools, random, config.transmit_capacity, start),
      stack(config.tcp, network, pools, random, steering, start),
      batch(policy, config.crypto_turn_limit),
      now(start),
      wall_clock_offset_ns(config.wall_clock_offset.ns) {
  proxy.emplace(config.limits, stack, batch, pools, random, events, config.wall_clock_offset, config.index, exchange);
  received.segments.reserve(kBurst * queues.size());
  received.errors.reserve(kBurst * queues.size());
}

Worker::Worker(const WorkerConfig& config, MbufPools& pools, std::vector<io::PacketQueue*> queues,
               const crypto::Policy& policy, const Steering* steering, Random& random, Instant now, Exchange* exchange)
    : state_(
          std::make_unique<State>(*this, config, pools, std::move(queues), policy, steering, random, now, exchange)) {
  if (exchange != nullptr) exchange->begin(state_->sleeper.bell(), state_->counters);
}

Worker::~Worker() = default;

Worker::State::~State() {
  proxy.reset();  // resets its connections
  stack.output(now);
  transmit();
}

bool Worker::post(const Message& message) {
  const std::lock_guard lock(state_->posting);
  if (!state_->mailbox.push(message)) return false;
  state_->sleeper.bell().ring();
  return true;
}

void Worker::set_wall_clock_offset(Duration offset) {
  state_->wall_clock_offset_ns.store(offset.ns, std::memory_order_relaxed);
}
std::uint64_t Worker::oldest_pinned() const {
  return state_->oldest_pinned.load(std::memory_order_acquire);
}
bool Worker::drained() const {
  return state_->drained.load(std::memory_order_acquire);
}
EventRing& Worker::events() {
  return state_->events;
}
proxy::Proxy& Worker::proxy() {
  return *state_->proxy;
}
tcp::Stack& Worker::stack() {
  return state_->stack;
}
net::Network& Worker::network() {
  return state_->network;
}
const crypto::Batch& Worker::batch() const {
  return state_->batch;
}
const WorkerCounters& Worker::counters() const {
  return state_->counters;
}
const Histogram& Worker::wake_up_latency() const {
  return state_->sleeper.late();
}

}  // namespace lockstep::worker

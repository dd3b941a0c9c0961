#include "dataplane/proxy/proxy.h"

#include <algorithm>

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

namespace {

constexpr std::uint32_t kMaxListeners = 1024;
constexpr int kDrainBatchRuns = 1000;

tls::CoreLimits of_core(const Limits& limits, std::uint16_t core) {
  tls::CoreLimits of_tls = limits.tls;
  of_tls.core = core;
  of_tls.exporters = limits.max_connections;
  of_tls.client_identities = limits.max_connections;
  of_tls.client_handshakes = limits.tls.handshakes;
  of_tls.ticket_receivers = limits.max_connections;
  return of_tls;
}

}  // namespace

std::uint64_t make_cookie(Role role, Handle handle) {
  return static_cast<std::uint64_t>(role) << 62U | static_cast<std::uint64_t>(handle.index) << 32U | handle.generation;
}
Role role_of(std::uint64_t cookie) {
  return static_cast<Role>(cookie >> 62U);
}
Handle handle_of(std::uint64_t cookie) {
  return {static_cast<std::uint32_t>(cookie >> 32U & 0x3fffffffU), static_cast<std::uint32_t>(cookie)};
}

Proxy::State::State(const Limits& limits_, tcp::Stack& stack_, crypto::Batch& batch_, MbufPools& pools_, Random& random,
                    EventRing& events_, Duration wall_clock_offset_, std::uint16_t worker_, Remote* remote_)
    : limits(limits_),
      stack(stack_),
      batch(batch_),
      remote(remote_),
      pools(pools_),
      events(events_),
      wall_clock_offset(wall_clock_offset_),
      worker(worker_),
      environment(batch, remote, pools, counters, events),
      tls_core(tls::make_core(of_core(limits, worker), environment, random)),
      pieces(kMaxPieces),
      patterns(pools),
      listeners(kMaxListeners),
      connections(limits.max_connections),
      ready(limits.max_connections),
      starved(limits.max_connections) {
  tls::set_wall_clock_offset(*tls_core, wall_clock_offset);
}

/// Neither the batch nor other workers may keep jobs of sessions that go.
Proxy::State::~State() {
  abort_all("stopped");
  const auto in_flight = [this] { return batch.in_flight() + (remote != nullptr ? remote->in_flight() : 0); };
  for (int i = 0; i < kDrainBatchRuns && in_flight() > 0; ++i) {
    crypto::JobList done;
    batch.run(now, true, done);
    if (remote != nullptr) remote->take_back(done);
    now = now + nanoseconds(1);  // engines do one slice at each instant
    while (crypto::Job* job = done.pop()) job_done(*job);
  }
}

Proxy::Proxy(const Limits& limits, tcp::Stack& stack, crypto::Batch& batch, MbufPools& pools, Random& random,
             EventRing& events, Duration wall_clock_offset, std::uint16_t worker, Remote* remote)
    : state_(std::make_unique<State>(limits, stack, batch, pools, random, events, wall_clock_offset, worker, remote)) {}

Proxy::~Proxy() = default;

bool Proxy::apply(const Snapshot& snapshot, Instant now) {
  state_->now = now;
  return state_->apply(snapshot);
}

void Proxy::set_wall_clock_offset(Duration offset) {
  state_->wall_clock_offset = offset;
  tls::set_wall_clock_offset(*state_->tls_core, offset);
}

std::uint64_t Proxy::oldest_pinned() const {
  return state_->pins.oldest();
}

bool Proxy::pump(Instant now) {
  State& state = *state_;
  state.now = now;
  rte_mempool* const records = state.pools.records();
  state.records_short = rte_mempool_avail_count(records) < records->size / 4;
  for (std::size_t i = state.starved.size(); i > 0; --i)
    if (const std::optional<Handle> handle = state.starved.pop()) state.ready.push(*handle);

  std::size_t events = 0;
  for (; events < kServedPerTurn; ++events) {
    const std::optional<tcp::Ready> ready = state.stack.next_ready();
    if (!ready.has_value()) break;
    state.ready_event(*ready);
  }
  std::size_t served = 0;
  for (; served < kServedPerTurn; ++served) {
    const std::optional<Handle> handle = state.ready.pop();
    if (!handle.has_value()) break;
    Connection* const connection = state.connections.find(*handle);
    if (connection != nullptr) state.serve(*connection);
  }
  return events == kServedPerTurn || !state.ready.empty();
}

void Proxy::job_done(crypto::Job& job, Instant now) {
  state_->now = now;
  state_->job_done(job);
}

void Proxy::answer(crypto::RemoteJob& job, Instant now) {
  tls::answer(*state_->tls_core, job, now);
}

void Proxy::advance(Instant now) {
  State& state = *state_;
  state.now = now;
  if (tls::next_age(*state.tls_core) <= now) tls::age(*state.tls_core, now);
  if (!state.wheel.has_value()) return;
  state.wheel->advance(now, [&](Timer& timer) {
    Connection* const connection = state.connections.find(handle_of(timer.cookie));
    if (connection != nullptr) state.timer_fired(*connection);
  });
  if (now >= state.drain_limit) {
    state.drain_limit = Instant::never();
    state.abort_all("drain_limit");
  }
}

Instant Proxy::next() const {
  const State& state = *state_;
  if (!state.ready.empty()) return state.now;
  const Instant retry = state.starved.empty() ? Instant::never() : state.now + kRetryInterval;
  const Instant timer = state.wheel.has_value() ? state.wheel->next() : Instant::never();
  return std::min({timer, state.drain_limit, retry, tls::next_age(*state.tls_core)});
}

void Proxy::drain(Instant now, Instant limit) {
  state_->now = now;
  state_->begin_drain(limit);
}

std::uint32_t Proxy::connections() const {
  return state_->connections.size();
}

const Counters& Proxy::counters() const {
  return state_->counters;
}

const tls::Counters& Proxy::tls_counters() const {
  return tls::counters(*state_->tls_core);
}

std::vector<Proxy::BackendStatus> Proxy::backend_status() const {
  std::vector<BackendStatus> all;
  for (const std::unique_ptr<Service>& service : state_->services) {
    if (!service->listed()) continue;
    for (const std::unique_ptr<Backend>& backend : service->backends()) {
      if (!backend->listed) continue;
      all.push_back({.service = service->settings().name,
                     .backend = backend->name,
                     .connections = backend->connections,
                     .total = backend->total,
                     .failures = backend->failures,
                     .ejected = backend->ejected});
    }
  }
  return all;
}

}  // namespace lockstep::proxy

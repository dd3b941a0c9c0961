#include "dataplane/tcp/stack.h"

#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

constexpr std::uint32_t kRanges = 32768;         // of sequence numbers, for all connections of a worker
constexpr std::uint32_t kTransmissions = 16384;  // connections with something in flight that find losses by time
constexpr std::uint64_t kSharedMemoryPart = 2;   // receive memory may hold this part of the packet buffers

std::uint8_t shift_for(std::uint32_t receive_buffer) {
  std::uint8_t shift = 0;
  while (shift < kMaximumWindowScale && receive_buffer >> shift > UINT16_MAX) ++shift;
  return shift;
}

std::uint64_t receive_memory_limit(const MbufPools& pools) {
  return std::uint64_t{pools.packets()->size} * MbufPools::kPacketRoom / kSharedMemoryPart;
}

}  // namespace

Core::Core(const Config& config, net::Network& network, MbufPools& pools, Random& random, const Steering* steering,
           Instant now)
    : config_(config),
      network_(network),
      pools_(pools),
      steering_(steering),
      table_hash_(random),
      sequence_hash_(random),
      port_hash_(random),
      timestamp_hash_(random),
      cookies_(random),
      half_open_sources_(random),
      path_mtus_(random),
      ranges_(kRanges),
      transmissions_(std::min(config.max_connections, kTransmissions)),
      wheel_(now),
      connections_(config.max_connections),
      table_(config.max_connections),
      listeners_(config.max_listeners),
      memory_limit_(receive_memory_limit(pools)),
      next_port_(random.u32()),
      window_shift_(shift_for(config.receive_buffer)),
      now_(now) {}

Core::~Core() {
  connections_.for_each([this](ConnectionId, Connection& c) {
    c.scoreboard.clear(ranges_);
    c.reassembly.clear(ranges_);
  });
}

std::optional<ListenerId> Core::listen(const SocketAddress& local, std::uint64_t cookie) {
  return listeners_.add(local, cookie);
}

void Core::close_listener(ListenerId id) {
  listeners_.remove(id);
  for (Connection* c = half_open_.front(); c != nullptr;) {
    Connection* const next = half_open_.next(*c);
    if (c->listener == id) retire(*c);
    c = next;
  }
}

Connection* Core::owned(ConnectionId id) {
  Connection* const c = connections_.find(id);
  return c != nullptr && c->owned ? c : nullptr;
}

// The window is announced anew when it has opened by two segments or half of the buffer.
void Core::consumed(Connection& c, std::uint32_t count) {
  c.unread -= std::min(count, c.unread);
  count_memory(c);
  if (!may_receive(c.state)) return;
  const auto gain = static_cast<std::int32_t>(c.rcv_nxt + receive_space(c) - c.rcv_adv);
  if (gain < static_cast<std::int32_t>(std::min<std::uint32_t>(2U * c.link_mss, config_.receive_buffer / 2))) return;
  c.ack_now = true;
  touch(c);
}

// Pieces may be far larger than what is sent of them: buffer memory counts as well.
std::uint32_t Core::send_space(Connection& c) const {
  const std::uint32_t size = config_.send_buffer;
  const bool heavy = c.queue.memory() > std::uint64_t{size} * 4;
  const std::uint32_t space = c.fin_queued || heavy ? 0 : size - std::min(size, c.queue.size());
  c.want_writable = c.want_writable || space < std::max<std::uint32_t>(size / 2, std::min<std::uint32_t>(size, 65536));
  return space;
}

void Core::send(Connection& c, Chain&& data) {
  const bool open = c.state == ConnectionState::syn_sent || c.state == ConnectionState::syn_received ||
                    c.state == ConnectionState::established || c.state == ConnectionState::close_wait;
  if (!open || c.fin_queued) return data.clear();
  c.queue.append(std::move(data));
  if (may_send(c.state)) touch(c);
}

ConnectionInfo Core::info(const Connection& c) const {
  ConnectionInfo info;
  info.flow = c.flow;
  info.state = name(c.state);
  info.close_reason = c.close_reason;
  info.smoothed_rtt = c.round_trip.smoothed();
  info.bytes_received = c.bytes_received;
  info.bytes_sent = c.bytes_sent;
  info.congestion_window = c.congestion.window();
  info.retransmissions = c.retransmissions;
  return info;
}

Instant Core::next() const {
  return output_.empty() && ready_.empty() ? wheel_.next() : now_;
}

struct Stack::State {
  Core core;
};

Stack::Stack(const Config& config, net::Network& network, MbufPools& pools, Random& random, const Steering* steering,
             Instant now)
    : state_(new State{{config, network, pools, random, steering, now}}) {}
Stack::~Stack() = default;

std::optional<ListenerId> Stack::listen(const SocketAddress& local, std::uint64_t cookie) {
  return state_->core.listen(local, cookie);
}
void Stack::close_listener(ListenerId listener) {
  state_->core.close_listener(listener);
}
std::optional<ConnectionId> Stack::connect(const SocketAddress& remote, std::uint64_t cookie, Instant now) {
  return state_->core.connect(remote, cookie, now);
}
void Stack::input(net::ReceivedBatch& batch, Instant now) {
  state_->core.input(batch, now);
}
std::optional<Ready> Stack::next_ready() {
  return state_->core.next_ready();
}

void Stack::set_cookie(ConnectionId id, std::uint64_t cookie) {
  if (Connection* const c = state_->core.owned(id)) c->cookie = cookie;
}
Chain* Stack::received(ConnectionId id) {
  Connection* const c = state_->core.owned(id);
  return c != nullptr ? &c->received : nullptr;
}
void Stack::consumed(ConnectionId id, std::uint32_t count, Instant /*now*/) {
  if (Connection* const c = state_->core.owned(id)) state_->core.consumed(*c, count);
}
std::uint32_t Stack::send_space(ConnectionId id) {
  Connection* const c = state_->core.owned(id);
  return c != nullptr ? state_->core.send_space(*c) : 0;
}
void Stack::send(ConnectionId id, Chain&& data, Instant /*now*/) {
  if (Connection* const c = state_->core.owned(id)) state_->core.send(*c, std::move(data));
}
void Stack::shutdown(ConnectionId id, Instant /*now*/) {
  if (Connection* const c = state_->core.owned(id)) state_->core.shutdown(*c);
}
void Stack::abort(ConnectionId id, Instant now) {
  if (Connection* const c = state_->core.owned(id)) state_->core.abort(*c, now);
}
void Stack::release(ConnectionId id, Instant now) {
  if (Connection* const c = state_->core.owned(id)) state_->core.release(*c, now);
}
std::optional<ConnectionInfo> Stack::info(ConnectionId id) const {
  const Connection* const c = state_->core.owned(id);
  if (c == nullptr) return std::nullopt;
  return state_->core.info(*c);
}
void Stack::advance(Instant now) {
  state_->core.advance(now);
}
void Stack::output(Instant now) {
  state_->core.output(now);
}
Instant Stack::next() const {
  return state_->core.next();
}
std::uint32_t Stack::connections() const {
  return state_->core.connections();
}
const Counters& Stack::counters() const {
  return state_->core.counters();
}

}  // namespace lockstep::tcp

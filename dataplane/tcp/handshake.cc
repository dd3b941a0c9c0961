// How connections begin: LISTEN, SYN-SENT, SYN-RECEIVED (RFC 9293 sections 3.5 and 3.10), initial sequence numbers (RFC
// 6528), local ports (RFC 6056).
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

constexpr std::uint16_t kSmallestMss = 88;  // below it options leave no room for data
constexpr unsigned kPortAttempts = 4096;
constexpr Duration kReuseAfter = seconds(1);  // of TIME-WAIT by us, once the timestamp clock has moved (RFC 6191)

bool is_broadcast(const IpAddress& ip) {
  return ip.is_v4() && ip.as_v4() == 0xffffffff;
}

}  // namespace

/// RFC 9293 section 3.9.2.3 and RFC 1122 section 4.2.3.10: no connection with such a peer.
bool Core::acceptable_remote(const FlowTuple& flow) const {
  const IpAddress& remote = flow.remote.ip;
  return flow.remote.port != 0 && !remote.is_any() && !(remote.is_v4() && remote.as_v4() == 0) &&
         !remote.is_multicast() && !remote.is_loopback() && !is_broadcast(remote) && !network_.is_local(remote) &&
         !flow.local.ip.is_multicast() && !is_broadcast(flow.local.ip);
}

/// RFC 6528 section 3: a clock of 4 microseconds and a keyed hash of the flow.
std::uint32_t Core::initial_sequence(const FlowTuple& flow, Instant now) const {
  return static_cast<std::uint32_t>(now.ns / 4000) + static_cast<std::uint32_t>(sequence_hash_(flow));
}

/// What the link's MTU leaves for payload and options.
std::uint16_t Core::link_mss(const IpAddress& remote, const net::Route& route) {
  return static_cast<std::uint16_t>(std::max<int>(route.mtu - headers_length(remote), kSmallestMss));
}

std::uint32_t Core::timestamp_offset(const FlowTuple& flow) const {
  return static_cast<std::uint32_t>(timestamp_hash_({flow.local.ip, 0}, {flow.remote.ip, 0}));
}

/// nullptr when there is no room. A connection in TIME-WAIT gives way.
Connection* Core::make_connection(const FlowTuple& flow, std::uint32_t hash, const net::Route& route, Instant now) {
  if (connections_.size() == connections_.capacity() && !time_wait_.empty()) retire(*time_wait_.front());
  const ConnectionId id = connections_.make();
  if (!id) return nullptr;
  Connection& c = *connections_.find(id);
  c.id = id;
  c.flow = flow;
  c.hash = hash;
  c.link_mss = link_mss(flow.remote.ip, route);
  c.timestamp_offset = timestamp_offset(flow);
  c.congestion = Congestion(config_.congestion);
  c.last_received = now;
  c.timer.cookie = std::uint64_t{id.index} << 32U | id.generation;
  table_.insert(c);
  return &c;
}

/// What the peer's SYN says: options we did not offer or it did not send are off.
void Core::negotiate(Connection& c, const Header& header) {
  c.sack = header.sack_permitted;
  c.timestamps = header.has_timestamps;
  // RFC 3168 section 6.1.1: a SYN asks with both flags, an answer grants with one.
  c.ecn = header.has(Flags::kAck) ? c.ecn && header.has(Flags::kEce) && !header.has(Flags::kCwr) : asks_for_ecn(header);
  c.window_scaling = header.has_window_scale;
  c.snd_shift = c.window_scaling ? header.window_scale : 0;
  c.rcv_shift = c.window_scaling ? window_shift_ : 0;
  c.ts_recent = header.timestamp;
  const std::uint16_t absent = c.flow.remote.ip.is_v4() ? kDefaultMssV4 : kDefaultMssV6;
  const std::uint16_t peer = std::max(header.has_mss ? header.mss : absent, kSmallestMss);
  c.mss = static_cast<std::uint16_t>(std::min(peer, c.link_mss) - (c.timestamps ? kTimestampsLength : 0));
  recall_path(c, now_);
  c.irs = header.sequence;
  c.rcv_nxt = c.irs + 1;
  c.last_ack_sent = c.rcv_nxt;
  c.rcv_adv = c.rcv_nxt + syn_window();
  c.snd_wnd = header.window;  // not scaled
}

/// A connection in SYN-RECEIVED for the peer's `syn`; nullptr when there is no room.
Connection* Core::make_passive(const FlowTuple& flow, std::uint32_t hash, ListenerId listener, const net::Route& route,
                               const Header& syn, std::uint32_t iss, Instant now) {
  Connection* const made = make_connection(flow, hash, route, now);
  if (made == nullptr) return nullptr;
  Connection& c = *made;
  c.listener = listener;
  c.cookie = listeners_.find(listener)->cookie;
  c.iss = iss;
  c.snd_una = c.iss;
  c.snd_nxt = c.iss + 1;
  c.queue.start(c.snd_nxt);
  negotiate(c, syn);
  c.ts_recent_at = now;
  set_state(c, ConnectionState::syn_received);
  return made;
}

// A SYN for LISTEN (RFC 9293 section 3.10.7.2). `after_sequence`: the previous connection of this flow ended there.
void Core::syn_for_listener(const FlowTuple& flow, std::uint32_t hash, ListenerId listener, const Segment& segment,
                            std::optional<std::uint32_t> after_sequence, Instant now) {
  const std::optional<net::Route> route = network_.route(flow.remote.ip, flow.local.ip);
  if (route && backlog_full(flow.remote.ip)) return answer_with_cookie(flow, *route, segment.header, now);
  std::uint32_t iss = initial_sequence(flow, now);
  if (after_sequence && !after(iss, *after_sequence)) iss = *after_sequence + UINT16_MAX;
  Connection* const made = route ? make_passive(flow, hash, listener, *route, segment.header, iss, now) : nullptr;
  if (made == nullptr) {
    counters_.dropped_backlog.add();
    return;
  }
  Connection& c = *made;
  enter_half_open(c);
  c.timing = true;
  c.timed_sequence = c.iss;
  c.timed_at = now;
  send_syn(c, now);
  c.retransmit_at = now + timeout(c);
  schedule(c);
}

std::optional<ConnectionId> Core::connect(const SocketAddress& remote, std::uint64_t cookie, Instant now) {
  now_ = now;
  const std::optional<net::Route> route = network_.route(remote.ip);
  if (!route || !acceptable_remote({{route->source, 0}, remote})) return std::nullopt;
  const std::optional<std::uint16_t> port = choose_port(route->source, remote, now);
  if (!port) return std::nullopt;
  const FlowTuple flow{{route->source, *port}, remote};
  Connection* const made = make_connection(flow, static_cast<std::uint32_t>(table_hash_(flow)), *route, now);
  if (made == nullptr) return std::nullopt;
  Connection& c = *made;
  c.cookie = cookie;
  c.owned = true;
  c.sack = c.timestamps = c.window_scaling = true;
  c.ecn = config_.ecn && config_.ecn_request;
  c.iss = initial_sequence(flow, now);
  c.snd_una = c.iss;
  c.snd_nxt = c.iss + 1;
  c.queue.start(c.snd_nxt);
  set_state(c, ConnectionState::syn_sent);
  c.timing = true;
  c.timed_sequence = c.iss;
  c.timed_at = now;
  send_syn(c, now);
  c.retransmit_at = now + timeout(c);
  schedule(c);
  return c.id;
}

// RFC 6056 section 3.3.3: an offset by a keyed hash of the destination, and a counter.
std::optional<std::uint16_t> Core::choose_port(const IpAddress& source, const SocketAddress& remote, Instant now) {
  const std::uint32_t range = config_.last_port - config_.first_port + 1U;
  const auto offset = static_cast<std::uint32_t>(port_hash_({source, 0}, remote));
  for (unsigned attempts = std::min<unsigned>(range, kPortAttempts); attempts != 0; --attempts) {
    const auto port = static_cast<std::uint16_t>(config_.first_port + (offset + next_port_++) % range);
    const FlowTuple flow{{source, port}, remote};
    if (steering_ != nullptr && !steering_->owns(flow)) continue;
    Connection* const taken = table_.find(static_cast<std::uint32_t>(table_hash_(flow)), flow);
    if (taken == nullptr) return port;
    const bool reusable = taken->state == ConnectionState::time_wait && taken->timestamps &&
                          now - (taken->linger_at - config_.time_wait) > kReuseAfter;
    if (!reusable) continue;
    retire(*taken);
    return port;
  }
  return std::nullopt;
}

// RFC 9293 section 3.10.7.3.
void Core::in_syn_sent(Connection& c, Segment& segment, Instant now) {
  const bool acks = segment.has(Flags::kAck);
  if (acks && segment.header.acknowledgment != c.snd_nxt) return answer_with_reset(c.flow, segment, now);
  if (segment.has(Flags::kRst)) {
    // Only a reset that acknowledges our SYN is meant for this connection.
    if (acks) finish(c, CloseReason::refused);
    return;
  }
  if (!segment.has(Flags::kSyn)) return;
  negotiate(c, segment.header);
  c.ts_recent_at = now;
  if (acks) {
    begin_established(c, segment, now);
    c.ack_now = true;
    touch(c);
  } else {
    // Simultaneous open.
    set_state(c, ConnectionState::syn_received);
    send_syn(c, now);
  }
  schedule(c);
}

// The peer's SYN again in SYN-RECEIVED: our answer was lost, or this is the second half of a simultaneous open (RFC
// 9293 section 3.5, figure 7).
void Core::syn_again(Connection& c, const Segment& segment, Instant now) {
  if (!c.owned || !segment.has(Flags::kAck) || segment.header.acknowledgment != c.snd_nxt) return send_syn(c, now);
  begin_established(c, segment, now);
  c.ack_now = true;
  schedule(c);
}

/// The segment in SYN-RECEIVED must acknowledge our SYN (RFC 9293 section 3.10.7.4, fifth).
bool Core::complete_handshake(Connection& c, Segment& segment, Instant now) {
  if (segment.header.acknowledgment != c.snd_nxt) {
    const FlowTuple flow = c.flow;
    if (c.owned || !take_cookie(flow, c.hash, c.listener, segment, now)) answer_with_reset(flow, segment, now);
    return false;
  }
  begin_established(c, segment, now);
  return true;
}

void Core::begin_established(Connection& c, const Segment& segment, Instant now) {
  const Header& header = segment.header;
  leave_half_open(c);
  set_state(c, ConnectionState::established);
  measure(c, segment, header.acknowledgment, now);
  c.timing = false;
  c.snd_una = header.acknowledgment;
  c.snd_wnd = std::uint32_t{header.window} << (header.has(Flags::kSyn) ? 0 : c.snd_shift);
  c.max_snd_wnd = c.snd_wnd;
  c.snd_wl1 = header.sequence;
  c.snd_wl2 = header.acknowledgment;
  c.congestion.start(c.mss, c.retransmissions > 1);
  c.backoff = 0;
  c.attempts = 0;
  c.retransmit_at = Instant::never();
  c.last_received = now;
  c.linger_at = now + config_.keepalive_idle;
  if (c.owned) {
    counters_.connections_opened.add();
    post(c, Events::kConnected);
  } else {
    c.owned = true;
    counters_.connections_accepted.add();
    post(c, Events::kAccepted);
  }
  if (c.fin_queued) set_state(c, ConnectionState::fin_wait_1);
  touch(c);
}

}  // namespace lockstep::tcp

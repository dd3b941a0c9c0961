// Segments in: to whom they belong and whether they are acceptable (RFC 9293 section 3.10.7, RFC 5961, RFC 7323 section
// 5).
#include <algorithm>
#include <array>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

constexpr std::size_t kStage = 64;                   // segments looked up together
constexpr Duration kTimestampLifetime = hours(576);  // RFC 7323 section 5.5
constexpr std::uint8_t kChallenges = 10;             // RFC 5961 section 7
constexpr Duration kChallengePeriod = seconds(5);

// RFC 9293 section 3.10.7.4, first. Wider than its table for empty segments: at the right edge stands a sender that has
// filled the window while something of it was lost, and one octet beyond it one that has probed a closed window. Their
// ACKs and window updates count, or two ends with closed windows would wait for each other for ever.
bool in_window(const Connection& c, const Segment& segment) {
  const std::uint32_t window = c.rcv_adv - c.rcv_nxt;
  const std::uint32_t length = segment.sequence_length();
  const std::uint32_t offset = segment.sequence() - c.rcv_nxt;
  if (length == 0) return offset <= std::max(window, 1U);
  if (window == 0) return offset == 0;  // a probe: nothing of it is kept, but its ACK and RST count
  return before(segment.sequence(), c.rcv_adv) && after(segment.sequence() + length, c.rcv_nxt);
}

}  // namespace

void Core::input(net::ReceivedBatch& batch, Instant now) {
  now_ = now;
  std::array<std::uint32_t, kStage> hashes;
  for (std::size_t start = 0; start < batch.segments.size(); start += kStage) {
    const std::size_t count = std::min(kStage, batch.segments.size() - start);
    const std::span stage = std::span(batch.segments).subspan(start, count);
    for (std::size_t i = 0; i < count; ++i) {
      __builtin_prefetch(rte_pktmbuf_mtod(stage[i].mbuf.get(), const void*));
      hashes[i] = static_cast<std::uint32_t>(table_hash_(stage[i].flow));
      table_.prefetch_bucket(hashes[i]);
    }
    for (std::size_t i = 0; i < count; ++i) table_.prefetch_connection(hashes[i]);
    for (std::size_t i = 0; i < count; ++i) process(stage[i], hashes[i], now);
  }
  for (const net::IcmpError& error : batch.errors) icmp_error(error, now);
  batch.segments.clear();
  batch.errors.clear();
}

void Core::process(net::TcpSegment& received, std::uint32_t hash, Instant now) {
  counters_.segments_received.add();
  Segment segment;
  segment.payload = std::move(received.mbuf);
  if (!parse_header(bytes_of(*segment.payload), segment.header)) {
    counters_.dropped_header.add();
    return;
  }
  rte_pktmbuf_adj(segment.payload.get(), segment.header.length);
  segment.length = segment.payload->pkt_len;
  segment.congestion = received.ecn == net::Ecn::congestion;
  Connection* const c = table_.find(hash, received.flow);
  if (c == nullptr) return unknown_flow(received.flow, hash, segment, now);
  switch (c->state) {
    case ConnectionState::syn_sent:
      return in_syn_sent(*c, segment, now);
    case ConnectionState::time_wait:
      return in_time_wait(*c, segment, now);
    case ConnectionState::established:
      if (established_in_order(*c, segment, now)) return;
      [[fallthrough]];
    default:
      return synchronized(*c, segment, now);
  }
}

// CLOSED and LISTEN (RFC 9293 sections 3.10.7.1 and 3.10.7.2).
void Core::unknown_flow(const FlowTuple& flow, std::uint32_t hash, Segment& segment, Instant now) {
  if (!acceptable_remote(flow)) {
    counters_.dropped_header.add();
    return;
  }
  if (segment.has(Flags::kRst)) return;
  const bool plain_syn = segment.has(Flags::kSyn) && !segment.has(Flags::kAck) && !segment.has(Flags::kFin);
  const ListenerId listener = listeners_.match(flow.local);
  if (listener && plain_syn) return syn_for_listener(flow, hash, listener, segment, std::nullopt, now);
  if (listener && segment.has(Flags::kAck) && take_cookie(flow, hash, listener, segment, now)) return;
  if (listener && !segment.has(Flags::kAck)) {
    counters_.dropped_header.add();
    return;
  }
  answer_with_reset(flow, segment, now);
}

// What nearly all segments are: the next bytes, or a plain ACK, of an undisturbed connection. True when it was dealt
// with.
bool Core::established_in_order(Connection& c, Segment& segment, Instant now) {
  constexpr std::uint8_t kOthers = Flags::kSyn | Flags::kFin | Flags::kRst | Flags::kUrg | Flags::kEce | Flags::kCwr;
  const Header& header = segment.header;
  if (!header.has(Flags::kAck) || (header.flags & kOthers) != 0 || header.sequence != c.rcv_nxt) return false;
  if (segment.length > c.rcv_adv - c.rcv_nxt || !c.reassembly.empty() || c.fin_known || !c.owned) return false;
  if (header.has_timestamps != c.timestamps || (c.timestamps && before(header.timestamp, c.ts_recent))) return false;
  if (segment.congestion || header.sack_count != 0 || c.recovery != Recovery::none || c.duplicate_acks != 0)
    return false;
  const std::uint32_t acknowledged = header.acknowledgment - c.snd_una;
  if (acknowledged > c.snd_nxt - c.snd_una || (acknowledged == 0 && segment.length == 0)) return false;
  if (segment.length != 0 && memory_short(c)) return false;

  c.last_received = now;
  if (c.timestamps && !after(header.sequence, c.last_ack_sent)) {
    c.ts_recent = header.timestamp;
    c.ts_recent_at = now;
  }
  update_window(c, segment);
  note_arrivals(c, segment, now);
  if (acknowledged != 0) new_data_acknowledged(c, segment, now);
  if (segment.length != 0) {
    c.received.append(std::move(segment.payload));
    delivered(c, c.rcv_nxt + segment.length, now);
  }
  schedule(c);
  return true;
}

// SYN-RECEIVED and later (RFC 9293 section 3.10.7.4).
void Core::synchronized(Connection& c, Segment& segment, Instant now) {
  if (!segment.has(Flags::kRst) && !timestamp_acceptable(c, segment, now)) return;
  if (!in_window(c, segment)) return not_acceptable(c, segment, now);
  if (segment.has(Flags::kRst)) return reset_received(c, segment, now);
  // RFC 5961 section 4: a SYN never ends a connection by itself; a peer that restarted resets it after this answer.
  if (segment.has(Flags::kSyn)) return challenge(c, now);
  if (!segment.has(Flags::kAck)) {
    counters_.dropped_header.add();
    return;
  }
  if (c.state == ConnectionState::syn_received && !complete_handshake(c, segment, now)) return;
  // Before anything is believed, the ACK must be plausible (RFC 5961 section 5.2).
  const std::uint32_t ack = segment.header.acknowledgment;
  if (after(ack, c.snd_nxt) || before(ack, c.snd_una - c.max_snd_wnd)) return challenge(c, now);
  c.last_received = now;
  if (c.timestamps && !after(segment.sequence(), c.last_ack_sent)) {
    c.ts_recent = segment.header.timestamp;
    c.ts_recent_at = now;
  }
  congestion_on_the_way(c, segment);
  if (!acknowledge(c, segment, now)) return;
  const ConnectionId id = c.id;
  if (may_receive(c.state)) accept_payload(c, segment, now);
  if (connections_.find(id) == &c) schedule(c);
}

// PAWS (RFC 7323 section 5.3), and no segment without timestamps once they are in use (section 3.2).
bool Core::timestamp_acceptable(Connection& c, const Segment& segment, Instant now) {
  if (!c.timestamps) return true;
  if (!segment.header.has_timestamps) {
    // A SYN of a restarted peer may come without: it shall get its challenge.
    if (segment.has(Flags::kSyn)) return true;
    counters_.dropped_paws.add();
    return false;
  }
  if (!before(segment.header.timestamp, c.ts_recent) || now - c.ts_recent_at > kTimestampLifetime) return true;
  counters_.dropped_paws.add();
  if (segment.sequence_length() != 0) {
    send_ack(c, now);
  } else {
    challenge(c, now);
  }
  return false;
}

void Core::not_acceptable(Connection& c, const Segment& segment, Instant now) {
  counters_.dropped_window.add();
  if (segment.has(Flags::kRst)) return;
  if (c.state == ConnectionState::syn_received && segment.has(Flags::kSyn) && segment.sequence() == c.irs)
    return syn_again(c, segment, now);
  if (segment.sequence_length() == 0) return challenge(c, now);
  const std::uint32_t end = segment.sequence() + segment.length;
  if (segment.length != 0 && !after(end, c.rcv_nxt)) c.duplicate = {segment.sequence(), end};
  if (c.state == ConnectionState::syn_received || segment.has(Flags::kSyn)) return challenge(c, now);
  send_ack(c, now);
}

// RFC 5961 section 3: only a reset exactly at RCV.NXT is believed.
void Core::reset_received(Connection& c, const Segment& segment, Instant now) {
  if (segment.sequence() != c.rcv_nxt) return challenge(c, now);
  const bool refused = c.state == ConnectionState::syn_received && c.owned;
  finish(c, refused ? CloseReason::refused : CloseReason::peer_reset);
}

// An ACK that tells an honest peer where we are, limited so that nobody can have them in numbers (RFC 5961 section 7).
void Core::challenge(Connection& c, Instant now) {
  if (now - c.challenges_since >= kChallengePeriod) {
    c.challenges_since = now;
    c.challenges = 0;
  }
  if (c.challenges >= kChallenges) return;
  ++c.challenges;
  counters_.challenge_acks.add();
  if (c.state == ConnectionState::syn_received) {
    send_control(c, c.snd_nxt, Flags::kAck, now);
  } else {
    send_ack(c, now);
  }
}

void Core::in_time_wait(Connection& c, Segment& segment, Instant now) {
  const Header& header = segment.header;
  if (segment.has(Flags::kRst)) {
    if (header.sequence == c.rcv_nxt) retire(c);
    return;
  }
  if (segment.has(Flags::kSyn) && !segment.has(Flags::kAck)) {
    // RFC 6191 section 2: a SYN that is provably newer opens the next connection of this pair.
    const bool stamped = c.timestamps && header.has_timestamps;
    const bool newer = stamped && header.timestamp != c.ts_recent ? after(header.timestamp, c.ts_recent)
                                                                  : after(header.sequence, c.rcv_nxt);
    const FlowTuple flow = c.flow;
    const ListenerId listener = listeners_.match(flow.local);
    if (!newer || !listener) return challenge(c, now);
    // The number of a cookie cannot be made to follow those of the old connection; timestamps make up for it.
    if (!stamped && backlog_full(flow.remote.ip)) {
      counters_.dropped_backlog.add();
      return;
    }
    const std::uint32_t hash = c.hash;
    const std::uint32_t last = c.snd_nxt;
    retire(c);
    return syn_for_listener(flow, hash, listener, segment, last, now);
  }
  if (!timestamp_acceptable(c, segment, now)) return;
  if (segment.has(Flags::kFin)) {
    // RFC 9293 section 3.10.7.4, eighth: our ACK of the FIN was lost.
    c.linger_at = now + config_.time_wait;
    time_wait_.remove(c);
    time_wait_.push_back(c);
    send_ack(c, now);
    schedule(c);
  } else if (segment.length != 0 || header.sequence != c.rcv_nxt) {
    challenge(c, now);
  }
}

}  // namespace lockstep::tcp

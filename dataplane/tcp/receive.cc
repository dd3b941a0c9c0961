// Payload in, FIN in, and the window that is announced (RFC 9293 section 3.10.7.4, seventh and eighth; section 3.8.6).
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

// Of buffer memory a connection may hold for each byte of its window: a buffer of 2 KB holds one segment of 1460 bytes.
constexpr std::uint64_t kMemoryFactor = 2;
constexpr std::uint32_t kMemoryAllowance = 64 * 1024;
// Taken in order whatever the pressure: a TLS record, so that no connection waits for ever for the rest of one.
constexpr std::uint32_t kGuaranteed = 20 * 1024;

}  // namespace

void Core::accept_payload(Connection& c, Segment& segment, Instant now) {
  std::uint32_t sequence = segment.sequence();
  const std::uint32_t end = sequence + segment.length;
  if (segment.has(Flags::kFin) && !c.fin_known && !after(end, c.rcv_adv) && !before(end, c.rcv_nxt)) {
    c.fin_known = true;
    c.fin_sequence = end;
  }
  if (segment.length != 0) {
    Chain data;
    data.append(std::move(segment.payload));
    if (before(sequence, c.rcv_nxt)) {
      // What was delivered stays as it was; the copy is reported (RFC 2883) and dropped.
      const std::uint32_t known = std::min(c.rcv_nxt - sequence, data.size());
      c.duplicate = {sequence, sequence + known};
      c.ack_now = true;
      touch(c);
      data.drop_front(known);
      sequence += known;
    }
    const std::uint32_t limit = c.fin_known ? earlier(c.rcv_adv, c.fin_sequence) : c.rcv_adv;
    const std::uint32_t room = after(limit, sequence) ? limit - sequence : 0;
    if (data.size() > room) {
      c.ack_now = true;
      touch(c);
      Chain kept;
      if (!data.split_front(room, pools_, kept)) kept.clear();
      data = std::move(kept);
    }
    if (!data.empty()) {
      // RFC 2525 section 2.17: nobody will read this; the peer has to know.
      if (!c.owned) {
        send_reset(c, now);
        counters_.connections_aborted.add();
        return retire(c);
      }
      if (sequence != c.rcv_nxt) {
        out_of_order(c, sequence, std::move(data), now);
      } else {
        in_order(c, std::move(data), now);
      }
    }
  }
  if (!c.fin_known) return;
  if (c.rcv_nxt == c.fin_sequence) return in_order_fin(c, now);
  if (segment.has(Flags::kFin) && segment.length == 0) send_ack(c, now);
}

void Core::in_order(Connection& c, Chain&& data, Instant now) {
  const bool fills_gap = !c.reassembly.empty();
  if (fills_gap && memory_short(c)) {
    // What is next in order is worth more than what is not; the peer keeps what it was only SACKed (RFC 2018 section
    // 8).
    c.reassembly.clear(ranges_);
    count_memory(c);
    counters_.dropped_memory.add();
  }
  if (memory_short(c) && c.unread >= kGuaranteed) {
    counters_.dropped_memory.add();
    return;
  }
  if (fills_gap) c.ack_now = true;  // RFC 5681 section 4.2
  delivered(c, c.reassembly.deliver(c.rcv_nxt, std::move(data), c.received, ranges_, pools_), now);
}

void Core::out_of_order(Connection& c, std::uint32_t sequence, Chain&& data, Instant now) {
  if (memory_short(c)) {
    counters_.dropped_memory.add();
  } else {
    SequenceRange duplicate;
    const auto outcome = c.reassembly.insert(sequence, std::move(data), ranges_, pools_, duplicate);
    if (outcome == Reassembly::Outcome::full) counters_.dropped_memory.add();
    if (outcome == Reassembly::Outcome::kept) counters_.out_of_order_queued.add();
    if (!duplicate.empty()) c.duplicate = duplicate;
    count_memory(c);
  }
  // RFC 5681 section 4.2: one immediate duplicate ACK for each.
  send_ack(c, now);
}

// The stream has been extended up to `next`.
void Core::delivered(Connection& c, std::uint32_t next, Instant now) {
  const std::uint32_t count = next - c.rcv_nxt;
  // Every second segment is acknowledged (RFC 9293 section 3.8.6.3). The ACK waits for the end of the turn, since data
  // or a window update may go with it, but not for a third segment: a burst gets as many ACKs as it is worth.
  if (c.unacknowledged >= 2) send_ack(c, now);
  c.rcv_nxt = next;
  c.unread += count;
  c.bytes_received += count;
  counters_.bytes_received.add(count);
  count_memory(c);
  if (count != 0) post(c, Events::kReadable);
  if (++c.unacknowledged >= 2) c.ack_now = true;
  if (c.ack_now) {
    touch(c);
  } else if (c.ack_at == Instant::never()) {
    c.ack_at = now + config_.delayed_ack;
  }
}

void Core::in_order_fin(Connection& c, Instant now) {
  c.rcv_nxt = c.fin_sequence + 1;
  c.rcv_adv = later(c.rcv_adv, c.rcv_nxt);
  c.fin_received = true;
  c.reassembly.clear(ranges_);
  count_memory(c);
  post(c, Events::kPeerClosed);
  send_ack(c, now);
  if (c.state == ConnectionState::established) {
    set_state(c, ConnectionState::close_wait);
  } else if (c.state == ConnectionState::fin_wait_1) {
    set_state(c, ConnectionState::closing);
  } else {
    enter_time_wait(c, now);
  }
}

// Keeps the worker's sum of receive memory.
void Core::count_memory(Connection& c) {
  const std::uint32_t memory = c.received.memory() + c.reassembly.memory();
  receive_memory_ += memory;
  receive_memory_ -= c.memory_counted;
  c.memory_counted = memory;
}

// A connection's buffers, or those of all together, hold so little data each that the window does not bound them.
bool Core::memory_short(const Connection& c) const {
  const std::uint64_t own = c.received.memory() + c.reassembly.memory();
  return own > config_.receive_buffer * kMemoryFactor + kMemoryAllowance || receive_memory_ > memory_limit_;
}

/// Bytes the connection can take from RCV.NXT on.
std::uint32_t Core::receive_space(const Connection& c) const {
  const std::uint32_t space = config_.receive_buffer - std::min(config_.receive_buffer, c.unread);
  if (!memory_short(c)) return space;
  const std::uint32_t guaranteed = kGuaranteed - std::min(kGuaranteed, c.unread);
  return std::min(space, std::max(guaranteed, c.rcv_adv - c.rcv_nxt));
}

// The right edge moves in steps worth a segment (RFC 9293 section 3.8.6.2.2).
std::uint32_t Core::window_threshold(const Connection& c) const {
  return std::min<std::uint32_t>(c.link_mss, config_.receive_buffer / 2);
}

// The window field of the next segment. The edge once announced stays (RFC 9293 section 3.8.6): where the scale cannot
// express it the window is rounded up, but for a full buffer, where it must get to zero (RFC 7323 section 2.4).
std::uint16_t Core::announce_window(Connection& c) const {
  const std::uint32_t unit = 1U << c.rcv_shift;
  const std::uint32_t space = receive_space(c) & ~(unit - 1);
  const std::uint32_t edge = c.rcv_nxt + space;
  if (static_cast<std::int32_t>(edge - c.rcv_adv) >= static_cast<std::int32_t>(window_threshold(c))) c.rcv_adv = edge;
  const std::uint32_t window = c.rcv_adv - c.rcv_nxt;
  std::uint32_t field = window >> c.rcv_shift;
  if (space != 0 && (window & (unit - 1)) != 0) ++field;
  field = std::min<std::uint32_t>(field, UINT16_MAX);
  c.rcv_adv = later(c.rcv_adv, c.rcv_nxt + (field << c.rcv_shift));
  return static_cast<std::uint16_t>(field);
}

}  // namespace lockstep::tcp

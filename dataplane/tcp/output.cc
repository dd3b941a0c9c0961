// What a connection may send now: retransmissions first, then new data, within both windows (RFC 9293 sections 3.8.6
// and 3.10.2, RFC 5681).
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

constexpr unsigned kSegmentsPerTurn = 64;            // of one connection, so that it does not starve the others
constexpr Duration kRetryAfter = milliseconds(200);  // the override timeout of RFC 9293 section 3.8.6.2.1
constexpr Duration kInitialAfterLoss = seconds(3);   // RFC 6298 section 5.7

}  // namespace

void Core::output(Instant now) {
  now_ = now;
  for (std::uint32_t count = output_.size(); count != 0; --count) {
    Connection* const c = output_.pop_front();
    if (c == nullptr) return;
    transmit(*c, now);
  }
}

void Core::transmit(Connection& c, Instant now) {
  if (may_send(c.state)) {
    raise_mss(c, now);
    if (c.snd_nxt == c.snd_una && has_unsent(c) && now - c.last_sent > timeout(c)) c.congestion.on_idle(c.mss);
    std::uint32_t flight = in_flight(c);
    const std::uint32_t before_sending = c.snd_nxt;
    Step step = Step::sent;
    for (unsigned budget = kSegmentsPerTurn; budget != 0 && step == Step::sent; --budget) {
      step = retransmit_next(c, flight, now);
      if (step == Step::nothing) step = send_new(c, flight, now);
    }
    if (step == Step::sent) touch(c);
    c.override_sws = false;
    arm_retransmit(c, now);
    arm_probe(c, c.snd_nxt != before_sending, now);
  }
  if (c.ack_now && !send_ack(c, now)) c.ack_at = now + config_.delayed_ack;
  schedule(c);
}

Core::Step Core::retransmit_next(Connection& c, std::uint32_t& flight, Instant now) {
  if (c.recovery == Recovery::none) return Step::nothing;
  const bool first = c.resend_first;
  Transmissions* const t = c.transmissions;
  const auto find = [&c](std::uint32_t start, std::uint32_t end) {
    start = later(start, c.snd_una);
    return before(start, end) ? c.scoreboard.hole({start, end}) : SequenceRange{};
  };
  SequenceRange hole;
  if (!first && t != nullptr) hole = find(t->twice_high, t->twice_edge);
  const bool twice = !hole.empty();
  if (!twice) hole = first ? find(c.snd_una, c.snd_nxt) : find(c.high_rxt, c.lost_edge);
  if (hole.empty()) return Step::nothing;
  const std::uint32_t window_end = c.snd_una + c.snd_wnd;
  if (!before(hole.start, window_end)) return Step::stop;
  const std::uint32_t limit = earlier(earlier(hole.end, window_end), hole.start + c.mss);
  const std::uint32_t data_end = earlier(limit, c.queue.end());
  const std::uint32_t length = before(hole.start, data_end) ? data_end - hole.start : 0;
  // The first retransmission does not wait for room in the congestion window (RFC 6675 section 5, step 4.3).
  if (!first && flight != 0 && flight + length > c.congestion.window()) {
    c.cwnd_limited = true;
    return Step::stop;
  }
  const bool with_fin = c.fin_sent && hole.start + length == c.queue.end() && after(hole.end, c.queue.end());
  const std::uint32_t sent = send_data(c, hole.start, length, with_fin, true, now);
  if (sent == 0) return Step::stop;
  auto& counter = c.recovery == Recovery::fast ? counters_.retransmissions_fast : counters_.retransmissions_timeout;
  counter.add();
  ++c.retransmissions;
  c.timing = false;
  c.resend_first = false;
  if (c.recovery == Recovery::fast) c.congestion.on_recovery_sent(sent);
  if (twice) {
    flight += sent;
    t->twice_high = hole.start + sent;
    t->twice_at = now;
    return Step::sent;
  }
  if (!before(hole.start, c.high_rxt) && before(hole.start, c.lost_edge)) flight += sent;
  c.high_rxt = later(c.high_rxt, hole.start + sent);
  no_proof_below(c, c.high_rxt);
  if (t != nullptr) t->again.add(c.high_rxt, now, transmission_grain(c));
  return Step::sent;
}

Core::Step Core::send_new(Connection& c, std::uint32_t& flight, Instant now) {
  const std::uint32_t window_end = c.snd_una + c.snd_wnd;
  if (!has_unsent(c) || !before(c.snd_nxt, window_end)) {
    c.cwnd_limited = false;
    return Step::nothing;
  }
  const std::uint32_t unsent = c.queue.end() - c.snd_nxt;
  const std::uint32_t usable = window_end - c.snd_nxt;
  const std::uint32_t length = std::min({unsent, usable, std::uint32_t{c.mss}});
  // No silly windows (RFC 9293 section 3.8.6.2.1); Nagle's algorithm is off, since owners write whole records.
  if (length < c.mss && length < unsent && length < c.max_snd_wnd / 2 && !c.override_sws) {
    c.cwnd_limited = false;
    return Step::nothing;
  }
  if (flight != 0 && flight + length > c.congestion.window()) {
    c.cwnd_limited = true;
    return Step::stop;
  }
  const bool with_fin = c.fin_queued && length == unsent && usable > length;
  if (length == 0 && !with_fin) return Step::nothing;
  const std::uint32_t sent = send_data(c, c.snd_nxt, length, with_fin, false, now);
  if (sent == 0) return Step::stop;
  if (!c.timing) {
    c.timing = true;
    c.timed_sequence = c.snd_nxt;
    c.timed_at = now;
  }
  c.last_segment = c.snd_nxt;
  c.snd_nxt += sent;
  log_transmission(c, now);
  c.fin_sent = after(c.snd_nxt, c.queue.end());
  counters_.bytes_sent.add(sent - (c.fin_sent ? 1 : 0));
  flight += sent;
  if (c.recovery == Recovery::fast) c.congestion.on_recovery_sent(sent);
  return Step::sent;
}

// Without one to borrow, losses are found by counting.
void Core::log_transmission(Connection& c, Instant now) {
  if (c.sack && c.transmissions == nullptr && c.last_segment == c.snd_una)
    c.transmissions = transmissions_.take(c.snd_una);
  if (c.transmissions != nullptr) c.transmissions->fresh.add(c.snd_nxt, now, transmission_grain(c));
}

/// Data, or the FIN, waits to be sent for the first time.
bool Core::has_unsent(const Connection& c) const {
  return !c.fin_sent && (before(c.snd_nxt, c.queue.end()) || c.fin_queued);
}

// RFC 6298 section 5.1. The timer also watches over what waits for the window: probes, the override timeout.
void Core::arm_retransmit(Connection& c, Instant now) {
  const bool outstanding = c.snd_nxt != c.snd_una;
  if (!outstanding && !has_unsent(c)) {
    c.retransmit_at = Instant::never();
  } else if (c.retransmit_at == Instant::never()) {
    c.retransmit_at = now + (outstanding || c.snd_wnd == 0 ? timeout(c) : kRetryAfter);
  }
}

Duration Core::timeout(const Connection& c) const {
  const bool handshake_lost = c.state >= ConnectionState::established && c.syn_resent;
  return c.round_trip.timeout(handshake_lost ? std::max(kInitialAfterLoss, config_.initial_rto) : config_.initial_rto,
                              config_.min_rto, config_.max_rto, c.backoff);
}

}  // namespace lockstep::tcp

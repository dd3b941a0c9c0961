// Loss detection and repair: SACK-based (RFC 6675), NewReno without SACK (RFC 6582), timeout (RFC 6298 section 5).
//
// Both kinds of recovery keep three marks: below `lost_edge` everything that was not SACKed is lost, below `high_rxt`
// it was retransmitted in this recovery, and at `recovery_point` (SND.NXT when it began) recovery ends.
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {

// The pipe of RFC 6675 section 4: outstanding, less what arrived, less what is lost and not yet sent again. Without
// SACK each duplicate ACK stands for one arrived segment (RFC 5681 section 3.2, step 4).
std::uint32_t Core::in_flight(const Connection& c) const {
  const std::uint32_t outstanding = c.snd_nxt - c.snd_una;
  std::uint32_t gone = c.scoreboard.bytes();
  if (!c.sack && c.recovery != Recovery::timeout && outstanding > c.mss)
    gone = std::min<std::uint32_t>(std::uint32_t{c.duplicate_acks} * c.mss, outstanding - c.mss);
  if (c.recovery != Recovery::none) {
    const std::uint32_t from = later(c.high_rxt, c.snd_una);
    const auto missing = [&c](std::uint32_t start, std::uint32_t end) {
      return before(start, end) ? end - start - c.scoreboard.sacked({start, end}) : 0;
    };
    gone += missing(from, c.lost_edge);
    if (const Transmissions* const t = c.transmissions) gone += missing(later(t->twice_high, c.snd_una), t->twice_edge);
  }
  return outstanding - std::min(outstanding, gone);
}

/// FlightSize of RFC 5681, from which the window is lowered. A sender whom the window held back has that much in
/// flight, whatever is outstanding in the middle of a burst of ACKs, when what they let go has not been sent yet (RFC
/// 9438 section 4.6 allows cwnd; ours grows only while it is in full use). What was SACKed is not in flight any more:
/// the second of two losses must not find more than the window, nor one during a repair more than that has left.
std::uint32_t Core::flight_at_loss(const Connection& c, std::uint32_t outstanding) {
  if (c.recovery == Recovery::fast) return c.congestion.threshold();
  const std::uint32_t window = std::max(c.congestion.window(), std::uint32_t{c.mss});
  return c.cwnd_limited ? window : std::min(outstanding, window);
}

void Core::find_losses(Connection& c, Instant now) {
  const std::uint32_t edge = lost_edge(c, now);
  if (c.recovery != Recovery::none) {
    c.lost_edge = later(c.lost_edge, edge);
    // RFC 5681 section 4.3: the loss of a retransmission lowers the window again, here once for those of a recovery,
    // and for each round trip in which one is lost once more. After a timeout the window begins at one segment anyway.
    if (c.lost_again && c.lower_again && c.recovery == Recovery::fast) reduce_window(c, c.snd_nxt - c.snd_una);
    if (c.lost_again) c.lower_again = false;
    return;
  }
  if (edge == c.snd_una) return;
  // RFC 6675 section 5 step 4, RFC 6582 section 3.2: the first segment is lost and goes out at once.
  reduce_window(c, c.snd_nxt - c.snd_una);
  start_repair(c, Recovery::fast, later(edge, earlier(c.snd_una + c.mss, c.snd_nxt)));
  if (c.sack) c.congestion.on_repair(in_flight(c), c.mss);
  c.resend_first = true;
  c.retransmit_at = now + timeout(c);
}

// A loss was found by what arrived, perhaps while an earlier one is being repaired, or a router told of congestion.
void Core::reduce_window(Connection& c, std::uint32_t outstanding) {
  const bool again = c.recovery == Recovery::fast && c.sack;
  if (again) c.congestion.on_repaired();
  c.congestion.on_loss(flight_at_loss(c, outstanding), c.mss);
  if (again) c.congestion.on_repair(in_flight(c), c.mss);
  reduced(c);
}

void Core::start_repair(Connection& c, Recovery recovery, std::uint32_t edge) {
  c.recovery = recovery;
  c.recovery_point = c.snd_nxt;
  c.high_rxt = c.snd_una;
  c.lost_edge = edge;
  c.timing = false;
  c.tail_probing = false;
  c.lower_again = true;
  if (c.transmissions != nullptr) c.transmissions->start_recovery(c.snd_una);
  touch(c);
}

// `acknowledged` bytes left the window during recovery.
void Core::progress_recovery(Connection& c, std::uint32_t acknowledged) {
  if (!before(c.snd_una, c.recovery_point)) return end_recovery(c);
  const auto segments = static_cast<std::uint16_t>(std::min<std::uint32_t>(acknowledged / c.mss, c.duplicate_acks));
  c.duplicate_acks = static_cast<std::uint16_t>(c.duplicate_acks - segments);
  // A partial ACK: the segment behind the one that was repaired is missing too (RFC 6582 section 3.2). With SACK and
  // the times of transmissions more is known: what was sent before the repair that has arrived.
  if (c.recovery == Recovery::fast && !after(c.high_rxt, c.snd_una) && (!c.sack || c.transmissions == nullptr)) {
    c.lost_edge = later(c.lost_edge, earlier(c.snd_una + c.mss, c.snd_nxt));
    c.resend_first = true;
  }
  c.high_rxt = later(c.high_rxt, c.snd_una);
}

void Core::end_recovery(Connection& c) {
  c.duplicate_acks = 0;
  c.resend_first = false;
  c.backoff = 0;
  if (c.patience_left != 0) --c.patience_left;
  if (c.patience_left == 0) c.patience = 1;
  // Something that was sent during the recovery was lost too and is on its way again: the next recovery goes on with
  // the marks of this one.
  if (c.sack && before(c.snd_una, c.high_rxt)) {
    reduce_window(c, c.snd_nxt - c.snd_una);
    c.recovery = Recovery::fast;
    c.recovery_point = c.snd_nxt;
    c.lower_again = true;
    return;
  }
  const bool fast = c.recovery == Recovery::fast;
  c.recovery = Recovery::none;
  if (fast && c.sack) c.congestion.on_repaired();
  if (fast && !c.sack) c.congestion.on_recovered(in_flight(c), c.mss);
}

// Everything outstanding that was not SACKed has to be sent again, as the congestion window allows.
void Core::mark_all_lost(Connection& c) {
  start_repair(c, Recovery::timeout, c.snd_nxt);
  c.resend_first = false;
  c.duplicate_acks = 0;
}

// RFC 6298 section 5.4 to 5.7.
void Core::retransmission_timeout(Connection& c, Instant now) {
  const bool first = c.attempts == 1;
  suspect_black_hole(c, now);
  // The peer may have thrown away what it had SACKed (RFC 2018 section 8): believe it once only.
  if (!first) {
    c.scoreboard.clear(ranges_);
    if (c.transmissions != nullptr) no_proof_below(c, c.transmissions->fresh_delivered);
  }
  c.congestion.on_timeout(flight_at_loss(c, c.snd_nxt - c.snd_una), c.mss, first);
  reduced(c);
  if (c.backoff < UINT8_MAX) ++c.backoff;
  mark_all_lost(c);
  c.retransmit_at = now + timeout(c);
}

}  // namespace lockstep::tcp

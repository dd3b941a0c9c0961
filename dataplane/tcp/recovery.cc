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
    if (before(from, c.lost_edge)) gone += c.lost_edge - from - c.scoreboard.sacked({from, c.lost_edge});
  }
  return outstanding - std::min(outstanding, gone);
}

void Core::find_losses(Connection& c, Instant now) {
  std::uint32_t edge = c.sack ? c.scoreboard.lost_edge(c.snd_una, c.mss) : c.snd_una;
  if (c.recovery == Recovery::none) {
    const bool many = c.duplicate_acks >= Scoreboard::kDuplicateThreshold;
    if (!many && edge == c.snd_una) return;
    // RFC 6675 section 5 step 4, RFC 6582 section 3.2: the first segment is lost and goes out at once.
    edge = later(edge, earlier(c.snd_una + c.mss, c.snd_nxt));
    c.congestion.on_loss(c.snd_nxt - c.snd_una, c.mss);
    c.recovery = Recovery::fast;
    c.recovery_point = c.snd_nxt;
    c.high_rxt = c.snd_una;
    c.lost_edge = edge;
    c.resend_first = true;
    c.timing = false;
    c.retransmit_at = now + timeout(c);
    touch(c);
    return;
  }
  c.lost_edge = later(c.lost_edge, edge);
  // Data sent after the retransmission of SND.UNA has arrived, and enough of it: the retransmission was lost too (the
  // idea of RFC 8985, for the one segment everything waits for).
  if (c.sack && after(c.high_rxt, c.snd_una) && !c.resend_first && before(c.resend_mark, c.snd_nxt) &&
      c.scoreboard.sacked({c.resend_mark, c.snd_nxt}) > (Scoreboard::kDuplicateThreshold - 1) * c.mss) {
    c.resend_first = true;
    touch(c);
  }
}

// `acknowledged` bytes left the window during recovery.
void Core::progress_recovery(Connection& c, std::uint32_t acknowledged) {
  if (!before(c.snd_una, c.recovery_point)) {
    const bool fast = c.recovery == Recovery::fast;
    c.recovery = Recovery::none;
    c.duplicate_acks = 0;
    c.resend_first = false;
    c.backoff = 0;
    if (fast && !c.sack) c.congestion.on_recovered(in_flight(c), c.mss);
    return;
  }
  const auto segments = static_cast<std::uint16_t>(std::min<std::uint32_t>(acknowledged / c.mss, c.duplicate_acks));
  c.duplicate_acks = static_cast<std::uint16_t>(c.duplicate_acks - segments);
  // A partial ACK: the segment behind the one that was repaired is missing too (RFC 6582 section 3.2). Where the peer
  // tells what arrived, a repair that came through also means that what was sent before recovery began would have been
  // heard of (the idea of RFC 8985).
  if (c.sack) c.lost_edge = later(c.lost_edge, c.recovery_point);
  if (c.recovery == Recovery::fast && !after(c.high_rxt, c.snd_una)) {
    c.lost_edge = later(c.lost_edge, earlier(c.snd_una + c.mss, c.snd_nxt));
    c.resend_first = true;
  }
  c.high_rxt = later(c.high_rxt, c.snd_una);
  c.resend_mark = c.snd_nxt;
}

// Everything outstanding that was not SACKed has to be sent again, as the congestion window allows.
void Core::mark_all_lost(Connection& c) {
  c.recovery = Recovery::timeout;
  c.recovery_point = c.snd_nxt;
  c.lost_edge = c.snd_nxt;
  c.high_rxt = c.snd_una;
  c.resend_first = false;
  c.duplicate_acks = 0;
  c.timing = false;
  touch(c);
}

// RFC 6298 section 5.4 to 5.7.
void Core::retransmission_timeout(Connection& c, Instant now) {
  const bool first = c.attempts == 1;
  // The peer may have thrown away what it had SACKed (RFC 2018 section 8): believe it once only.
  if (!first) c.scoreboard.clear(ranges_);
  c.congestion.on_timeout(c.snd_nxt - c.snd_una, c.mss, first);
  if (c.backoff < UINT8_MAX) ++c.backoff;
  mark_all_lost(c);
  c.retransmit_at = now + timeout(c);
}

}  // namespace lockstep::tcp

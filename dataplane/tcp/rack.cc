// Losses found by time, and the probe of the tail (RFC 8985).
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

constexpr std::uint8_t kPatientRecoveries = 16;        // section 6.2, step 4: RACK.reo_wnd_persist
constexpr std::uint8_t kMaximumPatience = 64;          // quarters; more than a round trip is never waited anyway
constexpr Duration kDelayedAck = milliseconds(200);    // section 7.2: WCDelAckT
constexpr Duration kGranularity = milliseconds(1);     // of the timing wheel
constexpr Duration kShortestProbe = milliseconds(10);  // timers and peers are not exact
constexpr Duration kInitialProbeTimeout = seconds(1);  // section 7.2: without a measured round trip

}  // namespace

/// How finely transmissions are told apart.
Duration Core::transmission_grain(const Connection& c) {
  return c.round_trip.smoothed() / 4;
}

/// RFC 2883 section 4: the first block tells of something that came twice.
bool Core::reports_duplicate(const Segment& segment) {
  const Header& header = segment.header;
  if (header.sack_count == 0) return false;
  const SequenceRange& first = header.sack[0];
  if (!after(first.end, header.acknowledgment)) return true;
  if (header.sack_count == 1) return false;
  const SequenceRange& second = header.sack[1];
  return !before(first.start, second.start) && !after(first.end, second.end);
}

// Section 6.2, step 4: each round trip with a D-SACK makes us more patient, sixteen recoveries without one less.
void Core::take_duplicate_report(Connection& c, std::uint32_t ack) {
  if (c.patience_round_open && before(later(c.snd_una, ack), c.patience_round)) return;
  c.patience_round_open = true;
  c.patience_round = c.snd_nxt;
  c.patience = static_cast<std::uint8_t>(std::min<int>(c.patience + 1, kMaximumPatience));
  c.patience_left = kPatientRecoveries;
}

/// What lies below `end` arrives no more in a way that proves reordering: it was sent again, or would be told of twice.
void Core::no_proof_below(Connection& c, std::uint32_t end) {
  if (c.transmissions != nullptr) c.transmissions->proof_from = later(c.transmissions->proof_from, end);
}

// All that an ACK tells of, before any of it is taken: it arrived together, whatever the order of the blocks.
void Core::note_arrivals(Connection& c, const Segment& segment, Instant now) {
  if (c.transmissions == nullptr) return;
  const std::uint32_t ack = segment.header.acknowledgment;
  const std::uint32_t known = c.transmissions->fresh_delivered;
  if (after(ack, c.snd_una)) note_delivered(c, {c.snd_una, ack}, known, segment, now);
  if (!c.sack) return;
  for (std::size_t i = 0; i < segment.header.sack_count; ++i) {
    const SequenceRange& block = segment.header.sack[i];
    if (acceptable_block(c, block, ack)) note_delivered(c, block, known, segment, now);
  }
}

// `range` is acknowledged, by number or by SACK; what of it was not SACKed has just arrived (section 6.2, steps 1 to
// 3). `known`: how far arrivals were known before.
void Core::note_delivered(Connection& c, SequenceRange range, std::uint32_t known, const Segment& segment,
                          Instant now) {
  Transmissions& t = *c.transmissions;
  const std::uint32_t repaired =
      c.recovery == Recovery::none ? range.start : earlier(later(range.start, c.high_rxt), range.end);
  if (const SequenceRange fresh = c.scoreboard.hole({repaired, range.end}); !fresh.empty()) {
    if (!after(fresh.end, known) && !before(fresh.start, t.proof_from)) c.reordering_seen = true;
    t.fresh_delivered = later(t.fresh_delivered, fresh.end);
    if (const TransmitLog::Entry* const entry = t.fresh.find(fresh.end)) t.delivered(*entry, now);
  }
  const SequenceRange again = c.scoreboard.hole({range.start, repaired});
  if (again.empty()) return;
  // The original may have arrived late: neither sooner than any answer took, nor by an answer to an earlier stamp
  // (step 2).
  const TransmitLog::Entry* const entry = t.again.find(again.end);
  if (entry == nullptr || now - entry->last < c.round_trip.minimum()) return;
  const std::uint32_t sent = timestamp_clock(c.timestamp_offset, entry->first);
  if (c.timestamps && segment.header.has_timestamps && before(segment.header.timestamp_echo, sent)) return;
  t.again_delivered = later(t.again_delivered, again.end);
  t.delivered(*entry, now);
}

/// Section 6.2, step 4.
Duration Core::reordering_window(const Connection& c) {
  const bool many = c.duplicate_acks >= Scoreboard::kDuplicateThreshold || c.scoreboard.many(c.mss);
  if (!c.reordering_seen && (c.recovery != Recovery::none || many)) return Duration{};
  return std::max(std::min(c.round_trip.minimum() * c.patience / 4, c.round_trip.smoothed()), kGranularity);
}

/// Below it everything that was not SACKed is lost; `snd_una` when nothing is. Moves the marks of what was lost twice,
/// and sets the time to look again.
std::uint32_t Core::lost_edge(Connection& c, Instant now) {
  if (!c.sack) {
    const bool many = c.recovery == Recovery::none && c.duplicate_acks >= Scoreboard::kDuplicateThreshold;
    return many ? earlier(c.snd_una + c.mss, c.snd_nxt) : c.snd_una;
  }
  if (c.transmissions == nullptr) return c.scoreboard.lost_edge(c.snd_una, c.mss);
  Transmissions& t = *c.transmissions;
  const Duration reordering = reordering_window(c);
  const auto first = t.overdue(t.fresh, c.snd_una, t.fresh_delivered, reordering, now);
  c.loss_at = first.next;
  if (c.recovery != Recovery::none) {
    const auto second = t.overdue(t.again, later(t.twice_edge, c.snd_una), t.again_delivered, reordering, now);
    const std::uint32_t edge = earlier(second.edge, c.high_rxt);
    c.loss_at = std::min(c.loss_at, second.next);
    // Lost a third time: all that went out twice is older than what has arrived.
    const bool older = after(t.twice_high, c.snd_una) && t.twice_at < t.delivered_at;
    const Instant due = older ? t.twice_at + t.round_trip + reordering : Instant::never();
    const bool thrice = due <= now;
    c.lost_again = thrice || after(edge, later(t.twice_edge, c.snd_una));
    c.lower_again = c.lower_again || thrice;
    t.twice_edge = edge;
    if (thrice) {
      t.twice_high = c.snd_una;
    } else {
      c.loss_at = std::min(c.loss_at, due);
    }
  }
  return first.edge;
}

/// Section 7.2: when to probe the tail, if nothing comes until then.
void Core::arm_probe(Connection& c, bool sent, Instant now) {
  const std::uint32_t outstanding = c.snd_nxt - c.snd_una;
  const bool wanted = c.sack && outstanding != 0 && c.recovery == Recovery::none && c.scoreboard.empty() &&
                      c.snd_wnd != 0 && !c.tail_probing;
  if (!wanted) {
    if (c.scoreboard.empty() && c.recovery == Recovery::none) c.loss_at = Instant::never();
    return;
  }
  if (!sent && c.loss_at != Instant::never()) return;
  Duration wait =
      c.round_trip.measured() ? std::max(c.round_trip.smoothed() * 2, kShortestProbe) : kInitialProbeTimeout;
  if (outstanding <= c.mss) wait = wait + kDelayedAck;
  c.loss_at = std::min(now + wait, c.retransmit_at);
}

// The timer of both: time to look for losses again (section 6.3), or to probe the tail (section 7.3).
void Core::loss_expired(Connection& c, Instant now) {
  c.loss_at = Instant::never();
  if (!may_send(c.state) || c.snd_nxt == c.snd_una || c.snd_wnd == 0) return;
  if (c.recovery != Recovery::none || !c.scoreboard.empty()) {
    find_losses(c, now);
    return touch(c);
  }
  probe_tail(c, now);
}

// New data if there is any, otherwise the last segment again.
void Core::probe_tail(Connection& c, Instant now) {
  std::uint32_t none = 0;
  c.tail_resent = send_new(c, none, now) != Step::sent;
  if (c.tail_resent) {
    const std::uint32_t start = later(c.snd_una, c.last_segment);
    if (!before(start, earlier(c.snd_nxt, c.snd_una + c.snd_wnd))) return;
    const std::uint32_t sent = earlier(c.snd_nxt, c.queue.end());
    const std::uint32_t end = earlier(sent, c.snd_una + c.snd_wnd);
    const std::uint32_t length = before(start, end) ? std::min<std::uint32_t>(end - start, c.mss) : 0;
    const bool with_fin = c.fin_sent && start + length == sent && before(sent, c.snd_una + c.snd_wnd);
    if (send_data(c, start, length, with_fin, true, now) == 0) return;
    no_proof_below(c, start + length);
    c.timing = false;
    ++c.retransmissions;
  }
  counters_.tail_loss_probes.add();
  c.tail_probing = true;
  c.tail_end = c.snd_nxt;
  c.retransmit_at = now + timeout(c);
}

// Section 7.4.2: did the probe repair a loss? `repeats`: the ACK says nothing new, not even of the window.
void Core::tail_probe_answered(Connection& c, const Segment& segment, bool repeats) {
  const std::uint32_t ack = segment.header.acknowledgment;
  if (before(ack, c.tail_end)) return;
  const bool duplicate = repeats && segment.header.sack_count == 0;
  if (!c.tail_resent || reports_duplicate(segment) || (ack == c.tail_end && duplicate)) {
    c.tail_probing = false;
  } else if (after(ack, c.tail_end)) {
    c.tail_probing = false;
    // What is in flight now says nothing about the time of the loss.
    c.congestion.on_loss(std::max(c.congestion.window(), std::uint32_t{c.mss}), c.mss);
    reduced(c);
  }
}

}  // namespace lockstep::tcp

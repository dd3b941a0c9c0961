// What an acceptable segment's ACK, SACK blocks and window say (RFC 9293 section 3.10.7.4, fifth; RFC 5681; RFC 2018).
#include <algorithm>
#include <utility>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {

bool Core::acknowledge(Connection& c, const Segment& segment, Instant now) {
  const std::uint32_t una = c.snd_una;
  const std::uint32_t sacked = c.scoreboard.bytes();
  const std::uint32_t lost = c.lost_edge;
  c.lost_again = false;
  if (!take_acknowledgment(c, segment, now)) return false;
  if (c.ecn && segment.has(Flags::kEce) && !before(segment.header.acknowledgment, c.snd_una))
    congestion_echoed(c, c.snd_nxt - una);
  if (c.recovery != Recovery::fast || !c.sack) return true;
  const std::uint32_t delivered = c.snd_una - una + c.scoreboard.bytes() - sacked;
  const bool progress = c.snd_una != una && c.lost_edge == lost && !c.lost_again;
  if (delivered != 0) c.congestion.on_recovery_ack(delivered, in_flight(c), c.mss, progress);
  return true;
}

bool Core::take_acknowledgment(Connection& c, const Segment& segment, Instant now) {
  const Header& header = segment.header;
  const std::uint32_t ack = header.acknowledgment;
  const std::uint32_t window_before = c.snd_wnd;
  const std::uint32_t sacked_before = c.scoreboard.bytes();
  update_window(c, segment);
  note_arrivals(c, segment, now);
  if (c.sack && header.sack_count != 0) take_sack(c, segment);
  if (after(ack, c.snd_una)) return new_data_acknowledged(c, segment, now);
  // RFC 5681 section 2 (DUPACK); with SACK, new information counts whatever the number and the window (RFC 6675 section
  // 2).
  const bool news = c.scoreboard.bytes() != sacked_before;
  if (before(ack, c.snd_una)) {
    if (news) duplicate_ack(c, now);
    return true;
  }
  const bool repeats = segment.length == 0 && !segment.has(Flags::kFin) && c.snd_wnd == window_before;
  if (c.tail_probing) tail_probe_answered(c, segment, repeats);
  // The peer answers our probes of its closed window: it lives (RFC 9293 section 3.8.6.1). Nobody waits for it, though,
  // once the owner is gone.
  if (c.snd_wnd == 0 && c.owned) c.attempts = 0;
  const bool outstanding = c.snd_nxt != c.snd_una;
  if (outstanding && c.snd_wnd != 0 && (news || (repeats && !c.sack))) duplicate_ack(c, now);
  return true;
}

// Blocks beyond what was sent, below SND.UNA (D-SACK, RFC 2883) or turned around say nothing about what is outstanding.
bool Core::acceptable_block(const Connection& c, const SequenceRange& block, std::uint32_t ack) {
  return before(block.start, block.end) && after(block.start, later(c.snd_una, ack)) && !after(block.end, c.snd_nxt);
}

void Core::take_sack(Connection& c, const Segment& segment) {
  const std::uint32_t ack = segment.header.acknowledgment;
  if (reports_duplicate(segment)) take_duplicate_report(c, ack);
  for (std::size_t i = 0; i < segment.header.sack_count; ++i) {
    const SequenceRange& block = segment.header.sack[i];
    if (!acceptable_block(c, block, ack)) continue;
    // What finds no place comes as news again with the next ACK.
    if (c.scoreboard.add(block, ranges_) == 0 && !c.scoreboard.hole(block).empty()) no_proof_below(c, block.end);
  }
}

// RFC 9293 section 3.10.7.4, fifth: older segments do not update the window.
void Core::update_window(Connection& c, const Segment& segment) {
  const Header& header = segment.header;
  if (before(header.acknowledgment, c.snd_una) || before(header.sequence, c.snd_wl1)) return;
  if (header.sequence == c.snd_wl1 && before(header.acknowledgment, c.snd_wl2)) return;
  const std::uint32_t window = std::uint32_t{header.window} << c.snd_shift;
  c.snd_wl1 = header.sequence;
  c.snd_wl2 = header.acknowledgment;
  if (window == c.snd_wnd) return;
  const bool opened = c.snd_wnd == 0;
  c.snd_wnd = window;
  c.max_snd_wnd = std::max(c.max_snd_wnd, window);
  if (opened) window_opened(c, header.acknowledgment);
  touch(c);
}

// The probes were for the window, not against a loss: all goes on afresh, and what they carried was refused.
void Core::window_opened(Connection& c, std::uint32_t ack) {
  c.backoff = 0;
  c.attempts = 0;
  c.retransmit_at = Instant::never();
  if (c.snd_nxt == c.snd_una || c.recovery != Recovery::none) return;
  if (ack == c.snd_una && c.snd_nxt == c.snd_una + 1) {
    c.snd_nxt = c.snd_una;
    c.fin_sent = false;
  } else {
    mark_all_lost(c);
  }
}

bool Core::new_data_acknowledged(Connection& c, const Segment& segment, Instant now) {
  const std::uint32_t ack = segment.header.acknowledgment;
  const std::uint32_t acknowledged = ack - c.snd_una;
  const std::uint32_t queued = c.queue.size();
  measure(c, segment, ack, now);
  if (c.tail_probing) tail_probe_answered(c, segment, false);
  c.queue.acknowledge(earlier(ack, c.queue.end()));
  c.bytes_sent += queued - c.queue.size();
  c.scoreboard.acknowledge(ack, ranges_);
  c.snd_una = ack;
  if (c.reduced && !before(ack, c.reduced_point)) c.reduced = false;
  if (c.patience_round_open && !before(ack, c.patience_round)) c.patience_round_open = false;
  forget_acknowledged(c);
  c.attempts = 0;
  const bool fast_recovery = c.recovery == Recovery::fast;
  if (c.recovery == Recovery::none) {
    c.backoff = 0;
    c.duplicate_acks = 0;
  } else {
    progress_recovery(c, acknowledged);
  }
  // RFC 3168 section 6.1.2: no growth by an ACK that tells of congestion.
  if (!fast_recovery && c.recovery != Recovery::fast && !(c.ecn && segment.has(Flags::kEce))) {
    if (c.cwnd_limited) {
      c.congestion.on_ack(acknowledged, c.mss, c.round_trip.smoothed(), now);
    } else {
      c.congestion.on_application_limited();
    }
  }
  // RFC 6298 section 5.2 and 5.3.
  c.retransmit_at = c.snd_una == c.snd_nxt ? Instant::never() : now + timeout(c);
  c.loss_at = Instant::never();
  if (c.sack && (c.recovery != Recovery::none || !c.scoreboard.empty())) find_losses(c, now);
  if (c.want_writable && c.queue.size() <= config_.send_buffer / 2 && !c.fin_queued) {
    c.want_writable = false;
    post(c, Events::kWritable);
  }
  touch(c);
  return !(c.fin_sent && ack == c.snd_nxt) || own_fin_acknowledged(c, now);
}

void Core::forget_acknowledged(Connection& c) {
  if (c.transmissions == nullptr) return;
  if (c.snd_una == c.snd_nxt) return transmissions_.give(std::exchange(c.transmissions, nullptr));
  c.transmissions->fresh.acknowledge(c.snd_una);
  c.transmissions->again.acknowledge(c.snd_una);
}

// One measurement per round trip of a segment sent once; after retransmissions the echoed timestamp tells which
// transmission was answered (RFC 6298 section 3, RFC 7323 section 4).
void Core::measure(Connection& c, const Segment& segment, std::uint32_t ack, Instant now) {
  if (c.timing) {
    if (!after(ack, c.timed_sequence)) return;
    c.timing = false;
    c.round_trip.sample(now - c.timed_at, now);
    c.backoff = 0;
    return;
  }
  if (!c.timestamps || c.recovery == Recovery::none || segment.header.timestamp_echo == 0) return;
  const auto elapsed =
      static_cast<std::int32_t>(timestamp_clock(c.timestamp_offset, now) - segment.header.timestamp_echo);
  if (elapsed < 0 || milliseconds(elapsed) > config_.max_rto) return;
  c.round_trip.sample(milliseconds(elapsed), now);
  c.backoff = 0;
}

bool Core::own_fin_acknowledged(Connection& c, Instant now) {
  switch (c.state) {
    case ConnectionState::fin_wait_1:
      enter_fin_wait_2(c, now);
      return true;
    case ConnectionState::closing:
      enter_time_wait(c, now);
      return false;
    case ConnectionState::last_ack:
      finish(c, CloseReason::finished);
      return false;
    default:
      return true;
  }
}

void Core::duplicate_ack(Connection& c, Instant now) {
  if (c.duplicate_acks < UINT16_MAX) ++c.duplicate_acks;
  find_losses(c, now);
  touch(c);  // limited transmit (RFC 3042): what has arrived makes room for new segments
}

}  // namespace lockstep::tcp

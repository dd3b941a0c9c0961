// Building segments and handing them to the network.
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

constexpr std::size_t kFlagsOffset = 13;

}  // namespace

/// The clock of RFC 7323 section 5.4: milliseconds, from an origin of its own for each pair of hosts.
std::uint32_t Core::timestamp_clock(std::uint32_t offset, Instant now) {
  return static_cast<std::uint32_t>(now.ns / 1'000'000) + offset;
}

Header Core::header_for(Connection& c, std::uint32_t sequence, std::uint8_t flags, Instant now) const {
  Header header;
  header.source_port = c.flow.local.port;
  header.destination_port = c.flow.remote.port;
  header.sequence = sequence;
  header.flags = flags;
  if (header.has(Flags::kAck)) header.acknowledgment = c.rcv_nxt;
  header.has_timestamps = c.timestamps;
  if (c.timestamps) {
    header.timestamp = timestamp_clock(c.timestamp_offset, now);
    header.timestamp_echo = header.has(Flags::kAck) ? c.ts_recent : 0;
  }
  if (header.has(Flags::kSyn)) {
    // The window of a SYN is not scaled (RFC 7323 section 2.2).
    header.window = syn_window();
    header.has_mss = true;
    header.mss = c.link_mss;
    header.sack_permitted = c.sack;
    header.has_window_scale = c.window_scaling;
    header.window_scale = window_shift_;
  } else if (!header.has(Flags::kRst)) {
    header.window = announce_window(c);
    if (c.echo_congestion) header.flags |= Flags::kEce;
    if (c.sack) add_sack(c, header);
  }
  return header;
}

// The duplicate just seen comes first (RFC 2883 section 4), then the ranges held, the newest first.
void Core::add_sack(Connection& c, Header& header) const {
  const std::size_t room = c.timestamps ? 3 : kMaximumSackBlocks;
  std::size_t count = 0;
  if (!c.duplicate.empty()) header.sack[count++] = c.duplicate;
  if (!c.reassembly.empty()) count += c.reassembly.sack_blocks(std::span(header.sack).subspan(count, room - count));
  header.sack_count = static_cast<std::uint8_t>(count);
}

MbufPtr Core::start_segment(const Header& header) {
  MbufPtr mbuf = pools_.packet();
  if (mbuf == nullptr) {
    counters_.dropped_memory.add();
    return nullptr;
  }
  char* const room = rte_pktmbuf_append(mbuf.get(), kMaximumHeader);
  const std::size_t length = write_header(header, {reinterpret_cast<std::uint8_t*>(room), kMaximumHeader});
  rte_pktmbuf_trim(mbuf.get(), static_cast<std::uint16_t>(kMaximumHeader - length));
  return mbuf;
}

void Core::put_out(Connection& c, MbufPtr mbuf, std::uint8_t flags, net::Ecn ecn, Instant now) {
  counters_.segments_sent.add();
  if ((flags & Flags::kAck) != 0) {
    c.last_ack_sent = c.rcv_nxt;
    c.ack_now = false;
    c.unacknowledged = 0;
    c.ack_at = Instant::never();
    c.duplicate = {};
  }
  network_.send_tcp(c.flow, std::move(mbuf), now, ecn);
}

/// Sends up to `length` bytes from `sequence` on, and the FIN behind them if all fit. Returns the sequence numbers
/// used.
std::uint32_t Core::send_data(Connection& c, std::uint32_t sequence, std::uint32_t length, bool with_fin,
                              bool retransmission, Instant now) {
  const Header header = header_for(c, sequence, Flags::kAck, now);
  // A full segment leaves room for the timestamps only (RFC 6691): SACK blocks shorten it.
  const auto extra = static_cast<std::uint32_t>(options_length(header)) - (c.timestamps ? kTimestampsLength : 0);
  const std::uint32_t wanted = std::min<std::uint32_t>(length, c.mss - extra);
  MbufPtr mbuf = start_segment(header);
  if (mbuf == nullptr) return 0;
  const std::uint32_t attached = c.queue.attach(sequence, wanted, retransmission, *mbuf, pools_);
  std::uint8_t flags = 0;
  if (attached != 0 && sequence + attached == c.queue.end()) flags |= Flags::kPsh;
  if (with_fin && attached == length) flags |= Flags::kFin;
  if (attached == 0 && flags == 0) return 0;
  const net::Ecn ecn = mark_data(c, attached != 0 && !retransmission, flags);
  bytes_of(*mbuf)[kFlagsOffset] |= flags;
  c.last_sent = now;
  put_out(c, std::move(mbuf), Flags::kAck, ecn, now);
  return attached + ((flags & Flags::kFin) != 0 ? 1 : 0);
}

/// Sends a segment without payload.
bool Core::send_control(Connection& c, std::uint32_t sequence, std::uint8_t flags, Instant now) {
  MbufPtr mbuf = start_segment(header_for(c, sequence, flags, now));
  if (mbuf == nullptr) return false;
  put_out(c, std::move(mbuf), flags, net::Ecn::not_capable, now);
  return true;
}

/// Where an empty segment stands: at SND.NXT, or at the right edge of the peer's window where that lies before it (a
/// probe is out, or the window shrank), since the peer may drop what is beyond and with it our ACK.
std::uint32_t Core::ack_sequence(const Connection& c) const {
  return earlier(c.snd_nxt, c.snd_una + c.snd_wnd);
}

/// The SYN of SYN-SENT or the SYN-ACK of SYN-RECEIVED, first or again.
void Core::send_syn(Connection& c, Instant now) {
  const bool answer = c.state == ConnectionState::syn_received;
  std::uint8_t flags = Flags::kSyn;
  if (answer) flags |= Flags::kAck;
  if (answer && c.ecn) flags |= Flags::kEce;
  // Asked for once: a network that drops such SYNs shall not keep us from connecting (RFC 3168 section 6.1.1.1).
  if (!answer && c.ecn && c.attempts == 0) flags |= Flags::kEce | Flags::kCwr;
  send_control(c, c.iss, flags, now);
}

void Core::send_reset(Connection& c, Instant now) {
  send_control(c, ack_sequence(c), Flags::kRst | Flags::kAck, now);
}

// RFC 9293 section 3.10.7.1; never in answer to a reset.
void Core::answer_with_reset(const FlowTuple& flow, const Segment& segment, Instant now) {
  if (segment.has(Flags::kRst)) return;
  Header header;
  header.source_port = flow.local.port;
  header.destination_port = flow.remote.port;
  if (segment.has(Flags::kAck)) {
    header.flags = Flags::kRst;
    header.sequence = segment.header.acknowledgment;
  } else {
    header.flags = Flags::kRst | Flags::kAck;
    header.acknowledgment = segment.sequence() + segment.sequence_length();
  }
  MbufPtr mbuf = start_segment(header);
  if (mbuf == nullptr) return;
  counters_.resets_sent.add();
  counters_.segments_sent.add();
  network_.send_tcp(flow, std::move(mbuf), now);
}

}  // namespace lockstep::tcp

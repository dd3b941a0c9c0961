// Connections that are half open: how many there may be, and what happens to SYNs beyond (RFC 4987).
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

// Cookies come back for two periods at most; a clock that is asked later, or a stamp rounded down, adds a little.
constexpr Duration kOldestStamp = SynCookies::kPeriod * 2 + seconds(1);

}  // namespace

bool Core::backlog_full(const IpAddress& source) const {
  return half_open_.size() >= config_.max_half_open ||
         half_open_sources_.of(source) >= config_.max_half_open_per_source;
}

void Core::enter_half_open(Connection& c) {
  half_open_.push_back(c);
  half_open_sources_.add(c.flow.remote.ip);
}

void Core::leave_half_open(Connection& c) {
  if (c.state != ConnectionState::syn_received || !c.wait_link.linked) return;
  half_open_.remove(c);
  half_open_sources_.subtract(c.flow.remote.ip);
}

// Answers a SYN and forgets it.
void Core::answer_with_cookie(const FlowTuple& flow, const net::Route& route, const Header& syn, Instant now) {
  Header header;
  header.source_port = flow.local.port;
  header.destination_port = flow.remote.port;
  header.sequence = cookies_.make(flow, syn, now);
  header.acknowledgment = syn.sequence + 1;
  header.flags = Flags::kSyn | Flags::kAck;
  header.window = syn_window();
  header.has_mss = true;
  header.mss = link_mss(flow.remote.ip, route);
  header.has_timestamps = syn.has_timestamps;
  if (syn.has_timestamps) {
    header.timestamp = SynCookies::stamp(timestamp_clock(timestamp_offset(flow), now), syn);
    header.timestamp_echo = syn.timestamp;
    header.sack_permitted = syn.sack_permitted;
    if (asks_for_ecn(syn)) header.flags |= Flags::kEce;
    header.has_window_scale = syn.has_window_scale;
    header.window_scale = window_shift_;
  }
  MbufPtr mbuf = start_segment(header);
  if (mbuf == nullptr) return;
  counters_.syn_cookies_sent.add();
  counters_.segments_sent.add();
  network_.send_tcp(flow, std::move(mbuf), now);
}

// True when `segment`, of no connection that could take it, was the answer to a cookie and has been dealt with.
bool Core::take_cookie(const FlowTuple& flow, std::uint32_t hash, ListenerId listener, Segment& segment, Instant now) {
  if (!cookies_.expected(now) || segment.has(Flags::kSyn) || segment.has(Flags::kRst)) return false;
  const std::optional<Header> syn = cookies_.take(flow, segment.header, now);
  if (!syn) {
    counters_.syn_cookies_wrong.add();
    // What follows the answer to a cookie may come first, or the answer found no room: the peer will send both again.
    return segment.sequence_length() != 0;
  }
  const std::uint32_t age = timestamp_clock(timestamp_offset(flow), now) - segment.header.timestamp_echo;
  if (syn->has_timestamps && milliseconds(age) > kOldestStamp) {
    counters_.syn_cookies_stale.add();
    return false;
  }
  // Its SYN was sent again and found room then: the peer has chosen our first answer.
  if (Connection* const second = table_.find(hash, flow)) retire(*second);
  const std::optional<net::Route> route = network_.route(flow.remote.ip, flow.local.ip);
  Connection* const c =
      route ? make_passive(flow, hash, listener, *route, *syn, segment.header.acknowledgment - 1, now) : nullptr;
  if (c == nullptr) {
    counters_.syn_cookies_no_room.add();
    return true;
  }
  counters_.syn_cookies_taken.add();
  synchronized(*c, segment, now);
  return true;
}

}  // namespace lockstep::tcp

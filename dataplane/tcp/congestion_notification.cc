// Explicit congestion notification (RFC 3168): routers mark instead of dropping, the receiver echoes, the sender slows
// down.
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {

/// Section 6.1.1. The bit of accurate ECN (RFC 9768) beside these two is not looked at: such a peer finds itself
/// answered as by any host of RFC 3168, and goes on like one.
bool Core::asks_for_ecn(const Header& header) const {
  return config_.ecn && header.has(Flags::kEce | Flags::kCwr);
}

// Section 6.1.3: ECE from a mark on until the peer says that it has reduced its window. The mark is on data, since
// nothing else is sent as capable (section 6.1.4).
void Core::congestion_on_the_way(Connection& c, const Segment& segment) {
  if (!c.ecn) return;
  if (segment.has(Flags::kCwr)) c.echo_congestion = false;
  if (segment.congestion && segment.length != 0) c.echo_congestion = true;
}

// Section 6.1.2: as for a loss, once for each window of data; `flight` was outstanding before this ACK.
void Core::congestion_echoed(Connection& c, std::uint32_t flight) {
  if (c.recovery != Recovery::none || c.reduced || c.snd_nxt == c.snd_una) return;
  counters_.congestion_echoes.add();
  reduce_window(c, flight);
}

/// The window was reduced: what was sent before says no more about it, and the peer has to know.
void Core::reduced(Connection& c) {
  if (!c.ecn) return;
  c.reduced = true;
  c.reduced_point = c.snd_nxt;
  c.tell_reduced = true;
}

/// How data goes out: only what is sent for the first time, and is no window probe, can be marked by routers (sections
/// 6.1.5 and 6.1.6). Adds CWR where it is due.
net::Ecn Core::mark_data(Connection& c, bool first, std::uint8_t& flags) const {
  if (!c.ecn || !first || c.snd_wnd == 0) return net::Ecn::not_capable;
  if (c.tell_reduced) flags |= Flags::kCwr;
  c.tell_reduced = false;
  return net::Ecn::capable;
}

}  // namespace lockstep::tcp

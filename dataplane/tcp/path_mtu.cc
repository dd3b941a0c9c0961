// Segments as large as the path carries: told by routers (RFC 1191, RFC 8201), or found out where they say nothing (RFC
// 4821 in its simplest form).
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

// Smaller values of "packet too big" are refused: 1280 is what every IPv6 link carries (RFC 8200 section 5); for IPv4
// the value protects against being made to send tiny segments (RFC 5927 section 7.2).
constexpr std::uint16_t kSmallestMtuV4 = 552;
constexpr std::uint16_t kSmallestMtuV6 = 1280;
// RFC 4821 section 7.7: after as many timeouts of full segments the path is taken for a black hole.
constexpr std::uint8_t kBlackHoleTimeouts = 3;
constexpr std::uint16_t kBlackHoleMtu = 1280;

}  // namespace

/// Payload of a full segment in a datagram of `mtu` bytes.
std::uint16_t Core::payload_in(const Connection& c, std::uint16_t mtu) {
  const std::uint32_t headers = headers_length(c.flow.remote.ip) + (c.timestamps ? kTimestampsLength : 0);
  return static_cast<std::uint16_t>(mtu - headers);
}

// A router says that `mtu` is what it can forward.
void Core::packet_too_big(Connection& c, std::uint16_t mtu, Instant now) {
  mtu = std::max(mtu, c.flow.remote.ip.is_v4() ? kSmallestMtuV4 : kSmallestMtuV6);
  if (payload_in(c, mtu) >= c.mss) return;
  path_mtus_.learn(c.flow.remote.ip, mtu, now);
  lower_mss(c, mtu, now);
  // What was sent in larger segments did not arrive. This is no sign of congestion (RFC 1191 section 6.5).
  if (c.snd_nxt != c.snd_una && c.recovery == Recovery::none) mark_all_lost(c);
  touch(c);
}

void Core::lower_mss(Connection& c, std::uint16_t mtu, Instant now) {
  const std::uint16_t payload = payload_in(c, mtu);
  if (payload >= c.mss) return;
  if (c.full_mss == 0) c.full_mss = c.mss;
  c.mss = payload;
  c.raise_mss_at = now + PathMtus::kLifetime;
}

// A new connection begins with what is known of its path.
void Core::recall_path(Connection& c, Instant now) {
  if (const std::optional<std::uint16_t> mtu = path_mtus_.find(c.flow.remote.ip, now)) lower_mss(c, *mtu, now);
}

// RFC 1191 section 6.3: paths change. The next full segment is the probe.
void Core::raise_mss(Connection& c, Instant now) {
  if (c.full_mss == 0 || now < c.raise_mss_at) return;
  c.mss = c.full_mss;
  c.full_mss = 0;
}

// Full segments time out again and again, and no router says why. Others may be luckier: nothing is remembered.
void Core::suspect_black_hole(Connection& c, Instant now) {
  if (c.attempts != kBlackHoleTimeouts || c.snd_nxt - c.snd_una < c.mss || c.mss <= payload_in(c, kBlackHoleMtu))
    return;
  counters_.path_mtu_black_holes.add();
  lower_mss(c, kBlackHoleMtu, now);
}

}  // namespace lockstep::tcp

// What ICMP errors may do to a connection (RFC 1122 section 4.2.3.9, RFC 5927, RFC 1191, RFC 8201): little, as anybody
// can send them.
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

// Smaller values of "packet too big" are refused: 1280 is what every IPv6 link carries (RFC 8200 section 5); for IPv4
// the value protects against being made to send tiny segments (RFC 5927 section 7.2).
constexpr std::uint16_t kSmallestMtuV4 = 552;
constexpr std::uint16_t kSmallestMtuV6 = 1280;
constexpr std::uint16_t kHeadersV4 = 40;
constexpr std::uint16_t kHeadersV6 = 60;

}  // namespace

void Core::icmp_error(const net::IcmpError& error, Instant now) {
  Connection* const c = table_.find(static_cast<std::uint32_t>(table_hash_(error.flow)), error.flow);
  if (c == nullptr) return;
  // RFC 5927 section 4.1: it must quote something that is in flight.
  if (error.sequence - c->snd_una >= c->snd_nxt - c->snd_una) return;
  switch (error.kind) {
    case net::IcmpError::Kind::soft:
      return;
    case net::IcmpError::Kind::hard:
      // Section 5.2: established connections treat it as soft.
      if (c->state == ConnectionState::syn_sent) finish(*c, CloseReason::unreachable);
      return;
    case net::IcmpError::Kind::packet_too_big:
      if (may_send(c->state)) lower_mss(*c, error.mtu);
      schedule(*c);
      return;
  }
  now_ = now;
}

void Core::lower_mss(Connection& c, std::uint16_t mtu) {
  const bool v4 = c.flow.remote.ip.is_v4();
  const int usable = std::max(mtu, v4 ? kSmallestMtuV4 : kSmallestMtuV6) - (v4 ? kHeadersV4 : kHeadersV6) -
                     static_cast<int>(c.timestamps ? kTimestampsLength : 0);
  if (usable >= c.mss) return;
  c.mss = static_cast<std::uint16_t>(usable);
  // What was sent in larger segments did not arrive. This is no sign of congestion (RFC 1191 section 6.5).
  if (c.snd_nxt != c.snd_una && c.recovery == Recovery::none) mark_all_lost(c);
  touch(c);
}

}  // namespace lockstep::tcp

// What ICMP errors may do to a connection (RFC 1122 section 4.2.3.9, RFC 5927, RFC 1191, RFC 8201): little, as anybody
// can send them.
#include "dataplane/tcp/core.h"

namespace lockstep::tcp {

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
      if (may_send(c->state)) packet_too_big(*c, error.mtu, now);
      schedule(*c);
      return;
  }
  now_ = now;
}

}  // namespace lockstep::tcp

// What time brings: retransmission, window probes, delayed ACKs, keepalive, the ends of FIN-WAIT-2 and TIME-WAIT.
#include <algorithm>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {

void Core::advance(Instant now) {
  now_ = now;
  wheel_.advance(now, [this, now](Timer& timer) {
    const ConnectionId id{static_cast<std::uint32_t>(timer.cookie >> 32U), static_cast<std::uint32_t>(timer.cookie)};
    if (Connection* const c = connections_.find(id)) expired(*c, now);
  });
}

// Deadlines mostly move away: the timer stays where it is and finds out when it fires.
void Core::schedule(Connection& c) {
  const Instant earliest = std::min({c.retransmit_at, c.loss_at, c.ack_at, c.linger_at});
  if (earliest == Instant::never()) return;
  if (!c.timer.armed() || earliest < c.timer.at()) wheel_.arm(c.timer, earliest);
}

void Core::expired(Connection& c, Instant now) {
  if (c.ack_at <= now) {
    c.ack_at = Instant::never();
    c.ack_now = true;
    touch(c);
  }
  if (c.linger_at <= now && !linger_expired(c, now)) return;
  if (c.loss_at <= now) loss_expired(c, now);
  if (c.retransmit_at <= now && !retransmit_expired(c, now)) return;
  schedule(c);
}

/// False when the connection has ended.
bool Core::retransmit_expired(Connection& c, Instant now) {
  c.retransmit_at = Instant::never();
  if (c.state == ConnectionState::syn_sent || c.state == ConnectionState::syn_received) {
    if (++c.attempts > config_.syn_retries) {
      finish(c, CloseReason::timed_out);
      return false;
    }
    ++c.backoff;
    c.syn_resent = true;
    ++c.retransmissions;
    c.timing = false;
    counters_.retransmissions_timeout.add();
    send_syn(c, now);
    c.retransmit_at = now + timeout(c);
    return true;
  }
  const bool outstanding = c.snd_nxt != c.snd_una;
  if (!may_send(c.state) || (!outstanding && !has_unsent(c))) return true;
  if (!outstanding && c.snd_wnd != 0) {
    c.override_sws = true;
    touch(c);
    return true;
  }
  if (++c.attempts > config_.data_retries) {
    send_reset(c, now);
    finish(c, CloseReason::timed_out);
    return false;
  }
  if (c.snd_wnd == 0) {
    probe_window(c, now);
  } else {
    retransmission_timeout(c, now);
  }
  return true;
}

// RFC 9293 section 3.8.6.1: one octet, for as long as it is answered, ever more slowly.
void Core::probe_window(Connection& c, Instant now) {
  const bool again = c.snd_nxt != c.snd_una;
  const std::uint32_t sequence = c.snd_una;
  const bool data = before(sequence, c.queue.end());
  const std::uint32_t sent = send_data(c, sequence, data ? 1 : 0, !data, again, now);
  if (!again) {
    c.snd_nxt += sent;
    c.fin_sent = after(c.snd_nxt, c.queue.end());
    if (data) counters_.bytes_sent.add(sent);
  }
  c.timing = false;
  counters_.zero_window_probes.add();
  if (c.backoff < UINT8_MAX) ++c.backoff;
  c.retransmit_at = now + timeout(c);
}

/// False when the connection has ended.
bool Core::linger_expired(Connection& c, Instant now) {
  c.linger_at = Instant::never();
  if (c.state == ConnectionState::time_wait) {
    retire(c);
    return false;
  }
  if (c.state == ConnectionState::fin_wait_2 && !c.owned) {
    finish(c, CloseReason::timed_out);
    return false;
  }
  // Keepalive (RFC 9293 section 3.8.4); what is outstanding is watched over by the retransmission timer.
  if (c.last_received + config_.keepalive_idle > now) {
    c.keepalives = 0;
    c.linger_at = c.last_received + config_.keepalive_idle;
    return true;
  }
  if (c.snd_nxt != c.snd_una || (may_send(c.state) && has_unsent(c))) {
    c.linger_at = now + config_.keepalive_idle;
    return true;
  }
  if (c.keepalives >= config_.keepalive_probes) {
    send_reset(c, now);
    finish(c, CloseReason::timed_out);
    return false;
  }
  ++c.keepalives;
  counters_.keepalive_probes.add();
  send_control(c, c.snd_una - 1, Flags::kAck, now);
  c.linger_at = now + config_.keepalive_interval;
  return true;
}

}  // namespace lockstep::tcp

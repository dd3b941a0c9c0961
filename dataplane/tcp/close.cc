// States, events, and how connections end.
#include <utility>

#include "dataplane/tcp/core.h"

namespace lockstep::tcp {
namespace {

Counter* gauge_of(Counters& counters, ConnectionState state) {
  switch (state) {
    case ConnectionState::closed:
    case ConnectionState::syn_sent:
      return nullptr;
    case ConnectionState::syn_received:
      return &counters.half_open;
    case ConnectionState::time_wait:
      return &counters.time_wait;
    default:
      return &counters.established;
  }
}

}  // namespace

const char* name(ConnectionState state) {
  switch (state) {
    case ConnectionState::closed:
      return "CLOSED";
    case ConnectionState::syn_sent:
      return "SYN-SENT";
    case ConnectionState::syn_received:
      return "SYN-RECEIVED";
    case ConnectionState::established:
      return "ESTABLISHED";
    case ConnectionState::fin_wait_1:
      return "FIN-WAIT-1";
    case ConnectionState::fin_wait_2:
      return "FIN-WAIT-2";
    case ConnectionState::close_wait:
      return "CLOSE-WAIT";
    case ConnectionState::closing:
      return "CLOSING";
    case ConnectionState::last_ack:
      return "LAST-ACK";
    case ConnectionState::time_wait:
      return "TIME-WAIT";
  }
  return "";
}

const char* name(CloseReason reason) {
  switch (reason) {
    case CloseReason::none:
      return "none";
    case CloseReason::finished:
      return "finished";
    case CloseReason::peer_reset:
      return "peer_reset";
    case CloseReason::refused:
      return "refused";
    case CloseReason::timed_out:
      return "timed_out";
    case CloseReason::unreachable:
      return "unreachable";
    case CloseReason::aborted_locally:
      return "aborted_locally";
    case CloseReason::no_memory:
      return "no_memory";
  }
  return "";
}

void Core::set_state(Connection& c, ConnectionState next) {
  if (Counter* const gauge = gauge_of(counters_, c.state)) gauge->subtract();
  if (Counter* const gauge = gauge_of(counters_, next)) gauge->add();
  c.state = next;
}

void Core::post(Connection& c, std::uint8_t events) {
  if (!c.owned) return;
  c.events |= events;
  ready_.push_back(c);
}

std::optional<Ready> Core::next_ready() {
  Connection* const c = ready_.pop_front();
  if (c == nullptr) return std::nullopt;
  return Ready{c->id, c->cookie, std::exchange(c->events, std::uint8_t{0})};
}

void Core::shutdown(Connection& c) {
  if (c.fin_queued) return;
  if (c.state == ConnectionState::established) {
    set_state(c, ConnectionState::fin_wait_1);
  } else if (c.state == ConnectionState::close_wait) {
    set_state(c, ConnectionState::last_ack);
  } else if (c.state != ConnectionState::syn_sent && c.state != ConnectionState::syn_received) {
    return;
  }
  c.fin_queued = true;
  touch(c);
}

void Core::abort(Connection& c, Instant now) {
  now_ = now;
  c.owned = false;
  const bool tell = c.state != ConnectionState::closed && c.state != ConnectionState::syn_sent &&
                    c.state != ConnectionState::time_wait;
  if (tell) {
    send_reset(c, now);
    counters_.connections_aborted.add();
  }
  if (c.state == ConnectionState::syn_sent) counters_.connects_failed.add();
  retire(c);
}

void Core::release(Connection& c, Instant now) {
  now_ = now;
  const bool unread = !c.received.empty();
  const bool gone = c.state == ConnectionState::closed || c.state == ConnectionState::time_wait;
  // RFC 2525 section 2.17: a peer whose data nobody read must not believe that it was; a connection that never came
  // about has nothing to finish.
  if (c.state == ConnectionState::syn_sent || (unread && !gone)) return abort(c, now);
  ready_.remove(c);
  c.received.clear();
  count_memory(c);
  c.owned = false;
  if (c.state == ConnectionState::closed) return erase(c);
  shutdown(c);
  if (c.state == ConnectionState::fin_wait_2) {
    c.linger_at = now + config_.fin_wait_2;
    schedule(c);
  }
}

void Core::enter_fin_wait_2(Connection& c, Instant now) {
  set_state(c, ConnectionState::fin_wait_2);
  if (!c.owned) c.linger_at = now + config_.fin_wait_2;
}

void Core::enter_time_wait(Connection& c, Instant now) {
  if (time_wait_.size() >= config_.max_time_wait && !time_wait_.empty()) retire(*time_wait_.front());
  set_state(c, ConnectionState::time_wait);
  counters_.connections_closed.add();
  c.close_reason = CloseReason::finished;
  time_wait_.push_back(c);
  c.retransmit_at = c.loss_at = Instant::never();
  c.linger_at = now + config_.time_wait;
  post(c, Events::kClosed);
  schedule(c);
}

void Core::count_end(const Connection& c, CloseReason reason) {
  const bool opening = c.state == ConnectionState::syn_sent || c.state == ConnectionState::syn_received;
  if (opening && c.owned) counters_.connects_failed.add();
  if (opening) return;
  if (reason == CloseReason::finished) counters_.connections_closed.add();
  if (reason == CloseReason::peer_reset) counters_.connections_reset.add();
  if (reason == CloseReason::timed_out) counters_.connections_timed_out.add();
}

void Core::finish(Connection& c, CloseReason reason) {
  count_end(c, reason);
  c.close_reason = reason;
  post(c, Events::kClosed);
  retire(c);
}

void Core::retire(Connection& c) {
  table_.erase(c);
  leave_half_open(c);
  if (c.state == ConnectionState::time_wait) time_wait_.remove(c);
  output_.remove(c);
  wheel_.disarm(c.timer);
  c.queue.clear();
  c.scoreboard.clear(ranges_);
  c.reassembly.clear(ranges_);
  count_memory(c);
  if (c.transmissions != nullptr) transmissions_.give(std::exchange(c.transmissions, nullptr));
  c.retransmit_at = c.loss_at = c.ack_at = c.linger_at = Instant::never();
  set_state(c, ConnectionState::closed);
  if (!c.owned) erase(c);
}

void Core::erase(Connection& c) {
  ready_.remove(c);
  receive_memory_ -= c.memory_counted;
  connections_.erase(c.id);
}

}  // namespace lockstep::tcp

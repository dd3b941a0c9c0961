// Moves plaintext between a client and its far side, never more than the other side may buffer, and carries the end of
// each direction through.
#include <algorithm>

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

/// Does what can be done for `c` now, bounded; concludes it when it is over.
void Proxy::State::serve(Connection& c) {
  if (c.phase == Phase::ghost) return;
  bool more = true;
  for (int round = 0; more && !c.over && round < kRounds; ++round) {
    more = take_from_client(c);
    if (!c.over && c.backend_session) more |= receive_backend_tls(c);
    if (!c.over) more |= give_to_far_side(c);
    if (!c.over) more |= give_to_client(c);
    if (!c.over) settle(c);
  }
  if (c.over) return conclude(c);
  const bool released = !c.session.has_value() || c.session->config_released();
  if (c.pinned && released && c.backend_tls == nullptr) unpin(c);
  if (BackendSession* const b = backend_session(c); b != nullptr && b->session->config_released()) unpin(*b);
  if (more) ready.push(c.self);
}

void Proxy::State::moved(Connection& c, bool to_client) {
  c.last_moved = now;
  c.answered_last = to_client;
}

/// How many bytes of the client's may be taken now. What is not taken stays in TCP's receive chain and closes the
/// client's window.
std::uint32_t Proxy::State::wanted_input(Connection& c) {
  if (c.throw_away) return limits.buffered_per_connection;
  if (c.application.has_value()) {
    if (!c.inbound.empty() && !c.more_input) return 0;
    return limits.buffered_per_connection - std::min(c.inbound.size(), limits.buffered_per_connection);
  }
  if (c.phase == Phase::joined && c.backend_session)
    return limits.buffered_per_connection - std::min(c.inbound.size(), limits.buffered_per_connection);
  if (c.phase != Phase::joined || c.header_due || !c.inbound.empty()) return 0;
  return std::min(stack.send_space(c.upstream), limits.buffered_per_connection);
}

bool Proxy::State::take_from_client(Connection& c) {
  if (c.session.has_value() && !c.session_over) {
    const bool progress = receive_tls(c);
    if (c.throw_away) discard_inbound(c);
    return progress && !c.throw_away;
  }
  return take_plain(c);
}

bool Proxy::State::take_plain(Connection& c) {
  Chain* const received = stack.received(c.client);
  if (received == nullptr) return false;
  std::uint32_t count = received->size();
  if (c.throw_away || c.session_over) {
    if (c.session.has_value() && !c.session->idle()) return false;  // jobs point into it
    received->clear();
  } else {
    count = std::min(count, wanted_input(c));
    if (count > 0 && !received->split_front(count, pools, c.inbound)) {
      starve(c);
      return false;
    }
    c.bytes_received += count;
    counters.bytes_from_clients.add(count);
  }
  if (c.client_fin && received->empty()) c.input_ended = true;
  if (count == 0) return false;
  stack.consumed(c.client, count, now);
  if (c.throw_away || c.session_over) return false;
  moved(c, false);
  return true;
}

bool Proxy::State::give_to_far_side(Connection& c) {
  if (c.throw_away) discard_inbound(c);
  if (c.application.has_value()) return run_application(c);
  if (c.phase != Phase::joined || c.throw_away) return false;
  if (c.backend_session) return write_backend_tls(c);
  const bool header = c.header_due && send_header(c);
  if (c.header_due || c.inbound.empty() || stack.send_space(c.upstream) == 0) return header;
  stack.send(c.upstream, std::move(c.inbound), now);
  return true;
}

bool Proxy::State::run_application(Connection& c) {
  if (c.output_ended) return false;
  const std::uint32_t input_before = c.inbound.size();
  const std::uint32_t output_before = c.outbound.size();
  const Drain drain = !draining ? Drain::none : c.established_in_drain ? Drain::after_answer : Drain::when_idle;
  Exchange exchange{.input = c.inbound,
                    .input_ended = c.input_ended,
                    .output = c.outbound,
                    .limit = limits.buffered_per_connection,
                    .drain = drain,
                    .unix_seconds = unix_seconds(),
                    .pools = pools,
                    .patterns = patterns};
  const AppStatus status = proxy::serve(*c.application, exchange);
  if (status == AppStatus::starved) starve(c);
  c.more_input = status == AppStatus::more_input;
  c.output_ended = status == AppStatus::finished;
  return c.output_ended || c.inbound.size() != input_before || c.outbound.size() != output_before;
}

/// The plaintext that waits for the client; nullptr when there is no far side.
Chain* Proxy::State::source_of_output(Connection& c) {
  if (c.application.has_value()) return &c.outbound;
  if (BackendSession* const b = backend_session(c)) return &b->plaintext;
  return stack.received(c.upstream);
}

bool Proxy::State::give_to_client(Connection& c) {
  if (c.output_closed || c.session_over) return false;
  return c.session.has_value() ? write_tls(c) : give_plain(c);
}

bool Proxy::State::give_plain(Connection& c) {
  Chain* const source = source_of_output(c);
  if (source == nullptr || source->empty()) return false;
  const std::uint32_t count = std::min(source->size(), stack.send_space(c.client));
  if (count == 0) return false;
  Chain part;
  if (!source->split_front(count, pools, part)) {
    starve(c);
    return false;
  }
  output_taken(c, count);
  stack.send(c.client, std::move(part), now);
  return true;
}

/// `count` bytes of the source of output are on their way to the client.
void Proxy::State::output_taken(Connection& c, std::uint32_t count) {
  // What comes by TLS was consumed when its record was opened.
  if (!c.application.has_value() && !c.backend_session) stack.consumed(c.upstream, count, now);
  c.bytes_sent += count;
  counters.bytes_to_clients.add(count);
  moved(c, true);
}

/// Looks for ends of directions and of the connection.
void Proxy::State::settle(Connection& c) {
  settle_input(c);
  if (!c.over) settle_output(c);
  if (c.over || !c.output_closed) return;
  const bool told = !c.upstream || c.input_end_told || c.throw_away;
  if (told && (c.input_ended || (c.session_over && c.client_fin))) {
    c.end("finished", false, false);
  } else if (c.application.has_value() || c.throw_away) {
    linger(c);
  }
}

void Proxy::State::settle_input(Connection& c) {
  const bool joined = c.phase == Phase::joined && c.upstream && !c.header_due;
  if (!joined || !c.input_ended || c.input_end_told || !c.inbound.empty()) return;
  if (c.backend_session) return close_backend_tls(c);
  stack.shutdown(c.upstream, now);
  c.input_end_told = true;
}

void Proxy::State::settle_output(Connection& c) {
  if (c.output_closed) return;
  const Chain* const source = source_of_output(c);
  if (source == nullptr || !source->empty()) return;
  if (c.upstream_fin && !c.application.has_value()) c.output_ended = true;
  if (c.output_ended) close_output(c);
}

/// Nothing follows to the client: close_notify where TLS is spoken, then FIN.
void Proxy::State::close_output(Connection& c) {
  if (!c.session.has_value() || c.session_over) return finish_output(c);
  // An answer to early data may be complete before the handshake is.
  if (!c.close_asked && c.session->established()) ask_close(c);
}

void Proxy::State::finish_output(Connection& c) {
  if (c.output_closed) return;
  stack.shutdown(c.client, now);
  c.output_closed = true;
}

}  // namespace lockstep::proxy

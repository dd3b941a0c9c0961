// What TCP, timers and engines say, and draining.
#include <algorithm>
#include <utility>

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

using tcp::Events;

void Proxy::State::ready_event(const tcp::Ready& one) {
  const Handle handle = handle_of(one.cookie);
  if (role_of(one.cookie) == Role::listener) {
    const Listener* const listener = listeners.find(handle);
    if (listener != nullptr) return accept(*listener, one);
    stack.abort(one.id, now);  // its listener was closed in the meantime
    return;
  }
  Connection* const c = connections.find(handle);
  if (c == nullptr || c->phase == Phase::ghost) return;
  if (role_of(one.cookie) == Role::client) {
    client_event(*c, one.events);
  } else if (c->upstream == one.id) {
    upstream_event(*c, one.events);
  }
}

void Proxy::State::client_event(Connection& c, std::uint8_t bits) {
  if ((bits & Events::kPeerClosed) != 0) c.client_fin = true;
  if ((bits & Events::kClosed) != 0) {
    if (const auto info = stack.info(c.client)) c.client_close = info->close_reason;
    if (c.client_close == tcp::CloseReason::finished) {
      c.client_fin = true;
    } else {
      c.fail(c.client_close == tcp::CloseReason::peer_reset ? "client_reset" : "client_timed_out");
    }
  }
  serve(c);
}

void Proxy::State::upstream_event(Connection& c, std::uint8_t bits) {
  if ((bits & Events::kConnected) != 0) {
    if (c.backend_tls != nullptr)
      begin_backend_tls(c);
    else
      connected(c);
  }
  if ((bits & Events::kPeerClosed) != 0) upstream_ended(c);
  if ((bits & Events::kClosed) != 0) upstream_closed(c);
  serve(c);
}

/// The backend's FIN; with TLS its session says what that means.
void Proxy::State::upstream_ended(Connection& c) {
  if (BackendSession* const b = backend_session(c)) {
    b->fin = true;
  } else {
    c.upstream_fin = true;
  }
}

void Proxy::State::upstream_closed(Connection& c) {
  const auto info = stack.info(c.upstream);
  const tcp::CloseReason reason = info.has_value() ? info->close_reason : tcp::CloseReason::aborted_locally;
  if (c.phase == Phase::connecting) return connect_failed(c, reason);
  c.upstream_close = reason;
  if (reason == tcp::CloseReason::finished) {
    upstream_ended(c);
  } else if (c.upstream_fin) {
    // It had said everything; what it does not want any more is thrown away and its answer still reaches the client.
    c.throw_away = true;
  } else {
    // One that refuses our certificate may close with our request unread: RST, which can overtake its alert.
    if (std::exchange(c.on_probation, false)) report(c, *c.backend, c.service->failed(*c.backend, now));
    c.fail(backend_reason(reason));
  }
}

void Proxy::State::job_done(crypto::Job& job) {
  if (job.kind == crypto::JobKind::exporter) return channel_binding_done(job);
  if (is_backend_job(job)) return backend_job_done(job);
  Connection* const c = connections.find({job.owner.index, job.owner.generation});
  if (c == nullptr) return;
  if (c->phase == Phase::ghost) return ghost_job_done(*c, job);
  session_job_done(*c, job);
  // Several records of one connection come back together: it goes on when the last one is here.
  if (c->over || c->session->idle()) {
    serve(*c);
  } else {
    ready.push(c->self);
  }
}

void Proxy::State::timer_fired(Connection& c) {
  const bool handshake_late = c.session.has_value() && now >= c.session->deadline();
  if (handshake_late && c.phase != Phase::handshake && c.phase != Phase::ghost) {
    session_timeout(c);
    return serve(c);
  }
  switch (c.phase) {
    case Phase::handshake:
      session_timeout(c);
      if (!c.over && c.phase == Phase::handshake) wheel->arm(c.timer, c.session->deadline());
      break;
    case Phase::connecting:
      if (c.upstream) connect_failed(c, tcp::CloseReason::timed_out);
      break;
    case Phase::joined:
      idle_check(c);
      break;
    case Phase::lingering:
      c.end("finished", false, false);
      break;
    case Phase::ghost:
      return;
  }
  serve(c);
}

/// Whether a proxied connection looks as if nobody waited for anything: all was passed on, the last word was the
/// backend's (or nothing was ever said), and nothing has moved for a while.
bool Proxy::State::exchange_is_over(Connection& c) {
  const Chain* const source = source_of_output(c);
  const bool passed_on = c.inbound.empty() && (source == nullptr || source->empty());
  return passed_on && (c.answered_last || c.bytes_received == 0) && now >= c.last_moved + kDrainQuiet;
}

/// Whether a peer has acknowledged bytes since this was asked last, and more are on their way: who reads slowly is not
/// idle.
bool Proxy::State::is_read_slowly(Connection& c) {
  std::uint64_t acknowledged = 0;
  bool outstanding = false;
  for (const tcp::ConnectionId id : {c.client, c.upstream}) {
    const auto info = stack.info(id);
    if (!info.has_value()) continue;
    acknowledged += info->bytes_sent;
    outstanding = outstanding || stack.send_space(id) < c.full_send_space;
  }
  return std::exchange(c.acknowledged, acknowledged) != acknowledged && outstanding;
}

/// The timer is armed lazily: moving bytes only notes the time, and here it is compared.
void Proxy::State::idle_check(Connection& c) {
  if (draining && c.upstream && exchange_is_over(c)) {
    if (c.ending.reason == nullptr) c.ending = {"drained", false};
    if (c.backend_session)
      close_backend_tls(c);
    else if (!c.input_end_told)
      stack.shutdown(c.upstream, now);
    c.input_end_told = c.upstream_fin = c.throw_away = true;
    return;
  }
  const Duration timeout = c.service->settings().idle_timeout;
  if (now >= c.last_moved + timeout) {
    if (!is_read_slowly(c)) return c.fail("idle_timeout");
    c.last_moved = now;
  }
  const Instant limit = c.last_moved + timeout;
  arm_timer(c, draining && c.upstream ? std::min(limit, now + kDrainQuiet) : limit);
}

void Proxy::State::begin_drain(Instant limit) {
  if (!draining) {
    for (const Handle handle : listener_handles) {
      stack.close_listener(listeners.find(handle)->id);
      listeners.erase(handle);
    }
    listener_handles.clear();
  }
  draining = true;
  drain_limit = limit;
  connections.for_each([this](Handle, Connection& c) {
    if (c.phase != Phase::joined) return;
    if (c.upstream) {
      arm_timer(c, c.last_moved + kDrainQuiet);
    } else {
      ready.push(c.self);
    }
  });
}

void Proxy::State::abort_all(const char* reason) {
  connections.for_each([this, reason](Handle, Connection& c) {
    if (c.phase == Phase::ghost) return;
    c.fail(reason);
    conclude(c);
  });
}

}  // namespace lockstep::proxy

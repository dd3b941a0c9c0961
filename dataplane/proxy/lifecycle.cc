// How client connections begin and end.
#include <algorithm>
#include <utility>

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

namespace {

template <std::size_t N>
void copy_text(std::string_view text, std::array<char, N>& out) {
  text.copy(out.data(), N - 1);
}

}  // namespace

void Proxy::State::accept(const Listener& listener, const tcp::Ready& ready_connection) {
  Service& service = *listener.service;
  const ServiceConfig& settings = service.settings();
  const bool full = settings.max_connections != 0 && service.connections >= settings.max_connections;
  const bool configured = settings.mode == Mode::tcp || service.tls() != nullptr;
  const Handle handle = full || !configured ? Handle{} : connections.make();
  if (!handle) {
    counters.connections_refused.add();
    stack.abort(ready_connection.id, now);
    return;
  }
  Connection& c = *connections.find(handle);
  c.self = handle;
  c.service = &service;
  c.client = ready_connection.id;
  c.accepted_at = c.last_moved = now;
  c.timer.cookie = make_cookie(Role::client, handle);
  if (const auto info = stack.info(c.client)) c.flow = info->flow;
  c.full_send_space = stack.send_space(c.client);
  stack.set_cookie(c.client, make_cookie(Role::client, handle));
  ++service.connections;
  counters.connections_accepted.add();
  counters.connections.add();
  c.backend_tls = service.backend_tls();
  c.pinned = settings.mode == Mode::tls || c.backend_tls != nullptr;
  if (c.pinned) c.pinned_epoch = pins.take();
  if (settings.mode == Mode::tls) {
    c.session.emplace(*tls_core, *service.tls(), crypto::JobOwner{handle.index, handle.generation}, now);
    wheel->arm(c.timer, c.session->deadline());
  } else {
    established(c);
  }
  client_event(c, ready_connection.events);
}

/// The handshake is over. With early data the client was joined to its far side before, and had the handshake's time.
void Proxy::State::established(Connection& c) {
  c.established_at = c.last_moved = now;
  const ServiceConfig& settings = c.service->settings();
  begin_channel_binding(c);
  if (c.phase == Phase::handshake) return join(c);
  arm_timer(c, now + (c.phase == Phase::connecting ? settings.connect_timeout : settings.idle_timeout));
}

/// The client may talk now: joins it to its far side.
void Proxy::State::join(Connection& c) {
  c.last_moved = now;
  c.established_in_drain = draining;
  const ServiceConfig& settings = c.service->settings();
  if (settings.builtin == Builtin::none) return connect(c);
  c.application.emplace(make_application(settings));
  c.phase = Phase::joined;
  arm_timer(c, now + settings.idle_timeout);
}

/// What the phase waits for is over at `at`; a handshake that is not, keeps its own limit.
void Proxy::State::arm_timer(Connection& c, Instant at) {
  wheel->arm(c.timer, c.session.has_value() ? std::min(at, c.session->deadline()) : at);
}

/// Our direction is closed and the far side is done: what the client still sends is thrown away until it closes too.
/// Closing at once would answer it with RST, which can destroy what the client has not read yet (RFC 9112 section 9.6).
void Proxy::State::linger(Connection& c) {
  c.throw_away = true;
  if (c.phase == Phase::lingering) return;
  c.phase = Phase::lingering;
  wheel->arm(c.timer, now + kLinger);
}

void Proxy::State::conclude(Connection& c) {
  if (c.ending.reason == nullptr) c.ending = {"finished", false};
  tell(c);
  (c.ending.failed ? counters.connections_failed : counters.connections_finished).add();
  counters.connections.subtract();
  wheel->disarm(c.timer);
  leave_upstream(c, c.abort_client || !c.input_end_told);
  leave_client(c);
  leave_channel_binding(c);
  c.inbound.clear();
  Service* const service = c.service;
  c.service = nullptr;
  if (--service->connections == 0 && !service->listed()) forget_unused_services();
  if (c.session.has_value()) c.session->abandon();
  if (!c.session.has_value() || c.session->idle()) {
    unpin(c);
    connections.erase(c.self);
    return;
  }
  c.phase = Phase::ghost;
  counters.ghosts.add();
}

void Proxy::State::leave_client(Connection& c) {
  if (!c.client) return;
  if (Chain* const received = stack.received(c.client)) {
    const std::uint32_t unread = received->size();
    c.kept_client.swap(*received);  // jobs may point into it
    if (unread > 0) stack.consumed(c.client, unread, now);
  }
  if (c.abort_client) {
    stack.abort(c.client, now);
  } else {
    stack.release(c.client, now);
  }
  c.client = {};
}

/// Gives up the backend connection, or the attempt to make one.
void Proxy::State::leave_upstream(Connection& c, bool abort) {
  const bool encrypted = bool(c.backend_session);
  leave_backend_tls(c);
  if (c.upstream) {
    if (Chain* const received = stack.received(c.upstream)) {
      const std::uint32_t unread = received->size();
      Chain unwanted;  // unread bytes would be answered by RST
      (encrypted ? unwanted : c.kept_upstream).swap(*received);
      if (unread > 0) stack.consumed(c.upstream, unread, now);
    }
    if (abort) {
      stack.abort(c.upstream, now);
    } else {
      stack.release(c.upstream, now);
    }
    c.upstream = {};
  }
  if (c.backend == nullptr) return;
  if (c.phase == Phase::connecting || std::exchange(c.on_probation, false)) c.service->given_up(*c.backend);
  c.service->end(*c.backend);
  c.backend = nullptr;
}

/// Writes the access line.
void Proxy::State::tell(const Connection& c) {
  AccessEvent event;
  copy_text(c.service->settings().name, event.service);
  event.backend = c.backend_name;
  event.backend_address = c.backend_address;
  event.client = c.flow;
  event.mode = c.session.has_value() ? Mode::tls : Mode::tcp;
  event.established = c.established_at != Instant{};
  if (c.session.has_value()) {
    const tls::SessionInfo info = c.session->info();
    copy_text(info.server_name, event.server_name);
    copy_text(info.alpn, event.alpn);
    if (info.client != nullptr) {
      event.client_certificate = true;
      copy_text(info.client->subject_text(), event.client_subject);
      event.client_fingerprint = info.client->fingerprint;
      event.client_verdict = info.client->verdict;
    }
    event.established = info.established;
    event.resumed = info.resumed;
    event.early_data = info.early_data;
    event.hello_retry = info.hello_retry;
    event.version = static_cast<std::uint16_t>(info.version);
    event.cipher_suite = static_cast<std::uint16_t>(info.cipher_suite);
    event.group = static_cast<std::uint16_t>(info.group);
    event.signature_scheme = static_cast<std::uint16_t>(info.signature_scheme);
    event.tls_error = info.error;
  }
  event.backend_handshake = c.backend_handshake;
  event.backend_tls_error = c.backend_tls_error;
  event.client_close = c.client_close;
  event.backend_close = c.upstream_close;
  copy_text(c.ending.reason, event.reason);
  event.bytes_received = c.bytes_received;
  event.bytes_sent = c.bytes_sent;
  if (event.established) event.handshake = c.established_at - c.accepted_at;
  event.duration = now - c.accepted_at;
  Event entry = Event::make(kAccessEvent, now, event);
  entry.worker = worker;
  if (!events.push(entry)) counters.events_lost.add();
}

/// A job of a connection that is over: nobody wants its effects, but its buffers go back.
void Proxy::State::ghost_job_done(Connection& c, crypto::Job& job) {
  session_job_done(c, job);
  if (!c.session->idle()) return;
  counters.ghosts.subtract();
  unpin(c);
  connections.erase(c.self);
}

void Proxy::State::unpin(Connection& c) {
  if (!c.pinned) return;
  c.pinned = false;
  pins.drop(c.pinned_epoch);
  forget_retired_keys();
}

}  // namespace lockstep::proxy

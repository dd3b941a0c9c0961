// The backend's side of a connection when it speaks TLS: shows bytes to the session and applies what it says.
#include <algorithm>
#include <utility>

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

namespace {

// In the index of a job's owner: the job is of a backend's session, not of a client's.
constexpr std::uint32_t kBackendJob = 0x80000000;

}  // namespace

/// The session of `c` to its backend; nullptr: there is none, or not any more.
BackendSession* Proxy::State::backend_session(const Connection& c) {
  return c.backend_session ? backend_sessions->find(c.backend_session) : nullptr;
}

/// TCP is connected: TLS follows, behind the PROXY header, and has what is left of the same time.
void Proxy::State::begin_backend_tls(Connection& c) {
  const Handle handle = backend_sessions->make();
  if (!handle) return c.fail("no_memory");
  BackendSession& b = *backend_sessions->find(handle);
  b.self = handle;
  b.connection = c.self;
  b.pinned_epoch = c.pinned_epoch;
  b.pinned = true;
  pins.share(b.pinned_epoch);
  b.session.emplace(*tls_core, *c.backend_tls, c.backend->id,
                    crypto::JobOwner{handle.index | kBackendJob, handle.generation}, now);
  c.backend_session = handle;
  c.header_due = c.service->settings().proxy_protocol;
}

/// Calls the session and applies the effects; true when there were any. The session may be gone afterwards.
template <class Call>
bool Proxy::State::with_backend_session(Connection& c, BackendSession& b, Call&& call) {
  environment.begin(now, &b.lent);
  call(*b.session);
  environment.end();
  b.retry = effects.retry;
  if (b.retry) starve(c);
  const bool progress = effects.input_count > 0 || effects.output_count > 0 || effects.released > 0 ||
                        effects.established || effects.peer_closed || effects.output_ended ||
                        effects.close != tls::Close::none;
  apply_backend_effects(c, b);
  return progress;
}

bool Proxy::State::receive_backend_tls(Connection& c) {
  bool progress = false;
  for (int shows = 0; shows < kMaxShows && !c.over; ++shows) {
    BackendSession* const b = backend_session(c);
    if (b == nullptr || b->over || b->input_ended) return progress;
    if (c.header_due && !send_header(c)) return progress;
    const std::uint32_t waiting = std::min(b->plaintext.size(), limits.buffered_per_connection);
    const std::uint32_t wanted = limits.buffered_per_connection - waiting;
    if (wanted == 0 && !b->retry) return progress;
    bool all = false;
    const std::size_t count =
        view_input(stack.received(c.upstream), std::max(wanted, 2 * tls::kMaxReceivedRecord), all);
    const auto call = [&](tls::Session& session) { session.receive(std::span(pieces).first(count), now, effects); };
    if (with_backend_session(c, *b, call)) {
      progress = true;
      continue;
    }
    if (!all || !b->fin || b->fin_shown) break;
    b->fin_shown = true;
    with_backend_session(c, *b, [&](tls::Session& session) { session.peer_fin(now, effects); });
    break;
  }
  return progress;
}

bool Proxy::State::write_backend_tls(Connection& c) {
  BackendSession* const b = backend_session(c);
  if (b == nullptr || b->over || (b->close_asked && !b->retry)) return false;
  if (c.inbound.empty() && !b->retry) return false;
  const std::uint32_t budget = record_budget(c, c.upstream, b->lent, c.inbound.size());
  if (budget == 0) return false;
  const std::size_t count = c.inbound.pieces(0, pieces);
  return with_backend_session(
      c, *b, [&](tls::Session& session) { session.write(std::span(pieces).first(count), budget, now, effects); });
}

/// The client has said everything, and all of it was sealed: close_notify, then FIN.
void Proxy::State::close_backend_tls(Connection& c) {
  BackendSession* const b = backend_session(c);
  if (b == nullptr || b->close_asked) return;
  b->close_asked = true;
  with_backend_session(c, *b, [&](tls::Session& session) { session.shutdown(now, effects); });
}

void Proxy::State::apply_backend_effects(Connection& c, BackendSession& b) {
  const bool now_established = effects.established;
  const bool output_ended = effects.output_ended;
  const tls::Close close = effects.close;
  const bool answered =
      effects.peer_closed || std::any_of(effects.inputs.begin(), effects.inputs.begin() + effects.input_count,
                                         [](const tls::Effects::Input& input) { return input.deliver; });
  if (answered && c.on_probation) passed_probation(c);
  b.input_ended = b.input_ended || effects.peer_closed;
  c.upstream_fin = c.upstream_fin || effects.peer_closed;
  take_backend_inputs(c, b);
  Chain records;
  for (std::size_t i = 0; i < effects.output_count; ++i) {
    b.lent -= std::min(b.lent, effects.outputs[i].capacity);
    records.append(Environment::take(effects.outputs[i]));
  }
  if (!records.empty()) stack.send(c.upstream, std::move(records), now);
  c.inbound.drop_front(effects.released);
  effects.clear();
  if (now_established) {
    c.backend_handshake = b.session->info().resumed ? BackendHandshake::resumed : BackendHandshake::full;
    connected(c);
  }
  if (output_ended) {
    stack.shutdown(c.upstream, now);
    c.input_end_told = true;
  }
  if (close != tls::Close::none && !c.over) backend_tls_closed(c, b);
}

void Proxy::State::take_backend_inputs(Connection& c, BackendSession& b) {
  Chain* const received = stack.received(c.upstream);
  if (received == nullptr) return;
  std::uint32_t disposed = 0;
  for (std::size_t i = 0; i < effects.input_count; ++i) {
    const tls::Effects::Input& input = effects.inputs[i];
    disposed += input.count;
    if (!input.deliver) {
      received->drop_front(input.count);
    } else if (!received->split_front(input.count, pools, b.plaintext) &&
               !copy_front(*received, input.count, b.plaintext)) {
      return c.fail("no_memory");
    }
  }
  if (disposed > 0) stack.consumed(c.upstream, disposed, now);
}

/// The session is over. A backend with which no handshake is possible is like one that does not answer; an answer that
/// ends without close_notify may be a short one, and the client must not take it for whole.
void Proxy::State::backend_tls_closed(Connection& c, BackendSession& b) {
  const tls::Error error = b.session->info().error;
  b.over = true;
  if (error == tls::Error::none) return;
  c.backend_tls_error = error;
  c.backend_tls_alert = b.session->info().peer_alert;
  // A shortage of our own is nothing that the backend has done.
  if (tls::fault_of(error) == tls::Fault::local) return c.fail("no_memory");
  if (c.phase == Phase::connecting) return connect_failed(c, tcp::CloseReason::finished);
  if (std::exchange(c.on_probation, false)) report(c, *c.backend, c.service->failed(*c.backend, now));
  c.fail(error == tls::Error::truncated ? "backend_truncated" : "backend_tls_error");
}

/// The connection leaves its backend: chains that jobs point into stay with who has the jobs.
void Proxy::State::leave_backend_tls(Connection& c) {
  BackendSession* const b = backend_session(c);
  c.backend_session = {};
  if (b == nullptr) return;
  c.kept_upstream.swap(b->plaintext);  // the client's session may be sealing it
  b->connection = {};
  const bool established = b->session->established();
  b->session->abandon();
  if (b->session->idle()) return end_backend_session(*b);
  if (Chain* const received = stack.received(c.upstream)) b->kept_records.swap(*received);
  if (established) b->kept_plaintext.swap(c.inbound);
  counters.ghosts.add();
}

void Proxy::State::end_backend_session(BackendSession& b) {
  unpin(b);
  backend_sessions->erase(b.self);
}

void Proxy::State::unpin(BackendSession& b) {
  if (!b.pinned) return;
  b.pinned = false;
  pins.drop(b.pinned_epoch);
  forget_retired_keys();
}

/// Plaintext of the client's that nobody wants any more; a session may still be sealing it.
void Proxy::State::discard_inbound(Connection& c) {
  const BackendSession* const b = backend_session(c);
  if (b == nullptr || b->session->idle()) c.inbound.clear();
}

bool Proxy::State::is_backend_job(const crypto::Job& job) {
  return (job.owner.index & kBackendJob) != 0;
}

void Proxy::State::backend_job_done(crypto::Job& job) {
  BackendSession* const b = backend_sessions->find({job.owner.index & ~kBackendJob, job.owner.generation});
  if (b == nullptr) return;
  Connection* const c = connections.find(b->connection);
  if (c == nullptr) {
    environment.begin(now, &b->lent);
    b->session->job_done(job, now, effects);
    environment.end();
    effects.clear();  // an abandoned session has none
    if (!b->session->idle()) return;
    counters.ghosts.subtract();
    return end_backend_session(*b);
  }
  with_backend_session(*c, *b, [&](tls::Session& session) { session.job_done(job, now, effects); });
  const BackendSession* const left = backend_session(*c);
  if (c->over || left == nullptr || left->session->idle()) {
    serve(*c);
  } else {
    ready.push(c->self);
  }
}

}  // namespace lockstep::proxy

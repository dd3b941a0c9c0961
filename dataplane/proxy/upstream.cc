// The way to a backend: choice, attempts, and what is said first.
#include <algorithm>
#include <array>

#include "dataplane/proxy/proxy_protocol.h"
#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

namespace {

template <std::size_t N>
void copy_text(std::string_view text, std::array<char, N>& out) {
  out = {};
  text.copy(out.data(), N - 1);
}

}  // namespace

const char* backend_reason(tcp::CloseReason reason) {
  switch (reason) {
    case tcp::CloseReason::peer_reset:
      return "backend_reset";
    case tcp::CloseReason::refused:
      return "backend_refused";
    case tcp::CloseReason::timed_out:
      return "backend_timed_out";
    case tcp::CloseReason::unreachable:
      return "backend_unreachable";
    default:
      return "backend_failed";
  }
}

/// Begins a connection to the next backend that was not tried yet.
void Proxy::State::connect(Connection& c) {
  Service& service = *c.service;
  const std::size_t most = std::min<std::size_t>(kMaxAttempts, std::size_t{service.settings().connect_retries} + 1);
  c.phase = Phase::connecting;
  while (c.attempts < most) {
    Backend* const backend = service.choose(std::span(c.tried).first(c.attempts), now);
    if (backend == nullptr) break;
    if (c.attempts > 0) counters.backend_retries.add();
    c.tried[c.attempts++] = backend->id;
    c.backend_tls_error = tls::Error::none;
    copy_text(backend->name, c.backend_name);
    c.backend_address = backend->address;
    counters.backend_connects.add();
    service.begin(*backend);
    c.backend = backend;
    if (const auto id = stack.connect(backend->address, make_cookie(Role::upstream, c.self), now)) {
      c.upstream = *id;
      arm_timer(c, now + service.settings().connect_timeout);
      return;
    }
    c.upstream_close = tcp::CloseReason::unreachable;
    counters.backend_connect_failures.add();
    report(c, *backend, service.failed(*backend, now));
    leave_upstream(c, true);
  }
  if (c.backend_tls_error != tls::Error::none) return c.fail("backend_tls_error");
  c.fail(c.attempts == 0 ? "no_backend" : backend_reason(c.upstream_close));
}

/// The attempt under way failed; `reason` is told if it was the last.
void Proxy::State::connect_failed(Connection& c, tcp::CloseReason reason) {
  c.upstream_close = reason;
  counters.backend_connect_failures.add();
  report(c, *c.backend, c.service->failed(*c.backend, now));
  leave_upstream(c, c.backend_tls_error == tls::Error::none);  // RST could destroy our alert
  connect(c);
}

void Proxy::State::connected(Connection& c) {
  c.phase = Phase::joined;
  c.upstream_close = tcp::CloseReason::none;
  c.header_due = c.service->settings().proxy_protocol && !c.backend_session;
  // In TLS 1.3 a server says what it thinks of a certificate behind our Finished (RFC 8446 section 4.4.2.4).
  const BackendSession* const b = backend_session(c);
  c.on_probation = b != nullptr && b->session->info().version == tls::Version::tls13 && c.backend_tls != nullptr &&
                   !c.backend_tls->identity.credentials.empty();
  c.backend_tls = nullptr;
  c.last_moved = now;
  if (!c.on_probation) report(c, *c.backend, c.service->succeeded(*c.backend));
  arm_timer(c, now + (draining ? kDrainQuiet : c.service->settings().idle_timeout));
}

/// The backend has said something, so it takes our certificate.
void Proxy::State::passed_probation(Connection& c) {
  c.on_probation = false;
  report(c, *c.backend, c.service->succeeded(*c.backend));
}

/// Sends the PROXY header; false when there was no buffer, or not yet all that it has to say.
bool Proxy::State::send_header(Connection& c) {
  if (awaits_channel_binding(c)) return false;
  MbufPtr packet = pools.packet();
  if (packet == nullptr) {
    starve(c);
    return false;
  }
  static_assert(kMaxProxyHeader <= MbufPools::kPacketRoom);
  const MutableBytes room(rte_pktmbuf_mtod(packet.get(), std::uint8_t*), kMaxProxyHeader);
  std::optional<tls::SessionInfo> info;
  if (c.session.has_value()) info = c.session->info();
  const std::size_t size = write_proxy_header(c.flow, info.has_value() ? &*info : nullptr, channel_binding(c), room);
  rte_pktmbuf_append(packet.get(), static_cast<std::uint16_t>(size));
  Chain header;
  header.append(std::move(packet));
  stack.send(c.upstream, std::move(header), now);
  c.header_due = false;
  return true;
}

/// Tells that a backend was ejected or has returned.
void Proxy::State::report(const Connection& c, const Backend& backend, Standing standing) {
  if (standing == Standing::unchanged) return;
  if (standing == Standing::ejected) counters.backend_ejections.add();
  BackendEvent event;
  copy_text(c.service->settings().name, event.service);
  copy_text(backend.name, event.backend);
  event.address = backend.address;
  event.ejected = standing == Standing::ejected;
  event.failures = backend.consecutive;
  Event entry = Event::make(kBackendEvent, now, event);
  entry.worker = worker;
  if (!events.push(entry)) counters.events_lost.add();
}

}  // namespace lockstep::proxy

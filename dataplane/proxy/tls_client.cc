// The client's side of a connection that speaks TLS: shows bytes to the session and applies what it says.
#include <algorithm>

#include "dataplane/proxy/state.h"

namespace lockstep::proxy {

namespace {

/// With less room than this in the send queue, records wait until they need not be cut small.
constexpr std::uint32_t kLeastBudget = 4096;

}  // namespace

/// Calls the session and applies the effects; true when there were any.
template <class Call>
bool Proxy::State::with_session(Connection& c, Call&& call) {
  environment.begin(now, &c.lent);
  call(*c.session);
  environment.end();
  c.retry = effects.retry;
  if (c.retry && c.phase != Phase::ghost) starve(c);
  const bool progress = effects.input_count > 0 || effects.output_count > 0 || effects.released > 0 ||
                        effects.established || effects.peer_closed || effects.output_ended ||
                        effects.close != tls::Close::none;
  apply_effects(c);
  return progress;
}

bool Proxy::State::receive_tls(Connection& c) {
  bool progress = false;
  for (int shows = 0; shows < kMaxShows && !c.over && !c.session_over && !c.input_ended; ++shows) {
    const bool handshake = !c.session->established();
    const std::uint32_t wanted = handshake ? limits.buffered_per_connection : wanted_input(c);
    if (wanted == 0 && !c.retry) return progress;
    bool all = false;
    const std::size_t count = view_input(stack.received(c.client), std::max(wanted, 2 * tls::kMaxReceivedRecord), all);
    const auto call = [&](tls::Session& session) { session.receive(std::span(pieces).first(count), now, effects); };
    if (with_session(c, call)) {
      progress = true;
      continue;
    }
    if (all && c.client_fin && !c.fin_shown) show_fin(c);
    break;
  }
  return progress;
}

/// Views of received bytes, about `limit` of them; `all`: that is all there are. Returns the number of views.
std::size_t Proxy::State::view_input(const Chain* received, std::uint32_t limit, bool& all) {
  if (received == nullptr) return 0;
  const std::size_t count = received->pieces(0, pieces);
  std::size_t shown = 0;
  std::uint32_t size = 0;
  while (shown < count && size < limit) size += static_cast<std::uint32_t>(pieces[shown++].size());
  all = size == received->size();
  return shown;
}

/// The client's FIN is next; the session says what that means when it has seen to all before it.
void Proxy::State::show_fin(Connection& c) {
  c.fin_shown = true;
  with_session(c, [&](tls::Session& session) { session.peer_fin(now, effects); });
}

bool Proxy::State::write_tls(Connection& c) {
  if (!c.session->writable() || (c.close_asked && !c.retry)) return false;
  const Chain* const source = source_of_output(c);
  if (source == nullptr || (source->empty() && !c.retry)) return false;
  const std::uint32_t budget = record_budget(c, c.client, c.lent, source->size());
  if (budget == 0) return false;
  const std::size_t count = source->pieces(0, pieces);
  return with_session(
      c, [&](tls::Session& session) { session.write(std::span(pieces).first(count), budget, now, effects); });
}

/// How many bytes of records may be made of `available` bytes of plaintext now, for the peer `to`, whose session has
/// `lent` bytes of buffers; 0: none.
std::uint32_t Proxy::State::record_budget(Connection& c, tcp::ConnectionId to, std::uint32_t lent,
                                          std::uint32_t available) {
  const std::uint32_t space = stack.send_space(to);
  if (records_short) {
    // Peers that do not read must not hold all buffers: one record at a time for each.
    if (lent == 0 && space >= c.full_send_space) return std::min(space, tls::kMaxRecord);
    starve(c);
    return 0;
  }
  const std::uint32_t free = space > lent ? space - lent : 0;
  return free < std::min(available, kLeastBudget) ? 0 : space;
}

/// Everything written has been released: close_notify follows.
void Proxy::State::ask_close(Connection& c) {
  c.close_asked = true;
  with_session(c, [&](tls::Session& session) { session.shutdown(now, effects); });
}

void Proxy::State::session_timeout(Connection& c) {
  with_session(c, [&](tls::Session& session) { session.timeout(now, effects); });
}

void Proxy::State::session_job_done(Connection& c, crypto::Job& job) {
  with_session(c, [&](tls::Session& session) { session.job_done(job, now, effects); });
}

void Proxy::State::apply_effects(Connection& c) {
  if (c.phase == Phase::ghost) {
    for (std::size_t i = 0; i < effects.output_count; ++i) Environment::take(effects.outputs[i]).reset();
    effects.clear();
    return;
  }
  const bool now_established = effects.established;
  const bool peer_closed = effects.peer_closed;
  const bool output_ended = effects.output_ended;
  const tls::Close close = effects.close;
  apply_inputs(c);
  apply_outputs(c);
  effects.clear();
  const bool early_data = c.phase == Phase::handshake && !c.inbound.empty() && !now_established;
  if (early_data && !c.over) join(c);
  if (now_established && !c.over) established(c);
  if (peer_closed) c.input_ended = true;
  if (output_ended) finish_output(c);
  if (close != tls::Close::none && !c.over) apply_close(c, close);
}

/// Takes plaintext over and drops the rest of the records around it.
void Proxy::State::apply_inputs(Connection& c) {
  Chain* const received = stack.received(c.client);
  if (received == nullptr) return;
  std::uint32_t disposed = 0;
  for (std::size_t i = 0; i < effects.input_count; ++i) {
    const tls::Effects::Input& input = effects.inputs[i];
    disposed += input.count;
    if (!input.deliver || c.throw_away) {
      received->drop_front(input.count);
      continue;
    }
    if (!received->split_front(input.count, pools, c.inbound) && !copy_front(*received, input.count, c.inbound))
      return c.fail("no_memory");
    c.bytes_received += input.count;
    counters.bytes_from_clients.add(input.count);
    moved(c, false);
  }
  if (disposed > 0) stack.consumed(c.client, disposed, now);
}

/// For when references have run out: moves bytes by copying. False when there is no buffer either.
bool Proxy::State::copy_front(Chain& from, std::uint32_t count, Chain& out) {
  while (count > 0) {
    MbufPtr packet = pools.packet();
    if (packet == nullptr) return false;
    const std::uint32_t part = std::min(count, MbufPools::kPacketRoom);
    char* const room = rte_pktmbuf_append(packet.get(), static_cast<std::uint16_t>(part));
    from.copy(0, MutableBytes(reinterpret_cast<std::uint8_t*>(room), part));
    from.drop_front(part);
    out.append(std::move(packet));
    count -= part;
  }
  return true;
}

void Proxy::State::apply_outputs(Connection& c) {
  Chain records;
  for (std::size_t i = 0; i < effects.output_count; ++i) {
    c.lent -= std::min(c.lent, effects.outputs[i].capacity);
    records.append(Environment::take(effects.outputs[i]));
  }
  if (!records.empty()) stack.send(c.client, std::move(records), now);
  if (effects.released == 0) return;
  Chain* const source = source_of_output(c);
  if (source == nullptr) return;
  source->drop_front(effects.released);
  output_taken(c, effects.released);
}

/// The session ends the connection. After an error the backend learns that the stream was broken; a client that leaves
/// without close_notify between two records is believed as far as the backend is concerned (see README.md).
void Proxy::State::apply_close(Connection& c, tls::Close close) {
  const tls::Error error = c.session->info().error;
  const bool truncated = error == tls::Error::truncated;
  if (error != tls::Error::none && c.ending.reason == nullptr) c.ending = {truncated ? "truncated" : "tls_error", true};
  if (close == tls::Close::abort) return c.fail("tls_error");
  c.session_over = true;
  finish_output(c);
  if (error == tls::Error::none) return;
  const Chain* const received = stack.received(c.client);
  const bool between_records = received == nullptr || received->empty();
  c.output_ended = true;
  if (truncated && between_records && c.upstream && c.phase == Phase::joined) {
    c.input_ended = true;
    return;
  }
  leave_upstream(c, true);
  linger(c);
}

}  // namespace lockstep::proxy

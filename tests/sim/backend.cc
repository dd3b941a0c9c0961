#include "tests/sim/backend.h"

#include <algorithm>

namespace lockstep::sim {

void Backend::turn(Instant now) {
  peer_.turn(now, [&](const tcp::Ready& ready) { serve(ready, now); });
}

void Backend::serve(const tcp::Ready& ready, Instant now) {
  std::uint64_t cookie = ready.cookie;
  if ((ready.events & tcp::Events::kAccepted) != 0) {
    cookie = next_++;
    peer_.stack().set_cookie(ready.id, cookie);
    connections_[cookie].id = ready.id;
  }
  const auto found = connections_.find(cookie);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if ((ready.events & tcp::Events::kPeerClosed) != 0) connection.peer_closed = true;
  const bool closed = (ready.events & tcp::Events::kClosed) != 0;
  if (!move(connection, now) && !closed) return;
  peer_.stack().release(connection.id, now);
  connections_.erase(found);
}

/// Sends back what came; true when everything is over.
bool Backend::move(Connection& connection, Instant now) {
  connection.pending += peer_.take(connection.id, now);
  peer_.send_front(connection.id, connection.pending, now);
  return connection.peer_closed && connection.pending.empty();
}

void Backend::reset_all(Instant now) {
  for (const auto& [cookie, connection] : connections_) peer_.stack().abort(connection.id, now);
  connections_.clear();
  peer_.flush(now);
}

}  // namespace lockstep::sim

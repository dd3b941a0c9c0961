// A simulated backend: echoes, and dies when told.
#pragma once

#include <map>
#include <string>

#include "tests/sim/peer.h"

namespace lockstep::sim {

class Backend {
 public:
  static constexpr std::uint16_t kPort = 9000;
  Backend(const PeerSettings& settings, Ethernet& ethernet, MbufPools& pools, Random& random, Instant now)
      : peer_(settings, ethernet, pools, random, now), number_(settings.number) {
    listening_ = peer_.stack().listen({v4_of(number_), kPort}, 0).has_value();
  }
  void turn(Instant now);
  /// Resets all connections.
  void reset_all(Instant now);
  bool listening() const { return listening_; }
  Peer& peer() { return peer_; }
  unsigned number() const { return number_; }

 private:
  struct Connection {
    tcp::ConnectionId id;
    std::string pending;
    bool peer_closed = false;
  };
  void serve(const tcp::Ready& ready, Instant now);
  bool move(Connection& connection, Instant now);

  Peer peer_;
  unsigned number_;
  bool listening_ = false;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Connection> connections_;
};

}  // namespace lockstep::sim

// A simulated host that is not under test: clients and backends. It runs the same TCP, driven by the simulation.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dataplane/net/network.h"
#include "dataplane/tcp/stack.h"
#include "tests/sim/ethernet.h"

namespace lockstep::sim {

/// 10.0.0.<number> and fd00::<number> on the simulated Ethernet.
net::MacAddress mac_of(unsigned number);
IpAddress v4_of(unsigned number);
IpAddress v6_of(unsigned number);
net::InterfaceConfig interface_of(unsigned number, std::uint16_t mtu);

struct PeerSettings {
  unsigned number = 1;
  std::uint16_t mtu = 1500;
  tcp::Config tcp;
};

class Peer {
 public:
  /// Makes its own station of `ethernet`, which outlives it.
  Peer(const PeerSettings& settings, Ethernet& ethernet, MbufPools& pools, Random& random, Instant now);

  /// One round: receives, calls `serve` for each connection with events, fires timers, sends.
  void turn(Instant now, const std::function<void(const tcp::Ready&)>& serve);
  /// Sends what was queued outside of `turn`.
  void flush(Instant now);
  bool has_frames() const { return port_.has_frames(); }
  Instant next() const;

  /// Queues bytes; false when there is no buffer (then nothing was queued).
  bool send(tcp::ConnectionId id, std::string_view bytes, Instant now);
  /// Queues as much of `bytes` as there is space for, and removes that from it.
  void send_front(tcp::ConnectionId id, std::string& bytes, Instant now);
  /// Takes all bytes received.
  std::string take(tcp::ConnectionId id, Instant now);
  tcp::Stack& stack() { return stack_; }
  std::size_t station() const { return station_; }

 private:
  std::size_t station_;
  EthernetPort& port_;
  MbufPools& pools_;
  net::Network network_;
  tcp::Stack stack_;
  net::ReceivedBatch batch_;
};

}  // namespace lockstep::sim

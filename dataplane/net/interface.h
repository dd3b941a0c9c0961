// One port as the network layer sees it: our addresses on it, what is on its link, and its way out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "crypto/base/random.h"
#include "crypto/base/time.h"
#include "dataplane/base/address.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/net/neighbours.h"
#include "dataplane/net/network.h"
#include "dataplane/net/token_bucket.h"
#include "dataplane/net/transmit_queue.h"

namespace lockstep::net {

/// How a destination is reached through an interface.
struct Hop {
  IpAddress neighbour;  // the destination, or the gateway
  IpAddress source;     // our address to use
};

/// The addresses, neighbours and transmit queue of one port.
class Interface final : public NeighbourTable::Link {
 public:
  /// What all interfaces of one worker share; outlives them.
  struct Shared {
    MbufPools& pools;
    NetCounters& counters;
    Random& random;
  };
  Interface(InterfaceConfig config, Shared shared, std::size_t transmit_capacity, Instant now);

  const InterfaceConfig& config() const { return config_; }
  const IpAddress& link_local() const { return link_local_; }

  /// Whether `ip` is an address of ours on this interface; the link-local IPv6 address is one.
  bool owns(const IpAddress& ip) const;
  /// Whether `ip` is the limited broadcast address or that of a subnet of this interface.
  bool is_broadcast(const IpAddress& ip) const;
  /// Whether this host listens to the IPv6 multicast group `group`: all nodes, or an address' solicited-node group.
  bool joined(const IpAddress& group) const;
  /// Whether `ip` is on the link.
  bool on_link(const IpAddress& ip) const { return covering(ip) != nullptr || (!ip.is_v4() && ip.is_link_local()); }
  /// The way to `destination`: `on_link_only` leaves the gateway out. nullopt when there is none.
  std::optional<Hop> hop(const IpAddress& destination, bool on_link_only) const;

  NeighbourTable& neighbours() { return neighbours_; }
  TransmitQueue& queue() { return queue_; }

  /// Sends the ICMPv6 message `message`, whose checksum is to be computed, from our address `source`.
  void send_ndp(const IpAddress& source, const IpAddress& destination, MutableBytes message, Instant now);
  /// Sends an ARP message to the station `to`, or all.
  void send_arp(bool reply, const IpAddress& sender, const IpAddress& target, const MacAddress& target_mac,
                const MacAddress& to);
  /// Tells all stations our addresses, twice (RFC 5227 section 2.3, RFC 4861 section 7.2.6).
  void announce(Instant now);
  /// A station claims our address `ip`: contradicts, but not more often than RFC 5227 section 2.4 allows.
  void defend(const IpAddress& ip, Instant now);
  void advance(Instant now);
  Instant next() const;

  void solicit(const IpAddress& ip, const MacAddress* at, Instant now) override;
  void transmit(MbufPtr datagram, const IpAddress& ip, const MacAddress& to) override;

 private:
  const InterfaceAddress* covering(const IpAddress& ip) const;
  IpAddress source_for(const IpAddress& ip) const;
  void announce_all(Instant now);
  void announce_one(const IpAddress& ip, Instant now);
  void send_frame(MbufPtr payload, std::uint16_t type, const MacAddress& to);

  InterfaceConfig config_;
  Shared shared_;
  IpAddress link_local_;
  bool uses_v6_;
  NeighbourTable neighbours_;
  TransmitQueue queue_;
  TokenBucket solicitations_;
  Instant announce_again_ = Instant::never();
  std::optional<Instant> defended_;
};

/// Whether the first `prefix` bits of `a` and `b`, addresses of one family, are equal.
bool same_prefix(const IpAddress& a, const IpAddress& b, std::uint8_t prefix);

}  // namespace lockstep::net

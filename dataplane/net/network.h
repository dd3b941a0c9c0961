// Frames in, transport segments out, and back: Ethernet, VLAN, ARP, NDP, IP, ICMP and routes of one worker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/base/time.h"
#include "dataplane/base/address.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/net/ecn.h"

namespace lockstep::net {

using MacAddress = std::array<std::uint8_t, 6>;

/// An address of ours with the length of its prefix.
struct InterfaceAddress {
  IpAddress ip;
  std::uint8_t prefix = 24;
};

struct StaticNeighbour {
  IpAddress ip;
  MacAddress mac{};
};

/// What one port is to the network layer.
struct InterfaceConfig {
  std::string name;
  MacAddress mac{};
  std::uint16_t mtu = 1500;
  std::uint16_t vlan = 0;  // 0: untagged
  std::vector<InterfaceAddress> addresses;
  std::optional<IpAddress> gateway_v4;
  std::optional<IpAddress> gateway_v6;
  std::vector<StaticNeighbour> neighbours;
  bool transmit_ipv4_checksum = false;  // the port computes it
  bool transmit_tcp_checksum = false;   // the port computes it (pseudo header sum is written)
  bool receive_checksums = false;       // the port's verdict is in ol_flags
  // This worker speaks for the interface: answers ARP, neighbour solicitations and echo requests, defends and announces
  // our addresses. Of several workers that all get such packets, one answers and the others learn.
  bool answers = true;
};

/// A TCP segment for this host, its IP header and checksum verified.
struct TcpSegment {
  MbufPtr mbuf;  // starts at the TCP header, ends where the IP datagram ends (frame padding is cut off)
  FlowTuple flow;
  std::uint8_t interface = 0;
  Ecn ecn = Ecn::not_capable;
};

/// What an ICMP or ICMPv6 error says about a flow of ours (RFC 1122 section 4.2.3.9, RFC 5927). To be checked against
/// the connection before it is believed.
struct IcmpError {
  enum class Kind : std::uint8_t { soft, hard, packet_too_big } kind = Kind::soft;
  FlowTuple flow;
  std::uint32_t sequence = 0;  // of the quoted segment
  std::uint16_t mtu = 0;       // packet_too_big
};

/// Where a destination is reached.
struct Route {
  std::uint8_t interface = 0;
  IpAddress source;       // our address to use
  std::uint16_t mtu = 0;  // of the link
};

// clang-format off
#define LOCKSTEP_NET_COUNTERS(X)                                                          \
  X(counter, frames_received, "Frames received")                                          \
  X(counter, frames_sent, "Frames handed to the port")                                    \
  X(counter, dropped_ethernet, "Frames not for this host or of unknown type")             \
  X(counter, dropped_source, "Datagrams with an impossible source address")                \
  X(counter, dropped_arp, "Malformed ARP messages")                                       \
  X(counter, dropped_icmp, "ICMP and ICMPv6 messages that are malformed or of no use here") \
  X(counter, dropped_ip_header, "Datagrams with a bad header, length or checksum")        \
  X(counter, dropped_not_local, "Datagrams for other hosts")                              \
  X(counter, dropped_fragment, "Fragments")                                               \
  X(counter, dropped_protocol, "Datagrams of transports other than TCP and ICMP")         \
  X(counter, dropped_tcp_checksum, "Segments with a bad checksum")                        \
  X(counter, dropped_no_route, "Datagrams to send without a route")                       \
  X(counter, dropped_too_big, "Datagrams to send that exceed the link's MTU")              \
  X(counter, dropped_no_buffer, "Frames not made for want of a buffer or of headroom")    \
  X(counter, dropped_rate_limit, "Echo requests and solicitations above the rate limit")  \
  X(counter, dropped_neighbour_queue, "Datagrams dropped while their neighbour was resolved") \
  X(counter, dropped_transmit_queue, "Frames dropped because the transmit queue was full") \
  X(counter, arp_requests_received, "ARP requests for our addresses")                     \
  X(counter, arp_replies_received, "ARP replies")                                         \
  X(counter, neighbour_solicitations_received, "Neighbour solicitations for our addresses") \
  X(counter, neighbour_advertisements_received, "Neighbour advertisements")               \
  X(counter, address_conflicts, "Messages of stations that claim an address of ours")     \
  X(counter, neighbour_failures, "Neighbours that did not answer")                        \
  X(counter, icmp_echo_requests, "Echo requests answered")                                \
  X(counter, icmp_errors_received, "ICMP errors received")                                \
  X(gauge, neighbours, "Neighbours known")
// clang-format on
LOCKSTEP_COUNTERS(NetCounters, LOCKSTEP_NET_COUNTERS);

/// Results of one burst. Bounded by the burst's size; the caller keeps it for reuse.
struct ReceivedBatch {
  std::vector<TcpSegment> segments;
  std::vector<IcmpError> errors;
};

/// The network layer of one worker over all its ports. Sans-IO: frames to be sent gather in `outgoing`.
class Network {
 public:
  /// `transmit_capacity`: frames that may wait per interface for the port.
  Network(std::vector<InterfaceConfig> interfaces, MbufPools& pools, Random& random, std::size_t transmit_capacity,
          Instant now);
  ~Network();

  /// Takes all frames of `burst` (ownership) that arrived on `interface`; appends what concerns TCP to `out`.
  void receive(std::uint8_t interface, std::span<rte_mbuf*> burst, Instant now, ReceivedBatch& out);

  /// Route to `destination`; nullopt when there is none. With `source` given, only if that address is ours, and through
  /// its interface (the strong end system model, RFC 1122 section 3.3.4.2).
  std::optional<Route> route(const IpAddress& destination, const std::optional<IpAddress>& source = std::nullopt) const;
  /// Whether `ip` is an address of one of our interfaces.
  bool is_local(const IpAddress& ip) const;

  /// Sends a TCP segment: `segment` starts at the TCP header (checksum field 0), may have several pieces, and has
  /// headroom for the lower headers in its first. Adds IP and Ethernet headers and the checksums (or leaves them to the
  /// port), resolves the neighbour, queues. Takes ownership whatever happens; what cannot be sent is counted and
  /// dropped, as a network does.
  void send_tcp(const FlowTuple& flow, MbufPtr segment, Instant now, Ecn ecn = Ecn::not_capable);

  /// The frames to transmit on `interface`, oldest first. The caller hands them to the port and calls `transmitted`.
  std::span<rte_mbuf*> outgoing(std::uint8_t interface);
  /// The first `count` frames of `outgoing` were taken over by the port.
  void transmitted(std::uint8_t interface, std::size_t count);

  /// Announces our addresses (gratuitous ARP, RFC 5227 section 2.3; unsolicited neighbour advertisement, RFC 4861
  /// section 7.2.6).
  void announce(Instant now);
  /// Retries and expires neighbours.
  void advance(Instant now);
  Instant next() const;

  std::size_t interfaces() const;
  const InterfaceConfig& interface(std::uint8_t index) const;
  const NetCounters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::net

// The state of the network layer of one worker, and its procedures by protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/net/interface.h"
#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"
#include "dataplane/net/network.h"

namespace lockstep::net {

/// All interfaces of one worker and what they share.
struct Layer {
  MbufPools& pools;
  NetCounters counters;
  std::vector<std::unique_ptr<Interface>> interfaces;
  TokenBucket echo_replies;
};

/// A packet on its way in.
struct Arrival {
  Interface& interface;
  std::uint8_t index;  // of the interface
  bool link_group;     // sent to a group of stations
  Instant now;
  ReceivedBatch& out;
};

/// A way out for a datagram.
struct Path {
  std::size_t interface = 0;
  Hop hop;
};

/// Where `destination` is reached, from `source` if it is given (route.cc).
std::optional<Path> find_path(const Layer& layer, const IpAddress& destination, const std::optional<IpAddress>& source);

/// Takes one frame (input.cc).
void receive_frame(Layer& layer, MbufPtr frame, const Arrival& arrival);
/// Takes the body of an ARP frame (arp_input.cc).
void receive_arp(Layer& layer, Bytes body, const Arrival& arrival);
/// Takes ICMP messages that begin behind the IP header; `message` is cut to the datagram's end (icmp_input.cc).
void receive_icmp(Layer& layer, MbufPtr message, const Ipv4Header& header, const Arrival& arrival);
void receive_icmpv6(Layer& layer, MbufPtr message, const Ipv6Header& header, const Arrival& arrival);
/// Takes a neighbour discovery message whose hop limit and checksum are right (ndp_input.cc).
void receive_ndp(Layer& layer, Bytes message, const Ipv6Header& header, const Arrival& arrival);

/// Puts an IP header in front of `payload` and sends it (output.cc). What cannot be sent is counted and dropped.
void send_datagram(Layer& layer, const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                   MbufPtr payload, Instant now);
/// Sends a TCP segment (output.cc).
void send_segment(Layer& layer, const FlowTuple& flow, MbufPtr segment, Ecn ecn, Instant now);

}  // namespace lockstep::net

// ICMP and ICMPv6 messages in: echo, errors, and the door to neighbour discovery.
#include "dataplane/net/icmp.h"

#include <utility>

#include "dataplane/net/checksum.h"
#include "dataplane/net/layer.h"
#include "dataplane/net/ndp.h"

namespace lockstep::net {

namespace {

/// Answers an echo request with its own data. The data is copied: the request's buffer may be shared with other workers
/// or a capture.
void answer_echo(Layer& layer, const rte_mbuf& request, std::uint8_t reply_type, std::uint8_t protocol,
                 const FlowTuple& addresses, const Arrival& arrival) {
  if (!arrival.interface.config().answers) return;
  if (!layer.echo_replies.take(arrival.now)) {
    layer.counters.dropped_rate_limit.add();
    return;
  }
  MbufPtr reply(rte_pktmbuf_copy(&request, layer.pools.packets(), 0, request.pkt_len));
  if (reply == nullptr) {
    layer.counters.dropped_no_buffer.add();
    return;
  }
  reply->ol_flags = 0;
  reply->tx_offload = 0;
  Writer(bytes_of(*reply)).u32(std::uint32_t{reply_type} << 24U);  // type, code 0, checksum 0
  InternetSum sum;
  if (protocol == IpProtocol::kIcmpV6)
    sum = pseudo_header(addresses.local.ip, addresses.remote.ip, protocol, reply->pkt_len);
  add_packet(sum, *reply);
  Writer(bytes_of(*reply).subspan(2)).u16(sum.checksum());
  layer.counters.icmp_echo_requests.add();
  send_datagram(layer, addresses.local.ip, addresses.remote.ip, protocol, std::move(reply), arrival.now);
}

/// Hands an error on, if it speaks of a datagram that was sent from where the error was sent to.
void take_error(Layer& layer, const std::optional<IcmpError>& error, const IpAddress& destination,
                const Arrival& arrival) {
  if (!error || error->flow.local.ip != destination) {
    layer.counters.dropped_icmp.add();
    return;
  }
  layer.counters.icmp_errors_received.add();
  arrival.out.errors.push_back(*error);
}

}  // namespace

void receive_icmp(Layer& layer, MbufPtr message, const Ipv4Header& header, const Arrival& arrival) {
  InternetSum sum;
  add_packet(sum, *message);
  const Bytes bytes = bytes_of(*message);
  if (sum.checksum() != 0 || bytes.size() < kIcmpHeaderSize) {
    layer.counters.dropped_icmp.add();
    return;
  }
  if (bytes[0] == IcmpType::kEchoRequest && bytes[1] == 0) {
    answer_echo(layer, *message, IcmpType::kEchoReply, IpProtocol::kIcmp, {{header.destination}, {header.source}},
                arrival);
    return;
  }
  take_error(layer, read_icmp_error(bytes), header.destination, arrival);
}

void receive_icmpv6(Layer& layer, MbufPtr message, const Ipv6Header& header, const Arrival& arrival) {
  InternetSum sum = pseudo_header(header.source, header.destination, IpProtocol::kIcmpV6, message->pkt_len);
  add_packet(sum, *message);
  const Bytes bytes = bytes_of(*message);
  if (sum.checksum() != 0 || bytes.size() < kIcmpHeaderSize) {
    layer.counters.dropped_icmp.add();
    return;
  }
  const std::uint8_t type = bytes[0];
  if (type == kNeighbourSolicitation || type == kNeighbourAdvertisement) {
    // All of the message in one piece; a hop limit below 255 came from off the link (RFC 4861 section 7.1).
    if (header.hop_limit == kNdpHopLimit && bytes.size() == message->pkt_len)
      receive_ndp(layer, bytes, header, arrival);
    else
      layer.counters.dropped_icmp.add();
    return;
  }
  // What was sent to a group gets no answer and is no error about us.
  if (header.destination.is_multicast() || header.source.is_any()) {
    layer.counters.dropped_icmp.add();
  } else if (type == IcmpType::kV6EchoRequest && bytes[1] == 0) {
    answer_echo(layer, *message, IcmpType::kV6EchoReply, IpProtocol::kIcmpV6, {{header.destination}, {header.source}},
                arrival);
  } else {
    take_error(layer, read_icmpv6_error(bytes), header.destination, arrival);
  }
}

}  // namespace lockstep::net

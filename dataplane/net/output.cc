// Datagrams out: headers, checksums, neighbour, queue.
#include <utility>

#include "dataplane/net/checksum.h"
#include "dataplane/net/layer.h"

namespace lockstep::net {

namespace {

constexpr std::size_t kTcpHeaderSize = 20;
constexpr std::size_t kTcpDataOffset = 12;
constexpr std::size_t kTcpChecksum = 16;

/// Puts the IP header in front and hands the datagram to the neighbour.
void send_on(Layer& layer, const Path& path, const IpAddress& destination, std::uint8_t protocol, Ecn ecn,
             MbufPtr payload, Instant now) {
  Interface& interface = *layer.interfaces[path.interface];
  const bool v4 = destination.is_v4();
  const std::size_t header_size = v4 ? kIpv4HeaderSize : kIpv6HeaderSize;
  const std::size_t payload_size = payload->pkt_len;
  if (header_size + payload_size > interface.config().mtu) {
    layer.counters.dropped_too_big.add();
    return;
  }
  auto* const room =
      reinterpret_cast<std::uint8_t*>(rte_pktmbuf_prepend(payload.get(), static_cast<std::uint16_t>(header_size)));
  if (room == nullptr) {
    layer.counters.dropped_no_buffer.add();
    return;
  }
  const MutableBytes header(room, header_size);
  payload->l3_len = header_size & 0x1ffU;
  if (v4) {
    const bool offload = interface.config().transmit_ipv4_checksum;
    write_ipv4(path.hop.source, destination, protocol, header_size + payload_size, !offload, ecn, header);
    payload->ol_flags |= RTE_MBUF_F_TX_IPV4 | (offload ? RTE_MBUF_F_TX_IP_CKSUM : 0);
  } else {
    write_ipv6(path.hop.source, destination, protocol, payload_size, kDefaultHopLimit, ecn, header);
    payload->ol_flags |= RTE_MBUF_F_TX_IPV6;
  }
  interface.neighbours().send(path.hop.neighbour, std::move(payload), now);
}

}  // namespace

void send_datagram(Layer& layer, const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                   MbufPtr payload, Instant now) {
  const std::optional<Path> path = find_path(layer, destination, source);
  if (!path) {
    layer.counters.dropped_no_route.add();
    return;
  }
  send_on(layer, *path, destination, protocol, Ecn::not_capable, std::move(payload), now);
}

void send_segment(Layer& layer, const FlowTuple& flow, MbufPtr segment, Ecn ecn, Instant now) {
  const std::optional<Path> path = find_path(layer, flow.remote.ip, flow.local.ip);
  if (!path) {
    layer.counters.dropped_no_route.add();
    return;
  }
  const MutableBytes first = bytes_of(*segment);
  if (first.size() < kTcpHeaderSize) {
    layer.counters.dropped_no_buffer.add();
    return;
  }
  InternetSum sum = pseudo_header(flow.local.ip, flow.remote.ip, IpProtocol::kTcp, segment->pkt_len);
  const bool offload = layer.interfaces[path->interface]->config().transmit_tcp_checksum;
  if (!offload) add_packet(sum, *segment);
  Writer(first.subspan(kTcpChecksum)).u16(offload ? sum.folded() : sum.checksum());
  segment->l4_len = (first[kTcpDataOffset] >> 4U) * 4U & 0xffU;
  if (offload) segment->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM;
  send_on(layer, *path, flow.remote.ip, IpProtocol::kTcp, ecn, std::move(segment), now);
}

}  // namespace lockstep::net

// Frames in: Ethernet, IP, and who takes what is inside.
#include <algorithm>
#include <utility>

#include "dataplane/net/checksum.h"
#include "dataplane/net/ethernet.h"
#include "dataplane/net/layer.h"

namespace lockstep::net {

namespace {

constexpr std::size_t kTcpHeaderSize = 20;
constexpr std::size_t kTcpMaxHeaderSize = 60;

/// Cuts `packet` to its first `size` bytes, over all its pieces.
void cut_to(rte_mbuf& packet, std::size_t size) {
  packet.pkt_len = static_cast<std::uint32_t>(size);
  rte_mbuf* piece = &packet;
  std::uint16_t pieces = 1;
  while (size > piece->data_len && piece->next != nullptr) {
    size -= piece->data_len;
    piece = piece->next;
    ++pieces;
  }
  piece->data_len = static_cast<std::uint16_t>(size);
  packet.nb_segs = pieces;
  if (piece->next == nullptr) return;
  MbufPtr rest(piece->next);
  piece->next = nullptr;
  std::uint16_t rest_pieces = 0;
  for (const rte_mbuf* other = rest.get(); other != nullptr; other = other->next) ++rest_pieces;
  rest->nb_segs = rest_pieces;
}

/// Removes `header_size` bytes in front and what lies behind `datagram_size`.
void strip(rte_mbuf& packet, std::size_t header_size, std::size_t datagram_size) {
  cut_to(packet, datagram_size);
  rte_pktmbuf_adj(&packet, static_cast<std::uint16_t>(header_size));
}

/// What the port says about a checksum.
enum class Verdict : std::uint8_t { unknown, good, bad };

Verdict verdict(const InterfaceConfig& config, std::uint64_t flags, std::uint64_t good, std::uint64_t bad) {
  if (!config.receive_checksums) return Verdict::unknown;
  // Both bits ("none"): the field does not hold the checksum, but the port vouches for the data.
  if ((flags & good) != 0) return Verdict::good;
  return (flags & bad) != 0 ? Verdict::bad : Verdict::unknown;
}

/// Takes a TCP segment that begins at the TCP header.
void receive_tcp(Layer& layer, MbufPtr segment, const IpAddress& source, const IpAddress& destination, Ecn ecn,
                 const Arrival& arrival) {
  const std::size_t size = segment->pkt_len;
  // TCP reads its header in one piece.
  if (size < kTcpHeaderSize || segment->data_len < std::min(size, kTcpMaxHeaderSize)) {
    layer.counters.dropped_ip_header.add();
    return;
  }
  Verdict checksum =
      verdict(arrival.interface.config(), segment->ol_flags, RTE_MBUF_F_RX_L4_CKSUM_GOOD, RTE_MBUF_F_RX_L4_CKSUM_BAD);
  if (checksum == Verdict::unknown) {
    InternetSum sum = pseudo_header(source, destination, IpProtocol::kTcp, static_cast<std::uint32_t>(size));
    add_packet(sum, *segment);
    checksum = sum.checksum() == 0 ? Verdict::good : Verdict::bad;  // RFC 9293 section 3.1
  }
  if (checksum == Verdict::bad) {
    layer.counters.dropped_tcp_checksum.add();
    return;
  }
  Reader ports(bytes_of(*segment));
  const std::uint16_t source_port = ports.u16();
  const std::uint16_t destination_port = ports.u16();
  arrival.out.segments.push_back(
      {std::move(segment), {{destination, destination_port}, {source, source_port}}, arrival.index, ecn});
}

/// Whether a datagram that came from the link can have this source (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5).
bool is_possible_source(const Layer& layer, const Interface& interface, const IpAddress& source) {
  if (source.is_any() || source.is_multicast() || source.is_loopback()) return false;
  for (const auto& own : layer.interfaces)
    if (own->owns(source)) return false;
  // 0/8 is this network, 240/4 is reserved; neither is a host.
  if (source.is_v4() && (source.as_v4() >> 24U == 0 || source.as_v4() >> 28U == 0xf)) return false;
  return !interface.is_broadcast(source);
}

void receive_ipv4(Layer& layer, MbufPtr packet, const Arrival& arrival) {
  const Verdict checksum =
      verdict(arrival.interface.config(), packet->ol_flags, RTE_MBUF_F_RX_IP_CKSUM_GOOD, RTE_MBUF_F_RX_IP_CKSUM_BAD);
  const auto header = read_ipv4(bytes_of(*packet), packet->pkt_len, checksum == Verdict::unknown);
  if (!header || checksum == Verdict::bad) {
    layer.counters.dropped_ip_header.add();
    return;
  }
  if (!is_possible_source(layer, arrival.interface, header->source)) {
    layer.counters.dropped_source.add();
    return;
  }
  // Strong end system model; and what was sent to all stations was not meant for one (RFC 1122 section 3.3.6).
  if (arrival.link_group || !arrival.interface.owns(header->destination)) {
    layer.counters.dropped_not_local.add();
    return;
  }
  if (header->fragment) {
    layer.counters.dropped_fragment.add();
    return;
  }
  strip(*packet, header->header_size, header->datagram_size);
  switch (header->protocol) {
    case IpProtocol::kTcp:
      receive_tcp(layer, std::move(packet), header->source, header->destination, header->ecn, arrival);
      return;
    case IpProtocol::kIcmp:
      receive_icmp(layer, std::move(packet), *header, arrival);
      return;
    default:
      layer.counters.dropped_protocol.add();
  }
}

void receive_ipv6(Layer& layer, MbufPtr packet, const Arrival& arrival) {
  const auto header = read_ipv6(bytes_of(*packet), packet->pkt_len);
  if (!header) {
    layer.counters.dropped_ip_header.add();
    return;
  }
  const bool icmp = header->protocol == IpProtocol::kIcmpV6;
  // Without an address a station only detects duplicates.
  if (!is_possible_source(layer, arrival.interface, header->source) && !(icmp && header->source.is_any())) {
    layer.counters.dropped_source.add();
    return;
  }
  const bool unicast = !arrival.link_group && arrival.interface.owns(header->destination);
  if (!unicast && !(icmp && arrival.interface.joined(header->destination))) {
    layer.counters.dropped_not_local.add();
    return;
  }
  if (header->fragment) {
    layer.counters.dropped_fragment.add();
    return;
  }
  strip(*packet, header->header_size, header->datagram_size);
  if (icmp) {
    receive_icmpv6(layer, std::move(packet), *header, arrival);
  } else if (header->protocol == IpProtocol::kTcp) {
    receive_tcp(layer, std::move(packet), header->source, header->destination, header->ecn, arrival);
  } else {
    layer.counters.dropped_protocol.add();
  }
}

/// The VLAN of a frame, also when the port took the tag out of it; nullopt when it has two tags.
std::optional<std::uint16_t> vlan_of(const rte_mbuf& frame, const EthernetHeader& header) {
  if ((frame.ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) == 0) return header.vlan;
  if (header.size != ethernet_size(0)) return std::nullopt;
  return frame.vlan_tci & 0x0fffU;
}

}  // namespace

void receive_frame(Layer& layer, MbufPtr frame, const Arrival& received) {
  const InterfaceConfig& config = received.interface.config();
  const auto header = read_ethernet(bytes_of(*frame));
  if (!header || !is_station(header->source) || vlan_of(*frame, *header) != config.vlan ||
      (!is_group(header->destination) && header->destination != config.mac)) {
    layer.counters.dropped_ethernet.add();
    return;
  }
  const bool group = is_group(header->destination);
  const Arrival arrival{received.interface, received.index, group, received.now, received.out};
  rte_pktmbuf_adj(frame.get(), static_cast<std::uint16_t>(header->size));
  switch (header->type) {
    case EtherType::kIpv4:
      receive_ipv4(layer, std::move(frame), arrival);
      return;
    case EtherType::kIpv6:
      receive_ipv6(layer, std::move(frame), arrival);
      return;
    case EtherType::kArp:
      receive_arp(layer, bytes_of(*frame), arrival);
      return;
    default:
      layer.counters.dropped_ethernet.add();
  }
}

}  // namespace lockstep::net

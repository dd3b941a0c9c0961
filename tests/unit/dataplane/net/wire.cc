#include "tests/unit/dataplane/net/wire.h"

#include <algorithm>

namespace lockstep::net {

Octets join(std::initializer_list<Octets> parts) {
  Octets all;
  for (const Octets& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Octets u16(unsigned value) {
  return {static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
}

Octets u32(std::uint32_t value) {
  return join({u16(value >> 16U), u16(value & 0xffffU)});
}

Octets raw(const MacAddress& mac) {
  return {mac.begin(), mac.end()};
}

Octets raw(const IpAddress& address) {
  return {address.bytes().begin() + (address.is_v4() ? 12 : 0), address.bytes().end()};
}

IpAddress ip(std::string_view characters) {
  return IpAddress::parse(characters).value();
}

Octets text(std::string_view characters) {
  return {characters.begin(), characters.end()};
}

Octets counting(std::size_t size) {
  Octets bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return bytes;
}

std::uint16_t plain_checksum(const Octets& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    const unsigned low = i + 1 < bytes.size() ? bytes[i + 1] : 0;
    sum += static_cast<std::uint32_t>(bytes[i]) << 8U | low;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return static_cast<std::uint16_t>(~sum);
}

Octets pseudo(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, std::size_t size) {
  const auto length = static_cast<std::uint32_t>(size);
  if (source.is_v4()) return join({raw(source), raw(destination), {0, protocol}, u16(length)});
  return join({raw(source), raw(destination), u32(length), {0, 0, 0, protocol}});
}

Octets ethernet(const MacAddress& to, const MacAddress& from, unsigned type, const Octets& body, unsigned vlan) {
  const Octets tag = vlan == 0 ? Octets{} : join({u16(0x8100), u16(vlan)});
  return join({raw(to), raw(from), tag, u16(type), body});
}

Octets ipv4(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, const Octets& body,
            const V4Options& unusual) {
  const std::size_t header_size = 20 + unusual.options.size();
  Octets header = join({{static_cast<std::uint8_t>(0x40 | header_size / 4), 0},
                        u16(static_cast<unsigned>(header_size + body.size())),
                        u16(0x1234),
                        u16(unusual.flags_and_offset),
                        {unusual.ttl, protocol, 0, 0},
                        raw(source),
                        raw(destination),
                        unusual.options});
  const Octets sum = u16(plain_checksum(header));
  std::copy(sum.begin(), sum.end(), header.begin() + 10);
  return join({header, body});
}

Octets ipv6(const IpAddress& source, const IpAddress& destination, std::uint8_t next, const Octets& body,
            std::uint8_t hop_limit) {
  return join({{0x60, 0, 0, 0},
               u16(static_cast<unsigned>(body.size())),
               {next, hop_limit},
               raw(source),
               raw(destination),
               body});
}

Octets tcp(const FlowTuple& from_us, const Octets& payload) {
  const auto& [local, remote] = from_us;
  Octets segment = join({u16(remote.port),
                         u16(local.port),
                         u32(0x11223344),
                         u32(0x55667788),
                         {0x50, 0x10},
                         u16(0xffff),
                         {0, 0, 0, 0},
                         payload});
  const Octets sum = u16(plain_checksum(join({pseudo(remote.ip, local.ip, 6, segment.size()), segment})));
  std::copy(sum.begin(), sum.end(), segment.begin() + 16);
  return segment;
}

Octets icmp(std::uint8_t type, std::uint8_t code, const Octets& rest) {
  Octets message = join({{type, code, 0, 0}, rest});
  const Octets sum = u16(plain_checksum(message));
  std::copy(sum.begin(), sum.end(), message.begin() + 2);
  return message;
}

Octets icmpv6(const IpAddress& source, const IpAddress& destination, std::uint8_t type, std::uint8_t code,
              const Octets& rest) {
  Octets message = join({{type, code, 0, 0}, rest});
  const Octets sum = u16(plain_checksum(join({pseudo(source, destination, 58, message.size()), message})));
  std::copy(sum.begin(), sum.end(), message.begin() + 2);
  return message;
}

Octets arp(bool reply, const MacAddress& sender, const IpAddress& sender_ip, const MacAddress& target,
           const IpAddress& target_ip) {
  return join(
      {u16(1), u16(0x0800), {6, 4}, u16(reply ? 2 : 1), raw(sender), raw(sender_ip), raw(target), raw(target_ip)});
}

Wire::Wire() {
  static int number = 0;
  pools = std::move(
      MbufPools::create("wire" + std::to_string(number++), {.packets = 2047, .records = 15, .clones = 63}).value());
  config.name = "port0";
  config.mac = kOurMac;
  config.addresses = {{kOurs, 24}, {kOurs6, 64}};
  config.gateway_v4 = kGateway;
  config.gateway_v6 = kGateway6;
}

Wire::~Wire() {
  batch.segments.clear();
  network_.reset();
  EXPECT_EQ(rte_mempool_in_use_count(pools->packets()), 0U) << "packets leaked";
  EXPECT_EQ(rte_mempool_in_use_count(pools->clones()), 0U) << "clones leaked";
}

Network& Wire::network() {
  if (network_ == nullptr)
    network_ = std::make_unique<Network>(std::vector<InterfaceConfig>{config}, *pools, random, transmit_capacity, now);
  return *network_;
}

MbufPtr Wire::make_mbuf(const Octets& bytes) {
  MbufPtr mbuf = pools->packet();
  std::copy(bytes.begin(), bytes.end(),
            reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(mbuf.get(), static_cast<std::uint16_t>(bytes.size()))));
  return mbuf;
}

std::vector<Octets> Wire::receive(const Octets& frame, std::uint64_t ol_flags) {
  rte_mbuf* burst[] = {make_mbuf(frame).release()};
  burst[0]->ol_flags |= ol_flags;
  network().receive(0, burst, now, batch);
  return sent();
}

std::vector<Octets> Wire::receive_in_pieces(const Octets& frame, std::size_t piece) {
  MbufPtr whole;
  for (std::size_t at = 0; at < frame.size(); at += piece) {
    const auto from = frame.begin() + static_cast<std::ptrdiff_t>(at);
    MbufPtr part = make_mbuf({from, from + static_cast<std::ptrdiff_t>(std::min(piece, frame.size() - at))});
    if (whole == nullptr)
      whole = std::move(part);
    else
      rte_pktmbuf_chain(whole.get(), part.release());
  }
  rte_mbuf* burst[] = {whole.release()};
  network().receive(0, burst, now, batch);
  return sent();
}

std::vector<Octets> Wire::wait(Duration duration) {
  now = now + duration;
  network().advance(now);
  return sent();
}

std::vector<Octets> Wire::sent() {
  std::vector<Octets> frames;
  const std::span<rte_mbuf*> waiting = network().outgoing(0);
  for (rte_mbuf* frame : waiting) {
    Octets bytes;
    for (rte_mbuf* piece = frame; piece != nullptr; piece = piece->next) {
      const MutableBytes part = bytes_of(*piece);
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    EXPECT_EQ(bytes.size(), frame->pkt_len);
    frames.push_back(bytes);
    last_sent = *frame;
    rte_pktmbuf_free(frame);
  }
  network().transmitted(0, waiting.size());
  return frames;
}

MbufPtr Wire::segment(const FlowTuple& flow, const Octets& payload) {
  return make_mbuf(join(
      {u16(flow.local.port), u16(flow.remote.port), u32(1), u32(2), {0x50, 0x18}, u16(1000), {0, 0, 0, 0}, payload}));
}

std::vector<Octets> Wire::send_tcp(const FlowTuple& flow, const Octets& payload) {
  network().send_tcp(flow, segment(flow, payload), now);
  return sent();
}

void Wire::resolve_peers() {
  const auto ask = [this](const IpAddress& who) {
    return who.is_v4()
               ? receive(ethernet(kOurMac, kPeerMac, 0x0806, arp(false, kPeerMac, who, {}, kOurs)))
               : receive(ethernet(
                     kOurMac, kPeerMac, 0x86dd,
                     ipv6(who, kOurs6, 58,
                          icmpv6(who, kOurs6, 135, 0, join({u32(0), raw(kOurs6), {1, 1}, raw(kPeerMac)})), 255)));
  };
  for (const IpAddress& who : {kPeer, kGateway, kPeer6, kGateway6}) ask(who);
  // Who asked is known but not confirmed: the first use of each sends a probe, which is answered here.
  for (const IpAddress& who : {kPeer, kGateway}) {
    send_tcp(flow_to(who, kOurs));
    receive(ethernet(kOurMac, kPeerMac, 0x0806, arp(true, kPeerMac, who, kOurMac, kOurs)));
  }
  for (const IpAddress& who : {kPeer6, kGateway6}) {
    send_tcp(flow_to(who, who == kGateway6 ? kLinkLocal : kOurs6));
    receive(ethernet(kOurMac, kPeerMac, 0x86dd,
                     ipv6(who, kOurs6, 58,
                          icmpv6(who, kOurs6, 136, 0, join({u32(0x60000000), raw(who), {2, 1}, raw(kPeerMac)})), 255)));
  }
}

}  // namespace lockstep::net

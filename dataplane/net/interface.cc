#include "dataplane/net/interface.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dataplane/net/arp.h"
#include "dataplane/net/checksum.h"
#include "dataplane/net/ethernet.h"
#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"
#include "dataplane/net/ndp.h"

namespace lockstep::net {

namespace {

constexpr Duration kAnnounceInterval = seconds(2);  // RFC 5227 section 1.1
constexpr Duration kDefendInterval = seconds(10);   // RFC 5227 section 1.1
constexpr std::int64_t kSolicitationsPerSecond = 200;
constexpr std::int64_t kSolicitationBurst = 100;

bool is_v6(const InterfaceAddress& address) {
  return !address.ip.is_v4();
}

/// Appends `size` bytes to a new packet; nullptr when there is no buffer.
MbufPtr make_packet(MbufPools& pools, std::size_t size) {
  MbufPtr packet = pools.packet();
  if (packet != nullptr) rte_pktmbuf_append(packet.get(), static_cast<std::uint16_t>(size));
  return packet;
}

}  // namespace

bool same_prefix(const IpAddress& a, const IpAddress& b, std::uint8_t prefix) {
  if (a.is_v4() != b.is_v4()) return false;
  const std::size_t bits = std::min<std::size_t>(128, prefix + (a.is_v4() ? 96U : 0U));
  if (std::memcmp(a.bytes().data(), b.bytes().data(), bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  return (a.bytes()[bits / 8] ^ b.bytes()[bits / 8]) >> (8 - bits % 8) == 0;
}

Interface::Interface(InterfaceConfig config, Shared shared, std::size_t transmit_capacity, Instant now)
    : config_(std::move(config)),
      shared_(shared),
      link_local_(link_local_of(config_.mac)),
      uses_v6_(config_.gateway_v6 || std::any_of(config_.addresses.begin(), config_.addresses.end(), is_v6)),
      neighbours_(*this, shared.counters, shared.random, now),
      queue_(transmit_capacity),
      solicitations_(kSolicitationsPerSecond, kSolicitationBurst, now) {
  for (const StaticNeighbour& neighbour : config_.neighbours) neighbours_.add_static(neighbour.ip, neighbour.mac);
}

bool Interface::owns(const IpAddress& ip) const {
  for (const InterfaceAddress& address : config_.addresses)
    if (address.ip == ip) return true;
  return ip == link_local_;
}

bool Interface::is_broadcast(const IpAddress& ip) const {
  if (!ip.is_v4()) return false;
  if (ip.as_v4() == 0xffffffffU) return true;
  for (const InterfaceAddress& address : config_.addresses) {
    if (!address.ip.is_v4() || address.prefix > 30) continue;  // RFC 3021: no broadcast address in a /31
    const std::uint32_t hosts = address.prefix == 0 ? 0xffffffffU : (std::uint32_t{1} << (32U - address.prefix)) - 1;
    const std::uint32_t host = ip.as_v4() & hosts;
    // All ones, and the old form of all zeros (RFC 1122 section 3.3.6).
    if (same_prefix(ip, address.ip, address.prefix) && (host == hosts || host == 0)) return true;
  }
  return false;
}

bool Interface::joined(const IpAddress& group) const {
  if (group == all_nodes() || group == solicited_node(link_local_)) return true;
  for (const InterfaceAddress& address : config_.addresses)
    if (!address.ip.is_v4() && group == solicited_node(address.ip)) return true;
  return false;
}

/// Our address with the longest prefix that covers `ip`; nullptr when `ip` is not on the link (but see link_local_).
const InterfaceAddress* Interface::covering(const IpAddress& ip) const {
  const InterfaceAddress* best = nullptr;
  for (const InterfaceAddress& address : config_.addresses)
    if ((best == nullptr || address.prefix > best->prefix) && same_prefix(ip, address.ip, address.prefix))
      best = &address;
  return best;
}

/// Our address that speaks with `ip`.
IpAddress Interface::source_for(const IpAddress& ip) const {
  if (const InterfaceAddress* const address = covering(ip)) return address->ip;
  if (!ip.is_v4() && ip.is_link_local()) return link_local_;
  for (const InterfaceAddress& address : config_.addresses)
    if (address.ip.is_v4() == ip.is_v4() && !address.ip.is_link_local()) return address.ip;
  for (const InterfaceAddress& address : config_.addresses)
    if (address.ip.is_v4() == ip.is_v4()) return address.ip;
  return ip.is_v4() ? IpAddress::v4(0) : link_local_;
}

std::optional<Hop> Interface::hop(const IpAddress& destination, bool on_link_only) const {
  if (is_broadcast(destination)) return std::nullopt;
  const IpAddress source = source_for(destination);
  if (source.is_any()) return std::nullopt;
  // Routers do not forward what comes from a link-local address (RFC 4291 section 2.5.6).
  if (!source.is_v4() && source.is_link_local() && !destination.is_link_local()) return std::nullopt;
  if (on_link(destination)) return Hop{destination, source};
  const std::optional<IpAddress>& gateway = destination.is_v4() ? config_.gateway_v4 : config_.gateway_v6;
  if (on_link_only || !gateway) return std::nullopt;
  // Through a gateway a global address is wanted, and of several the one that shares the gateway's prefix.
  return Hop{*gateway, gateway->is_link_local() ? source : source_for(*gateway)};
}

void Interface::send_frame(MbufPtr payload, std::uint16_t type, const MacAddress& to) {
  const std::size_t size = ethernet_size(config_.vlan);
  auto* const room = rte_pktmbuf_prepend(payload.get(), static_cast<std::uint16_t>(size));
  if (room == nullptr) {
    shared_.counters.dropped_no_buffer.add();
    return;
  }
  write_ethernet({to, config_.mac, config_.vlan, type, size}, {reinterpret_cast<std::uint8_t*>(room), size});
  payload->l2_len = size & 0x7fU;
  if (!queue_.push(std::move(payload))) shared_.counters.dropped_transmit_queue.add();
}

void Interface::transmit(MbufPtr datagram, const IpAddress& ip, const MacAddress& to) {
  send_frame(std::move(datagram), ip.is_v4() ? EtherType::kIpv4 : EtherType::kIpv6, to);
}

void Interface::send_arp(bool reply, const IpAddress& sender, const IpAddress& target, const MacAddress& target_mac,
                         const MacAddress& to) {
  MbufPtr packet = make_packet(shared_.pools, kArpSize);
  if (packet == nullptr) {
    shared_.counters.dropped_no_buffer.add();
    return;
  }
  write_arp({reply, config_.mac, sender, target_mac, target}, bytes_of(*packet));
  send_frame(std::move(packet), EtherType::kArp, to);
}

void Interface::send_ndp(const IpAddress& source, const IpAddress& destination, MutableBytes message, Instant now) {
  MbufPtr packet = make_packet(shared_.pools, kIpv6HeaderSize + message.size());
  if (packet == nullptr) {
    shared_.counters.dropped_no_buffer.add();
    return;
  }
  InternetSum sum = pseudo_header(source, destination, IpProtocol::kIcmpV6, static_cast<std::uint32_t>(message.size()));
  sum.add(message);
  Writer(message.subspan(2)).u16(sum.checksum());
  Writer writer(bytes_of(*packet));
  write_ipv6(source, destination, IpProtocol::kIcmpV6, message.size(), kNdpHopLimit, Ecn::not_capable,
             writer.reserve(kIpv6HeaderSize));
  writer.bytes(message);
  if (destination.is_multicast())
    send_frame(std::move(packet), EtherType::kIpv6, group_mac(destination));
  else
    neighbours_.send(destination, std::move(packet), now);
}

void Interface::solicit(const IpAddress& ip, const MacAddress* at, Instant now) {
  if (!solicitations_.take(now)) {
    shared_.counters.dropped_rate_limit.add();
    return;
  }
  const IpAddress source = source_for(ip);
  if (ip.is_v4()) {
    send_arp(false, source, ip, {}, at != nullptr ? *at : kBroadcast);
    return;
  }
  std::array<std::uint8_t, kNdpSize> message{};
  write_ndp({.target = ip, .mac = config_.mac}, message);
  // A probe goes to the address itself; its neighbour entry has the MAC (RFC 4861 section 7.3.3).
  send_ndp(source, at != nullptr ? ip : solicited_node(ip), message, now);
}

void Interface::announce(Instant now) {
  if (!config_.answers) return;
  announce_all(now);
  announce_again_ = now + kAnnounceInterval;
}

void Interface::announce_all(Instant now) {
  for (const InterfaceAddress& address : config_.addresses) announce_one(address.ip, now);
  if (uses_v6_) announce_one(link_local_, now);
}

void Interface::announce_one(const IpAddress& ip, Instant now) {
  if (ip.is_v4()) {
    send_arp(false, ip, ip, {}, kBroadcast);
    return;
  }
  std::array<std::uint8_t, kNdpSize> message{};
  write_ndp({.advertisement = true, .overrides = true, .target = ip, .mac = config_.mac}, message);
  send_ndp(ip, all_nodes(), message, now);
}

void Interface::defend(const IpAddress& ip, Instant now) {
  shared_.counters.address_conflicts.add();
  if (!config_.answers || (defended_ && now - *defended_ < kDefendInterval)) return;
  defended_ = now;
  announce_one(ip, now);
}

void Interface::advance(Instant now) {
  neighbours_.advance(now);
  if (now < announce_again_) return;
  announce_again_ = Instant::never();
  announce_all(now);
}

Instant Interface::next() const {
  return std::min(announce_again_, neighbours_.next());
}

}  // namespace lockstep::net

// Ethernet II frames with an optional IEEE 802.1Q tag.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"
#include "dataplane/net/network.h"

namespace lockstep::net {

struct EtherType {
  static constexpr std::uint16_t kIpv4 = 0x0800;
  static constexpr std::uint16_t kArp = 0x0806;
  static constexpr std::uint16_t kVlan = 0x8100;
  static constexpr std::uint16_t kIpv6 = 0x86dd;
};

constexpr MacAddress kBroadcast = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/// The group bit: multicast or broadcast (IEEE 802.3 section 3.2.3).
inline bool is_group(const MacAddress& mac) {
  return (mac[0] & 1U) != 0;
}
/// Whether `mac` can be the address of one station.
inline bool is_station(const MacAddress& mac) {
  return !is_group(mac) && mac != MacAddress{};
}

struct EthernetHeader {
  MacAddress destination{};
  MacAddress source{};
  std::uint16_t vlan = 0;  // identifier of the tag; 0: none, or a priority tag (IEEE 802.1Q section 9.6)
  std::uint16_t type = 0;
  std::size_t size = 0;  // with the tag
};

/// Size of the header that is sent on a network with this VLAN identifier (0: untagged).
constexpr std::size_t ethernet_size(std::uint16_t vlan) {
  return vlan == 0 ? 14 : 18;
}

/// Reads the header; nullopt when the frame is too short.
std::optional<EthernetHeader> read_ethernet(Bytes frame);
/// Writes the header, tagged when header.vlan is not 0; `out` has ethernet_size(header.vlan) bytes.
void write_ethernet(const EthernetHeader& header, MutableBytes out);

/// Where an IPv6 multicast group is sent to (RFC 2464 section 7).
MacAddress group_mac(const IpAddress& group);

}  // namespace lockstep::net

// Neighbour discovery messages (RFC 4861) and the addresses that go with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"
#include "dataplane/net/network.h"

namespace lockstep::net {

constexpr std::uint8_t kNeighbourSolicitation = 135;
constexpr std::uint8_t kNeighbourAdvertisement = 136;
constexpr std::uint8_t kNdpHopLimit = 255;  // proves that no router forwarded the message (RFC 4861 section 7.1)
constexpr std::size_t kNdpSize = 32;        // of the messages we send, with the link-layer address option

/// A solicitation or an advertisement.
struct NdpMessage {
  bool advertisement = false;
  bool solicited = false;  // advertisements only
  bool overrides = false;  // advertisements only
  IpAddress target;
  std::optional<MacAddress> mac;  // of the source (solicitation) or target (advertisement)
};

/// Reads and checks an ICMPv6 message of type 135 or 136 whose checksum is verified, as RFC 4861 sections 7.1.1
/// and 7.1.2 demand, given the IPv6 addresses it came with. nullopt when anything is wrong.
std::optional<NdpMessage> read_ndp(Bytes message, const IpAddress& source, const IpAddress& destination);
/// Writes kNdpSize bytes with checksum 0; `mac` must be present.
void write_ndp(const NdpMessage& message, MutableBytes out);

/// ff02::1
IpAddress all_nodes();
/// ff02::1:ffXX:XXXX of an address (RFC 4291 section 2.7.1).
IpAddress solicited_node(const IpAddress& ip);
/// fe80:: with the interface identifier made of the MAC (RFC 4291 appendix A, RFC 4862 section 5.3).
IpAddress link_local_of(const MacAddress& mac);

}  // namespace lockstep::net

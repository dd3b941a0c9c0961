#include "dataplane/net/ndp.h"

#include <algorithm>
#include <array>

#include "dataplane/net/ethernet.h"

namespace lockstep::net {

namespace {

constexpr std::uint8_t kSourceLinkLayerAddress = 1;
constexpr std::uint8_t kTargetLinkLayerAddress = 2;
constexpr std::uint32_t kSolicited = 0x40000000;
constexpr std::uint32_t kOverride = 0x20000000;

/// Reads the options to the end; false when they are malformed. Those not asked for are skipped.
bool read_options(Reader& reader, std::uint8_t wanted, std::optional<MacAddress>& mac) {
  while (reader.remaining() > 0) {
    const std::uint8_t type = reader.u8();
    const std::size_t size = std::size_t{8} * reader.u8();
    if (size == 0) return false;  // RFC 4861 section 4.6
    const Bytes value = reader.bytes(size - 2);
    if (!reader.ok()) return false;
    if (type != wanted || size != 8) continue;
    mac.emplace();
    std::copy(value.begin(), value.end(), mac->begin());
    if (!is_station(*mac)) return false;
  }
  return true;
}

}  // namespace

std::optional<NdpMessage> read_ndp(Bytes bytes, const IpAddress& source, const IpAddress& destination) {
  Reader reader(bytes);
  NdpMessage message;
  message.advertisement = reader.u8() == kNeighbourAdvertisement;
  const std::uint8_t code = reader.u8();
  reader.u16();  // checksum
  const std::uint32_t flags = reader.u32();
  std::array<std::uint8_t, 16> target{};
  const Bytes read = reader.bytes(target.size());
  std::copy(read.begin(), read.end(), target.begin());
  message.target = IpAddress::v6(target);
  if (!reader.ok() || code != 0 || message.target.is_multicast() || message.target.is_v4()) return std::nullopt;
  const std::uint8_t wanted = message.advertisement ? kTargetLinkLayerAddress : kSourceLinkLayerAddress;
  if (!read_options(reader, wanted, message.mac)) return std::nullopt;
  if (message.advertisement) {
    message.solicited = (flags & kSolicited) != 0;
    message.overrides = (flags & kOverride) != 0;
    if (source.is_any() || (destination.is_multicast() && message.solicited)) return std::nullopt;
  } else if (source.is_any()) {
    // Duplicate address detection: nobody to learn from, and only to the target's own group.
    if (message.mac || destination != solicited_node(message.target)) return std::nullopt;
  }
  return message;
}

void write_ndp(const NdpMessage& message, MutableBytes out) {
  Writer writer(out);
  writer.u8(message.advertisement ? kNeighbourAdvertisement : kNeighbourSolicitation);
  writer.u8(0);
  writer.u16(0);
  writer.u32((message.solicited ? kSolicited : 0) | (message.overrides ? kOverride : 0));
  writer.bytes(message.target.bytes());
  writer.u8(message.advertisement ? kTargetLinkLayerAddress : kSourceLinkLayerAddress);
  writer.u8(1);
  writer.bytes(*message.mac);
}

IpAddress all_nodes() {
  return IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

IpAddress solicited_node(const IpAddress& ip) {
  const auto& bytes = ip.bytes();
  return IpAddress::v6({0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, bytes[13], bytes[14], bytes[15]});
}

IpAddress link_local_of(const MacAddress& mac) {
  const auto flipped = static_cast<std::uint8_t>(mac[0] ^ 2U);  // universal/local bit
  return IpAddress::v6({0xfe, 0x80, 0, 0, 0, 0, 0, 0, flipped, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]});
}

}  // namespace lockstep::net

#include "dataplane/net/ipv6.h"

#include <algorithm>
#include <array>

namespace lockstep::net {

namespace {

constexpr int kMaxExtensionHeaders = 8;
constexpr unsigned kEcnShift = 20;  // of the traffic class in the first word

struct NextHeader {
  static constexpr std::uint8_t kHopByHop = 0;
  static constexpr std::uint8_t kRouting = 43;
  static constexpr std::uint8_t kFragment = 44;
  static constexpr std::uint8_t kDestinationOptions = 60;
};

IpAddress read_address(Reader& reader) {
  std::array<std::uint8_t, 16> bytes{};
  const Bytes read = reader.bytes(bytes.size());
  std::copy(read.begin(), read.end(), bytes.begin());
  return IpAddress::v6(bytes);
}

/// Whether the options of a hop-by-hop or destination options header let a node that knows none of them go on: the two
/// highest bits of an option's type say so (RFC 8200 section 4.2).
bool options_may_be_skipped(Bytes options) {
  Reader reader(options);
  while (reader.remaining() > 0) {
    const std::uint8_t type = reader.u8();
    if (type == 0) continue;  // Pad1
    reader.vector8();
    if (!reader.ok() || type >> 6U != 0) return false;
  }
  return true;
}

/// Reads the fixed header.
std::optional<Ipv6Header> read_fixed(Reader& reader) {
  Ipv6Header header;
  const std::uint32_t version_class_flow = reader.u32();
  header.ecn = static_cast<Ecn>(version_class_flow >> kEcnShift & kEcnMask);
  header.datagram_size = kIpv6HeaderSize + reader.u16();
  header.protocol = reader.u8();
  header.hop_limit = reader.u8();
  header.source = read_address(reader);
  header.destination = read_address(reader);
  header.header_size = kIpv6HeaderSize;
  if (!reader.ok() || version_class_flow >> 28U != 6) return std::nullopt;
  if (header.source.is_v4() || header.destination.is_v4()) return std::nullopt;
  return header;
}

/// Walks over one extension header that `header.protocol` names; false when the datagram has to be dropped.
bool skip_extension(Reader& reader, Ipv6Header& header) {
  const std::uint8_t kind = header.protocol;
  header.protocol = reader.u8();
  const std::size_t size = std::size_t{8} * reader.u8() + 8;
  const Bytes body = reader.bytes(size - 2);
  header.header_size += size;
  if (!reader.ok() || header.header_size > header.datagram_size) return false;
  if (kind == NextHeader::kRouting) return body[1] == 0;  // segments left
  return options_may_be_skipped(body);
}

}  // namespace

std::optional<Ipv6Header> read_ipv6(Bytes piece, std::size_t size) {
  Reader reader(piece);
  std::optional<Ipv6Header> header = read_fixed(reader);
  if (!header || header->datagram_size > size || header->datagram_size == kIpv6HeaderSize) return std::nullopt;
  for (int i = 0;; ++i) {
    switch (header->protocol) {
      case NextHeader::kFragment:
        header->fragment = true;
        return header;
      case NextHeader::kHopByHop:
        if (i != 0) return std::nullopt;  // only directly behind the IPv6 header (RFC 8200 section 4.1)
        [[fallthrough]];
      case NextHeader::kRouting:
      case NextHeader::kDestinationOptions:
        if (i == kMaxExtensionHeaders || !skip_extension(reader, *header)) return std::nullopt;
        break;
      default:
        return header;
    }
  }
}

std::optional<Ipv6Header> read_quoted_ipv6(Bytes quoted) {
  Reader reader(quoted);
  return read_fixed(reader);
}

void write_ipv6(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, std::size_t payload_size,
                std::uint8_t hop_limit, Ecn ecn, MutableBytes out) {
  Writer writer(out);
  writer.u32(0x60000000U | static_cast<std::uint32_t>(ecn) << kEcnShift);
  writer.u16(static_cast<std::uint16_t>(payload_size));
  writer.u8(protocol);
  writer.u8(hop_limit);
  writer.bytes(source.bytes());
  writer.bytes(destination.bytes());
}

}  // namespace lockstep::net

#include "dataplane/net/icmp.h"

#include <algorithm>
#include <array>

#include "dataplane/net/ipv4.h"
#include "dataplane/net/ipv6.h"

namespace lockstep::net {

namespace {

struct V4 {
  static constexpr std::uint8_t kDestinationUnreachable = 3;
  static constexpr std::uint8_t kTimeExceeded = 11;
  static constexpr std::uint8_t kParameterProblem = 12;
  static constexpr std::uint8_t kCodeProtocol = 2;
  static constexpr std::uint8_t kCodePort = 3;
  static constexpr std::uint8_t kCodeFragmentationNeeded = 4;
};

struct V6 {
  static constexpr std::uint8_t kDestinationUnreachable = 1;
  static constexpr std::uint8_t kPacketTooBig = 2;
  static constexpr std::uint8_t kTimeExceeded = 3;
  static constexpr std::uint8_t kParameterProblem = 4;
  static constexpr std::uint8_t kCodeProhibited = 1;
  static constexpr std::uint8_t kCodePort = 4;
};

/// What to assume for a router that does not tell its MTU: the next smaller common one (RFC 1191 sections 5 and 7).
std::uint16_t plateau_below(std::size_t size) {
  static constexpr std::array<std::uint16_t, 10> kPlateaus = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68};
  const auto* const found = std::find_if(kPlateaus.begin(), kPlateaus.end(), [size](auto mtu) { return mtu < size; });
  return found == kPlateaus.end() ? kPlateaus.back() : *found;
}

/// Fills in ports and sequence number from the quoted start of a TCP segment.
bool read_quoted_tcp(Bytes quoted, IcmpError& error) {
  Reader reader(quoted);
  error.flow.local.port = reader.u16();
  error.flow.remote.port = reader.u16();
  error.sequence = reader.u32();
  return reader.ok();
}

}  // namespace

std::optional<IcmpError> read_icmp_error(Bytes message) {
  Reader reader(message);
  const std::uint8_t type = reader.u8();
  const std::uint8_t code = reader.u8();
  reader.u32();  // checksum, unused half of the rest of the header
  const std::uint16_t mtu = reader.u16();
  const std::optional<Ipv4Header> quoted = read_quoted_ipv4(reader.rest());
  if (!reader.ok() || !quoted || quoted->protocol != IpProtocol::kTcp || quoted->fragment) return std::nullopt;
  IcmpError error;
  error.flow.local.ip = quoted->source;
  error.flow.remote.ip = quoted->destination;
  if (!read_quoted_tcp(reader.rest().subspan(quoted->header_size), error)) return std::nullopt;
  switch (type) {
    case V4::kDestinationUnreachable:  // RFC 1122 section 4.2.3.9
      if (code == V4::kCodeFragmentationNeeded) {
        error.kind = IcmpError::Kind::packet_too_big;
        error.mtu = mtu != 0 ? mtu : plateau_below(quoted->datagram_size);
      } else if (code == V4::kCodeProtocol || code == V4::kCodePort) {
        error.kind = IcmpError::Kind::hard;
      }
      return error;
    case V4::kTimeExceeded:
    case V4::kParameterProblem:
      return error;
    default:
      return std::nullopt;
  }
}

std::optional<IcmpError> read_icmpv6_error(Bytes message) {
  Reader reader(message);
  const std::uint8_t type = reader.u8();
  const std::uint8_t code = reader.u8();
  reader.u16();  // checksum
  const std::uint32_t mtu = reader.u32();
  const std::optional<Ipv6Header> quoted = read_quoted_ipv6(reader.rest());
  if (!reader.ok() || !quoted || quoted->protocol != IpProtocol::kTcp) return std::nullopt;
  IcmpError error;
  error.flow.local.ip = quoted->source;
  error.flow.remote.ip = quoted->destination;
  if (!read_quoted_tcp(reader.rest().subspan(kIpv6HeaderSize), error)) return std::nullopt;
  switch (type) {
    case V6::kDestinationUnreachable:  // RFC 5927 section 5.1
      if (code == V6::kCodeProhibited || code == V6::kCodePort) error.kind = IcmpError::Kind::hard;
      return error;
    case V6::kPacketTooBig:
      if (mtu < kIpv6MinimumMtu) return std::nullopt;
      error.kind = IcmpError::Kind::packet_too_big;
      error.mtu = static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu, 0xffff));
      return error;
    case V6::kTimeExceeded:
    case V6::kParameterProblem:
      return error;
    default:
      return std::nullopt;
  }
}

}  // namespace lockstep::net

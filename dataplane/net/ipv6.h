// The IPv6 header and its extension headers (RFC 8200).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"
#include "dataplane/net/ecn.h"

namespace lockstep::net {

constexpr std::size_t kIpv6HeaderSize = 40;
constexpr std::uint16_t kIpv6MinimumMtu = 1280;  // RFC 8200 section 5
constexpr std::uint8_t kDefaultHopLimit = 64;

struct Ipv6Header {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;  // of the upper layer, behind the extension headers
  std::uint8_t hop_limit = 0;
  Ecn ecn = Ecn::not_capable;
  bool fragment = false;          // a fragment header was met; `protocol` and `header_size` end there
  std::size_t header_size = 0;    // with extension headers
  std::size_t datagram_size = 0;  // with the header; what follows in the frame is padding
};

/// Reads and checks the header and walks over at most eight extension headers. All of them must lie in `piece`; the
/// frame holds `size` bytes. nullopt when anything is wrong: lengths, a jumbogram, an IPv4-mapped address (which must
/// not be on a wire and would be taken for an IPv4 one), a routing header with segments left (RFC 5095), an option that
/// forbids to go on (RFC 8200 section 4.2).
std::optional<Ipv6Header> read_ipv6(Bytes piece, std::size_t size);

/// Reads a header that is quoted in an ICMPv6 error, and no extension headers: we send none.
std::optional<Ipv6Header> read_quoted_ipv6(Bytes quoted);

/// Writes a header of kIpv6HeaderSize bytes.
void write_ipv6(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, std::size_t payload_size,
                std::uint8_t hop_limit, Ecn ecn, MutableBytes out);

}  // namespace lockstep::net

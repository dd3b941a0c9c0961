// The IPv4 header (RFC 791).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"
#include "dataplane/net/ecn.h"

namespace lockstep::net {

struct IpProtocol {
  static constexpr std::uint8_t kIcmp = 1;
  static constexpr std::uint8_t kTcp = 6;
  static constexpr std::uint8_t kIcmpV6 = 58;
};

constexpr std::size_t kIpv4HeaderSize = 20;  // without options

struct Ipv4Header {
  IpAddress source;
  IpAddress destination;
  std::uint8_t protocol = 0;
  Ecn ecn = Ecn::not_capable;
  bool fragment = false;          // a part of a datagram
  std::size_t header_size = 0;    // with options
  std::size_t datagram_size = 0;  // with the header; what follows in the frame is padding
};

/// Reads and checks a header (RFC 1122 section 3.2.1): version, header length, total length against the `size` bytes
/// that the frame holds, and, when `verify`, the checksum. The whole header must lie in `piece`. Options are skipped.
/// nullopt when anything is wrong.
std::optional<Ipv4Header> read_ipv4(Bytes piece, std::size_t size, bool verify);

/// Reads a header that is quoted in an ICMP error: like read_ipv4, but the datagram may be cut off and its checksum,
/// which routers have been seen to leave behind changed, is not verified.
std::optional<Ipv4Header> read_quoted_ipv4(Bytes quoted);

/// Writes a header of kIpv4HeaderSize bytes for a datagram that must not be fragmented (RFC 1191); so its
/// identification means nothing and is 0 (RFC 6864 section 4.1). Without `checksum` that field is 0, for the port to
/// fill in.
void write_ipv4(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, std::size_t datagram_size,
                bool checksum, Ecn ecn, MutableBytes out);

}  // namespace lockstep::net

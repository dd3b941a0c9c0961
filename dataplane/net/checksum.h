// The Internet checksum (RFC 1071).
#pragma once

#include <cstdint>

#include "dataplane/base/address.h"
#include "dataplane/base/mbuf.h"

namespace lockstep::net {

/// A running one's complement sum of 16-bit words. Pieces may have any length: a piece that begins at an odd offset
/// continues the half word of the one before it.
class InternetSum {
 public:
  void add(Bytes bytes);
  void add_u16(std::uint16_t value);
  /// The folded sum in host order, not complemented: what a port wants to find in the checksum field.
  std::uint16_t folded() const;
  /// The checksum in host order; 0 when the summed bytes contain their own right checksum.
  std::uint16_t checksum() const { return static_cast<std::uint16_t>(~folded()); }

 private:
  std::uint64_t sum_ = 0;  // of words as they lie in memory (RFC 1071 section 2 (B))
  bool odd_ = false;
};

/// The pseudo header of TCP and ICMPv6: RFC 9293 section 3.1 for IPv4, RFC 8200 section 8.1 for IPv6.
InternetSum pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                          std::uint32_t size);

/// Adds all pieces of `packet`.
void add_packet(InternetSum& sum, const rte_mbuf& packet);

}  // namespace lockstep::net

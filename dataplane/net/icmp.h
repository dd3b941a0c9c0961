// ICMP (RFC 792) and ICMPv6 (RFC 4443): what an error says about a flow of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "crypto/base/bytes.h"
#include "dataplane/net/network.h"

namespace lockstep::net {

struct IcmpType {
  static constexpr std::uint8_t kEchoReply = 0;
  static constexpr std::uint8_t kEchoRequest = 8;
  static constexpr std::uint8_t kV6EchoRequest = 128;
  static constexpr std::uint8_t kV6EchoReply = 129;
};

constexpr std::size_t kIcmpHeaderSize = 8;

/// Reads an ICMP error whose checksum is verified; nullopt for other messages, for those that are to be ignored
/// (redirect, source quench: RFC 6633) and for errors that do not quote the start of a TCP segment.
std::optional<IcmpError> read_icmp_error(Bytes message);
/// The same for ICMPv6. Packet Too Big below the minimum MTU is ignored (RFC 8201 section 4).
std::optional<IcmpError> read_icmpv6_error(Bytes message);

}  // namespace lockstep::net

// Which workers a frame concerns, for ports that do not spread frames over queues by themselves.
#pragma once

#include <cstdint>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"

namespace lockstep::io {

struct FrameClass {
  enum class Kind : std::uint8_t {
    owner,     // echo requests, fragments, what is not IP or not understood: the worker that polls the port
    everyone,  // answers and errors that any worker may wait for
    flow,      // TCP: the worker that owns the flow
  } kind = Kind::owner;
  SocketAddress source;       // of Kind::flow
  SocketAddress destination;  // of Kind::flow
};

/// Looks at a frame from its Ethernet header on; up to two VLAN tags, IPv4 options and eight IPv6 extension headers are
/// skipped. Checks nothing beyond what it reads; the network layer judges the frame later. Everyone gets ARP replies,
/// neighbour and router advertisements and redirects (RFC 4861), and ICMP errors (RFC 792, RFC 4443 section 2.1).
/// Requests stay with the owner, so that they are answered once.
FrameClass classify(Bytes frame);

}  // namespace lockstep::io

// Frames as bytes, for tests of steering.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"

namespace lockstep::io::test {

using Frame = std::vector<std::uint8_t>;

inline void append_word(Frame& frame, unsigned value) {
  frame.push_back(static_cast<std::uint8_t>(value >> 8U));
  frame.push_back(static_cast<std::uint8_t>(value));
}

/// An Ethernet header to the broadcast address.
inline Frame ethernet(std::uint16_t type, const std::vector<std::uint16_t>& vlans = {}) {
  Frame frame(6, 0xff);
  frame.insert(frame.end(), {0x02, 0, 0, 0, 0, 0x07});
  for (const std::uint16_t vlan : vlans) {
    append_word(frame, 0x8100);
    append_word(frame, vlan);
  }
  append_word(frame, type);
  return frame;
}

/// IPv4 or IPv6, by the addresses, with `payload`; no checksums. `before` stands between the IPv6 header, whose next
/// header field says `next`, and the payload.
inline Frame ip_packet(std::uint8_t next, const IpAddress& source, const IpAddress& destination, const Frame& payload,
                       const std::vector<std::uint16_t>& vlans = {}, const Frame& before = {}) {
  Frame frame = ethernet(source.is_v4() ? 0x0800 : 0x86dd, vlans);
  const auto size = static_cast<unsigned>(before.size() + payload.size());
  if (source.is_v4()) {
    frame.insert(frame.end(), {static_cast<std::uint8_t>(0x45 + before.size() / 4), 0});
    append_word(frame, 20 + size);
    frame.insert(frame.end(), {0, 0, 0, 0, 64, next, 0, 0});
    for (const IpAddress& ip : {source, destination}) {
      append_word(frame, ip.as_v4() >> 16U);
      append_word(frame, ip.as_v4() & 0xffffU);
    }
  } else {
    frame.insert(frame.end(), {0x60, 0, 0, 0});
    append_word(frame, size);
    frame.insert(frame.end(), {next, 64});
    for (const IpAddress& ip : {source, destination}) frame.insert(frame.end(), ip.bytes().begin(), ip.bytes().end());
  }
  frame.insert(frame.end(), before.begin(), before.end());
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

inline Frame tcp_header(std::uint16_t source, std::uint16_t destination) {
  Frame header;
  append_word(header, source);
  append_word(header, destination);
  header.insert(header.end(), {0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0xff, 0xff, 0, 0, 0, 0});
  return header;
}

inline Frame tcp_frame(const SocketAddress& source, const SocketAddress& destination) {
  return ip_packet(6, source.ip, destination.ip, tcp_header(source.port, destination.port));
}

inline Frame arp_frame(std::uint8_t operation) {
  Frame frame = ethernet(0x0806);
  frame.insert(frame.end(), {0, 1, 8, 0, 6, 4, 0, operation});
  frame.insert(frame.end(), 20, 1);
  return frame;
}

inline SocketAddress at(std::string_view text) {
  return SocketAddress::parse(text).value();
}

}  // namespace lockstep::io::test

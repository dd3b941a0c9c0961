#include "dataplane/io/classifier.h"

#include <algorithm>

namespace lockstep::io {

namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kVlanTag = 4;
constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kArp = 0x0806;
constexpr std::uint16_t kVlan = 0x8100;
constexpr std::uint16_t kServiceVlan = 0x88a8;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kIcmpV6 = 58;
constexpr int kMaxExtensionHeaders = 8;

std::uint16_t word(Bytes bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(bytes[offset] << 8U | bytes[offset + 1]);
}

FrameClass of_kind(FrameClass::Kind kind) {
  FrameClass result;
  result.kind = kind;
  return result;
}

FrameClass flow(Bytes tcp, const IpAddress& source, const IpAddress& destination) {
  if (tcp.size() < 4) return {};
  return {FrameClass::Kind::flow, {source, word(tcp, 0)}, {destination, word(tcp, 2)}};
}

FrameClass classify_arp(Bytes arp) {
  constexpr std::uint16_t kReply = 2;
  return of_kind(arp.size() >= 8 && word(arp, 6) == kReply ? FrameClass::Kind::everyone : FrameClass::Kind::owner);
}

/// RFC 792: destination unreachable, source quench, redirect, time exceeded, parameter problem.
FrameClass classify_icmp(Bytes icmp) {
  if (icmp.empty()) return {};
  const std::uint8_t type = icmp[0];
  const bool error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
  return of_kind(error ? FrameClass::Kind::everyone : FrameClass::Kind::owner);
}

/// RFC 4443: types below 128 are errors; RFC 4861: router and neighbour advertisement, redirect.
FrameClass classify_icmp_v6(Bytes icmp) {
  if (icmp.empty()) return {};
  const std::uint8_t type = icmp[0];
  const bool shared = type < 128 || type == 134 || type == 136 || type == 137;
  return of_kind(shared ? FrameClass::Kind::everyone : FrameClass::Kind::owner);
}

IpAddress v4_at(Bytes packet, std::size_t offset) {
  return IpAddress::v4(std::uint32_t{word(packet, offset)} << 16U | word(packet, offset + 2));
}

FrameClass classify_ipv4(Bytes packet) {
  constexpr std::size_t kHeader = 20;
  if (packet.size() < kHeader) return {};
  const std::size_t header = std::size_t{packet[0] & 0x0fU} * 4;
  if (header < kHeader || packet.size() < header) return {};
  if ((word(packet, 6) & 0x3fffU) != 0) return {};  // more fragments, or an offset
  const Bytes payload = packet.subspan(header);
  if (packet[9] == kTcp) return flow(payload, v4_at(packet, 12), v4_at(packet, 16));
  return packet[9] == kIcmp ? classify_icmp(payload) : FrameClass{};
}

IpAddress v6_at(Bytes packet, std::size_t offset) {
  std::array<std::uint8_t, 16> bytes;
  std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), bytes.begin());
  return IpAddress::v6(bytes);
}

/// Hop-by-hop options, routing, destination options (RFC 8200 section 4): their second byte counts further eights of
/// bytes.
bool is_extension_header(std::uint8_t next) {
  return next == 0 || next == 43 || next == 60;
}

FrameClass classify_ipv6(Bytes packet) {
  constexpr std::size_t kHeader = 40;
  if (packet.size() < kHeader) return {};
  std::uint8_t next = packet[6];
  Bytes payload = packet.subspan(kHeader);
  for (int i = 0; is_extension_header(next); ++i) {
    if (i == kMaxExtensionHeaders || payload.size() < 8) return {};
    const std::size_t size = (std::size_t{payload[1]} + 1) * 8;
    if (payload.size() < size) return {};
    next = payload[0];
    payload = payload.subspan(size);
  }
  if (next == kTcp) return flow(payload, v6_at(packet, 8), v6_at(packet, 24));
  return next == kIcmpV6 ? classify_icmp_v6(payload) : FrameClass{};
}

}  // namespace

FrameClass classify(Bytes frame) {
  if (frame.size() < kEthernetHeader) return {};
  std::size_t type_at = kEthernetHeader - 2;
  for (int tags = 0; tags < 2; ++tags) {
    const std::uint16_t type = word(frame, type_at);
    if (type != kVlan && type != kServiceVlan) break;
    type_at += kVlanTag;
    if (frame.size() < type_at + 2) return {};
  }
  const Bytes payload = frame.subspan(type_at + 2);
  switch (word(frame, type_at)) {
    case kIpv4:
      return classify_ipv4(payload);
    case kIpv6:
      return classify_ipv6(payload);
    case kArp:
      return classify_arp(payload);
    default:
      return {};
  }
}

}  // namespace lockstep::io

#include "dataplane/net/arp.h"

#include <algorithm>

#include "dataplane/net/ethernet.h"

namespace lockstep::net {

namespace {

constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint16_t kRequest = 1;
constexpr std::uint16_t kReply = 2;

MacAddress read_mac(Reader& reader) {
  MacAddress mac{};
  const Bytes bytes = reader.bytes(mac.size());
  std::copy(bytes.begin(), bytes.end(), mac.begin());
  return mac;
}

}  // namespace

std::optional<ArpMessage> read_arp(Bytes bytes) {
  Reader reader(bytes);
  const bool ours =
      reader.u16() == kHardwareEthernet && reader.u16() == EtherType::kIpv4 && reader.u8() == 6 && reader.u8() == 4;
  if (!ours) return std::nullopt;
  const std::uint16_t operation = reader.u16();
  ArpMessage message;
  message.reply = operation == kReply;
  message.sender_mac = read_mac(reader);
  message.sender_ip = IpAddress::v4(reader.u32());
  message.target_mac = read_mac(reader);
  message.target_ip = IpAddress::v4(reader.u32());
  if (!reader.ok() || (operation != kRequest && operation != kReply)) return std::nullopt;
  if (!is_station(message.sender_mac)) return std::nullopt;
  return message;
}

void write_arp(const ArpMessage& message, MutableBytes out) {
  Writer writer(out);
  writer.u16(kHardwareEthernet);
  writer.u16(EtherType::kIpv4);
  writer.u8(6);
  writer.u8(4);
  writer.u16(message.reply ? kReply : kRequest);
  writer.bytes(message.sender_mac);
  writer.u32(message.sender_ip.as_v4());
  writer.bytes(message.target_mac);
  writer.u32(message.target_ip.as_v4());
}

}  // namespace lockstep::net

#include "dataplane/net/ethernet.h"

#include <algorithm>

namespace lockstep::net {

namespace {

MacAddress read_mac(Reader& reader) {
  MacAddress mac{};
  const Bytes bytes = reader.bytes(mac.size());
  std::copy(bytes.begin(), bytes.end(), mac.begin());
  return mac;
}

}  // namespace

std::optional<EthernetHeader> read_ethernet(Bytes frame) {
  Reader reader(frame);
  EthernetHeader header;
  header.destination = read_mac(reader);
  header.source = read_mac(reader);
  header.type = reader.u16();
  if (header.type == EtherType::kVlan) {
    header.vlan = reader.u16() & 0x0fffU;
    header.type = reader.u16();
  }
  if (!reader.ok()) return std::nullopt;
  header.size = frame.size() - reader.remaining();
  return header;
}

void write_ethernet(const EthernetHeader& header, MutableBytes out) {
  Writer writer(out);
  writer.bytes(header.destination);
  writer.bytes(header.source);
  if (header.vlan != 0) {
    writer.u16(EtherType::kVlan);
    writer.u16(header.vlan);
  }
  writer.u16(header.type);
}

MacAddress group_mac(const IpAddress& group) {
  const auto& bytes = group.bytes();
  return {0x33, 0x33, bytes[12], bytes[13], bytes[14], bytes[15]};
}

}  // namespace lockstep::net

#include "dataplane/net/ipv4.h"

#include "dataplane/net/checksum.h"

namespace lockstep::net {

namespace {

constexpr std::uint8_t kDefaultTtl = 64;  // RFC 1700
constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kFragmentOffset = 0x1fff;

/// Reads the fields; the lengths are consistent with each other and the header lies in `piece`.
std::optional<Ipv4Header> read_fields(Bytes piece) {
  Reader reader(piece);
  Ipv4Header header;
  const std::uint8_t version_and_length = reader.u8();
  header.ecn = static_cast<Ecn>(reader.u8() & kEcnMask);  // of the type of service
  header.datagram_size = reader.u16();
  reader.u16();  // identification
  const std::uint16_t fragment = reader.u16();
  reader.u8();  // time to live: a host accepts 1 and takes no note of 0 (RFC 1122 section 3.2.1.7)
  header.protocol = reader.u8();
  reader.u16();  // checksum
  header.source = IpAddress::v4(reader.u32());
  header.destination = IpAddress::v4(reader.u32());
  header.header_size = std::size_t{4} * (version_and_length & 0x0fU);
  header.fragment = (fragment & (kMoreFragments | kFragmentOffset)) != 0;
  if (!reader.ok() || version_and_length >> 4U != 4) return std::nullopt;
  if (header.header_size < kIpv4HeaderSize || header.header_size > piece.size()) return std::nullopt;
  if (header.datagram_size < header.header_size) return std::nullopt;
  return header;
}

}  // namespace

std::optional<Ipv4Header> read_ipv4(Bytes piece, std::size_t size, bool verify) {
  const std::optional<Ipv4Header> header = read_fields(piece);
  if (!header || header->datagram_size > size) return std::nullopt;
  if (verify) {
    InternetSum sum;
    sum.add(piece.first(header->header_size));
    if (sum.checksum() != 0) return std::nullopt;  // RFC 1122 section 3.2.1.2
  }
  return header;
}

std::optional<Ipv4Header> read_quoted_ipv4(Bytes quoted) {
  return read_fields(quoted);
}

void write_ipv4(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, std::size_t datagram_size,
                bool checksum, Ecn ecn, MutableBytes out) {
  Writer writer(out);
  writer.u8(0x45);
  writer.u8(static_cast<std::uint8_t>(ecn));
  writer.u16(static_cast<std::uint16_t>(datagram_size));
  writer.u16(0);
  writer.u16(kDontFragment);
  writer.u8(kDefaultTtl);
  writer.u8(protocol);
  writer.u16(0);
  writer.u32(source.as_v4());
  writer.u32(destination.as_v4());
  if (!checksum) return;
  InternetSum sum;
  sum.add(out.first(kIpv4HeaderSize));
  Writer(out.subspan(10)).u16(sum.checksum());
}

}  // namespace lockstep::net

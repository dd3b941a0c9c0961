// The TCP header and its options (RFC 9293 section 3.1, RFC 7323, RFC 2018): reading and writing side by side.
#pragma once

#include <array>
#include <cstdint>

#include "crypto/base/bytes.h"
#include "dataplane/base/address.h"
#include "dataplane/tcp/sequence.h"

namespace lockstep::tcp {

/// Control bits (RFC 9293 section 3.1).
struct Flags {
  static constexpr std::uint8_t kFin = 0x01;
  static constexpr std::uint8_t kSyn = 0x02;
  static constexpr std::uint8_t kRst = 0x04;
  static constexpr std::uint8_t kPsh = 0x08;
  static constexpr std::uint8_t kAck = 0x10;
  static constexpr std::uint8_t kUrg = 0x20;
  static constexpr std::uint8_t kEce = 0x40;  // RFC 3168 section 6.1
  static constexpr std::uint8_t kCwr = 0x80;
};

constexpr std::size_t kMinimumHeader = 20;
constexpr std::size_t kMaximumHeader = 60;
constexpr std::size_t kMaximumSackBlocks = 4;
constexpr std::uint8_t kMaximumWindowScale = 14;  // RFC 7323 section 2.3
constexpr std::uint32_t kTimestampsLength = 12;   // the option and its padding
constexpr std::uint16_t kDefaultMssV4 = 536;      // of a peer that says nothing (RFC 9293 section 3.7.1)
constexpr std::uint16_t kDefaultMssV6 = 1220;

/// Bytes of the IP and TCP headers of a segment to `remote`, without options.
inline std::uint16_t headers_length(const IpAddress& remote) {
  return remote.is_v4() ? 40 : 60;
}

/// A header with the options this stack knows. Absent options have their flag false.
struct Header {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint16_t window = 0;  // as on the wire, not scaled
  std::uint8_t flags = 0;
  std::uint8_t length = 0;  // of the header with options, bytes; set by parse_header

  bool has_mss = false;
  bool has_window_scale = false;
  bool sack_permitted = false;
  bool has_timestamps = false;
  std::uint8_t window_scale = 0;
  std::uint8_t sack_count = 0;
  std::uint16_t mss = 0;
  std::uint32_t timestamp = 0;       // TSval
  std::uint32_t timestamp_echo = 0;  // TSecr
  std::array<SequenceRange, kMaximumSackBlocks> sack{};

  bool has(std::uint8_t bits) const { return (flags & bits) == bits; }
};

/// Reads the header at the front of `segment`; false when the data offset or an option's length is impossible. Unknown
/// options are skipped, known ones of a wrong length ignored, reserved bits ignored (RFC 9293 section 3.1, MUST-6 and
/// MUST-7).
[[nodiscard]] bool parse_header(Bytes segment, Header& header);

/// Bytes of options that `write_header` adds for `header`, padding included.
std::size_t options_length(const Header& header);

/// Writes header and options, checksum 0, into `out` (kMaximumHeader bytes suffice); returns the length, 0 when the
/// options do not fit into a header.
std::size_t write_header(const Header& header, MutableBytes out);

}  // namespace lockstep::tcp

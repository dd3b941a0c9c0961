#include "dataplane/tcp/header.h"

#include <algorithm>

namespace lockstep::tcp {
namespace {

enum class Option : std::uint8_t {
  end = 0,
  no_operation = 1,
  maximum_segment_size = 2,
  window_scale = 3,
  sack_permitted = 4,
  sack = 5,
  timestamps = 8,
};

constexpr std::size_t kSackBlockLength = 8;

void read_sack(Bytes value, Header& header) {
  Reader reader(value);
  const std::size_t count = std::min(value.size() / kSackBlockLength, kMaximumSackBlocks);
  header.sack_count = static_cast<std::uint8_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    header.sack[i].start = reader.u32();
    header.sack[i].end = reader.u32();
  }
}

void read_option(Option kind, Bytes value, Header& header) {
  Reader reader(value);
  switch (kind) {
    case Option::maximum_segment_size:
      if (value.size() != 2) return;
      header.has_mss = true;
      header.mss = reader.u16();
      return;
    case Option::window_scale:
      if (value.size() != 1) return;
      header.has_window_scale = true;
      header.window_scale = std::min(reader.u8(), kMaximumWindowScale);
      return;
    case Option::sack_permitted:
      header.sack_permitted = header.sack_permitted || value.empty();
      return;
    case Option::sack:
      if (!value.empty() && value.size() % kSackBlockLength == 0) read_sack(value, header);
      return;
    case Option::timestamps:
      if (value.size() != 8) return;
      header.has_timestamps = true;
      header.timestamp = reader.u32();
      header.timestamp_echo = reader.u32();
      return;
    default:
      return;
  }
}

bool read_options(Bytes options, Header& header) {
  Reader reader(options);
  while (reader.remaining() != 0) {
    const auto kind = static_cast<Option>(reader.u8());
    if (kind == Option::end) return true;
    if (kind == Option::no_operation) continue;
    const std::uint8_t length = reader.u8();
    if (!reader.ok() || length < 2) return false;
    const Bytes value = reader.bytes(length - 2U);
    if (!reader.ok()) return false;
    read_option(kind, value, header);
  }
  return true;
}

void pad(Writer& writer, int count) {
  for (int i = 0; i < count; ++i) writer.u8(static_cast<std::uint8_t>(Option::no_operation));
}

void start_option(Writer& writer, Option kind, std::size_t length) {
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.u8(static_cast<std::uint8_t>(length));
}

void write_options(const Header& header, Writer& writer) {
  if (header.has_mss) {
    start_option(writer, Option::maximum_segment_size, 4);
    writer.u16(header.mss);
  }
  if (header.sack_permitted) {
    pad(writer, 2);
    start_option(writer, Option::sack_permitted, 2);
  }
  if (header.has_timestamps) {
    pad(writer, 2);
    start_option(writer, Option::timestamps, 10);
    writer.u32(header.timestamp);
    writer.u32(header.timestamp_echo);
  }
  if (header.has_window_scale) {
    pad(writer, 1);
    start_option(writer, Option::window_scale, 3);
    writer.u8(header.window_scale);
  }
  if (header.sack_count != 0) {
    pad(writer, 2);
    start_option(writer, Option::sack, 2 + kSackBlockLength * header.sack_count);
    for (std::size_t i = 0; i < header.sack_count; ++i) {
      writer.u32(header.sack[i].start);
      writer.u32(header.sack[i].end);
    }
  }
}

}  // namespace

bool parse_header(Bytes segment, Header& header) {
  Reader reader(segment);
  header.source_port = reader.u16();
  header.destination_port = reader.u16();
  header.sequence = reader.u32();
  header.acknowledgment = reader.u32();
  const std::uint8_t offset = reader.u8() >> 4U;
  header.flags = reader.u8();
  header.window = reader.u16();
  reader.u32();  // checksum, verified below us, and the urgent pointer: urgent data is read in line
  header.length = static_cast<std::uint8_t>(offset * 4);
  if (!reader.ok() || header.length < kMinimumHeader || header.length > segment.size()) return false;
  return read_options(segment.subspan(kMinimumHeader, header.length - kMinimumHeader), header);
}

std::size_t options_length(const Header& header) {
  std::size_t length = 0;
  if (header.has_mss) length += 4;
  if (header.sack_permitted) length += 4;
  if (header.has_timestamps) length += kTimestampsLength;
  if (header.has_window_scale) length += 4;
  if (header.sack_count != 0) length += 4 + kSackBlockLength * header.sack_count;
  return length;
}

std::size_t write_header(const Header& header, MutableBytes out) {
  const std::size_t length = kMinimumHeader + options_length(header);
  if (length > kMaximumHeader) return 0;
  Writer writer(out);
  writer.u16(header.source_port);
  writer.u16(header.destination_port);
  writer.u32(header.sequence);
  writer.u32(header.acknowledgment);
  writer.u8(static_cast<std::uint8_t>(length / 4 << 4U));
  writer.u8(header.flags);
  writer.u16(header.window);
  writer.u32(0);
  write_options(header, writer);
  return writer.ok() ? writer.size() : 0;
}

}  // namespace lockstep::tcp

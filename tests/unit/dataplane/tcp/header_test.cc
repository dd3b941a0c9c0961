#include "dataplane/tcp/header.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/dataplane/tcp/host.h"

namespace lockstep::tcp {
namespace {

using testing::Dice;

std::vector<std::uint8_t> with_options(std::vector<std::uint8_t> options) {
  std::vector<std::uint8_t> bytes(kMinimumHeader);
  while (options.size() % 4 != 0) options.push_back(0);
  bytes[12] = static_cast<std::uint8_t>((kMinimumHeader + options.size()) / 4 << 4U);
  bytes.insert(bytes.end(), options.begin(), options.end());
  return bytes;
}

TEST(Header, ReadsWhatItWrites) {
  Header header;
  header.source_port = 443;
  header.destination_port = 51000;
  header.sequence = 0x01020304;
  header.acknowledgment = 0xf1f2f3f4;
  header.flags = Flags::kSyn | Flags::kAck;
  header.window = 4096;
  header.has_mss = header.has_window_scale = header.sack_permitted = header.has_timestamps = true;
  header.mss = 1460;
  header.window_scale = 7;
  header.timestamp = 99;
  header.timestamp_echo = 77;
  std::array<std::uint8_t, kMaximumHeader> room{};
  const std::size_t length = write_header(header, room);
  ASSERT_EQ(length, kMinimumHeader + options_length(header));
  EXPECT_EQ(length % 4, 0U);
  Header read;
  ASSERT_TRUE(parse_header(Bytes(room).first(length), read));
  EXPECT_EQ(read.source_port, 443);
  EXPECT_EQ(read.destination_port, 51000);
  EXPECT_EQ(read.sequence, header.sequence);
  EXPECT_EQ(read.acknowledgment, header.acknowledgment);
  EXPECT_EQ(read.flags, header.flags);
  EXPECT_EQ(read.window, 4096);
  EXPECT_EQ(read.length, length);
  EXPECT_TRUE(read.has_mss && read.has_window_scale && read.sack_permitted && read.has_timestamps);
  EXPECT_EQ(read.mss, 1460);
  EXPECT_EQ(read.window_scale, 7);
  EXPECT_EQ(read.timestamp, 99U);
  EXPECT_EQ(read.timestamp_echo, 77U);
}

TEST(Header, CarriesThreeSackBlocksBesideTimestampsAndFourAlone) {
  Header header;
  header.sack = {{{1, 2}, {3, 4}, {5, 6}, {7, 8}}};
  std::array<std::uint8_t, kMaximumHeader> room{};
  for (const bool timestamps : {false, true}) {
    header.has_timestamps = timestamps;
    header.sack_count = timestamps ? 3 : 4;
    const std::size_t length = write_header(header, room);
    Header read;
    ASSERT_TRUE(parse_header(Bytes(room).first(length), read));
    ASSERT_EQ(read.sack_count, header.sack_count);
    for (std::size_t i = 0; i < read.sack_count; ++i) EXPECT_EQ(read.sack[i], header.sack[i]);
  }
  header.sack_count = 4;
  EXPECT_EQ(write_header(header, room), 0U) << "more options than a header can hold";
}

TEST(Header, RefusesImpossibleDataOffsets) {
  std::vector<std::uint8_t> bytes(24);
  Header header;
  for (unsigned offset = 0; offset < 16; ++offset) {
    bytes[12] = static_cast<std::uint8_t>(offset << 4U);
    EXPECT_EQ(parse_header(bytes, header), offset == 5 || offset == 6) << offset;
  }
  EXPECT_FALSE(parse_header(Bytes(bytes).first(19), header));
  EXPECT_FALSE(parse_header({}, header));
}

// RFC 9293 section 3.1. The lowest of them is set by the SYNs of accurate ECN (RFC 9768), which then count as those of
// RFC 3168.
TEST(Header, IgnoresReservedBits) {
  std::vector<std::uint8_t> bytes(20);
  bytes[12] = 0x5f;
  bytes[13] = 0xc2;
  Header header;
  ASSERT_TRUE(parse_header(bytes, header));
  EXPECT_EQ(header.flags, Flags::kSyn | Flags::kEce | Flags::kCwr);
}

TEST(Header, RefusesOptionLengthsThatCannotBe) {
  Header header;
  EXPECT_FALSE(parse_header(with_options({2, 0, 5, 180}), header));
  EXPECT_FALSE(parse_header(with_options({2, 1, 5, 180}), header));
  EXPECT_FALSE(parse_header(with_options({2, 5, 5, 180}), header));
  EXPECT_FALSE(parse_header(with_options({1, 1, 1, 8}), header));
  EXPECT_FALSE(parse_header(with_options({254, 41, 0, 0}), header));
}

TEST(Header, SkipsUnknownOptionsAndStopsAtTheEnd) {
  Header header;
  ASSERT_TRUE(parse_header(with_options({254, 6, 1, 2, 3, 4, 2, 4, 5, 180, 0, 2}), header));
  EXPECT_TRUE(header.has_mss);
  EXPECT_EQ(header.mss, 1460);
}

TEST(Header, IgnoresKnownOptionsOfAWrongLength) {
  Header header;
  ASSERT_TRUE(
      parse_header(with_options({2, 3, 5, 3, 4, 7, 7, 8, 4, 0, 0, 4, 3, 1, 5, 9, 1, 2, 3, 4, 5, 6, 7}), header));
  EXPECT_FALSE(header.has_mss || header.has_window_scale || header.has_timestamps || header.sack_permitted);
  EXPECT_EQ(header.sack_count, 0);
}

TEST(Header, TakesAWindowScaleAboveFourteenAsFourteen) {
  Header header;
  ASSERT_TRUE(parse_header(with_options({3, 3, 15}), header));
  EXPECT_EQ(header.window_scale, 14);
}

TEST(Header, SurvivesRandomBytes) {
  Dice random(1);
  std::size_t accepted = 0;
  for (int i = 0; i < 200000; ++i) {
    std::vector<std::uint8_t> bytes(random() % 70);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % 3 == 0 ? random() % 10 : random());
    Header header;
    if (!parse_header(bytes, header)) continue;
    ++accepted;
    ASSERT_LE(header.length, bytes.size());
    ASSERT_LE(header.sack_count, kMaximumSackBlocks);
    ASSERT_LE(header.window_scale, kMaximumWindowScale);
  }
  EXPECT_GT(accepted, 1000U);
}

TEST(Sequence, ComparesModulo32Bits) {
  EXPECT_TRUE(before(0xffffffff, 0));
  EXPECT_TRUE(after(5, 0xfffffff0));
  EXPECT_TRUE(before(0x7fffffff, 0x80000000));
  EXPECT_FALSE(before(7, 7));
  EXPECT_EQ(later(0xffffffff, 3), 3U);
  EXPECT_EQ(earlier(0xffffffff, 3), 0xffffffff);
}

}  // namespace
}  // namespace lockstep::tcp

#include "crypto/base/bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "crypto/base/constant_time.h"
#include "crypto/base/histogram.h"
#include "crypto/base/result.h"
#include "crypto/base/secret.h"
#include "crypto/base/time.h"

namespace lockstep {
namespace {

TEST(Reader, ReadsBigEndianFields) {
  const std::array<std::uint8_t, 18> bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18};
  Reader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0203);
  EXPECT_EQ(reader.u24(), 0x040506U);
  EXPECT_EQ(reader.u32(), 0x0708090aU);
  EXPECT_EQ(reader.u64(), 0x0b0c0d0e0f101112U);
  EXPECT_TRUE(reader.finished());
}

TEST(Reader, FailsForGoodOnAReadPastTheEnd) {
  const std::array<std::uint8_t, 3> bytes = {1, 2, 3};
  Reader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_TRUE(reader.bytes(1).empty());
  EXPECT_FALSE(reader.finished());
}

TEST(Reader, IsNotFinishedWhileBytesRemain) {
  const std::array<std::uint8_t, 2> bytes = {1, 2};
  Reader reader(bytes);
  reader.u8();
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(reader.finished());
}

TEST(Reader, ReadsVectorsOfEveryLengthPrefix) {
  const std::array<std::uint8_t, 9> bytes = {1, 10, 0, 1, 11, 0, 0, 1, 12};
  Reader reader(bytes);
  EXPECT_EQ(reader.vector8()[0], 10);
  EXPECT_EQ(reader.vector16()[0], 11);
  EXPECT_EQ(reader.vector24()[0], 12);
  EXPECT_TRUE(reader.finished());
}

TEST(Reader, RefusesAVectorLongerThanItsParent) {
  const std::array<std::uint8_t, 3> bytes = {3, 1, 2};
  Reader reader(bytes);
  EXPECT_TRUE(reader.vector8().empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Writer, FillsInLengthsWhenScopesEnd) {
  std::array<std::uint8_t, 16> buffer{};
  Writer writer(buffer);
  {
    const auto outer = writer.length24();
    writer.u8(0xaa);
    {
      const auto inner = writer.length16();
      writer.u32(0x01020304);
    }
    const auto empty = writer.length8();
  }
  ASSERT_TRUE(writer.ok());
  const std::vector<std::uint8_t> expected = {0, 0, 8, 0xaa, 0, 4, 1, 2, 3, 4, 0};
  EXPECT_EQ(std::vector<std::uint8_t>(writer.written().begin(), writer.written().end()), expected);
}

TEST(Writer, FailsForGoodWhenAWriteDoesNotFit) {
  std::array<std::uint8_t, 3> buffer{};
  Writer writer(buffer);
  writer.u16(1);
  writer.u16(2);
  EXPECT_FALSE(writer.ok());
  writer.u8(3);
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(buffer[2], 0);
}

TEST(Writer, FailsWhenALengthDoesNotFitItsPrefix) {
  std::array<std::uint8_t, 300> buffer{};
  Writer writer(buffer);
  {
    const auto scope = writer.length8();
    EXPECT_EQ(writer.reserve(256).size(), 256U);
  }
  EXPECT_FALSE(writer.ok());
}

TEST(Secret, IsWipedOnRequest) {
  Secret<4> secret;
  const std::array<std::uint8_t, 6> source = {1, 2, 3, 4, 5, 6};
  secret.assign(source);
  EXPECT_EQ(secret.expose(2)[1], 2);
  secret.clear();
  for (const std::uint8_t byte : secret.expose()) EXPECT_EQ(byte, 0);
}

TEST(Secret, IsWipedWhenItGoes) {
  alignas(Secret<32>) std::array<std::uint8_t, sizeof(Secret<32>)> memory{};
  auto* const secret = new (memory.data()) Secret<32>;
  for (std::uint8_t& byte : secret->writable()) byte = 0xff;
  secret->~Secret<32>();
  asm volatile("" : : "r"(memory.data()) : "memory");
  for (const std::uint8_t byte : memory) EXPECT_EQ(byte, 0);
}

TEST(EqualConstantTime, ComparesLengthAndEveryByte) {
  const std::array<std::uint8_t, 4> a = {1, 2, 3, 4};
  EXPECT_TRUE(equal_constant_time(a, a));
  EXPECT_TRUE(equal_constant_time({}, {}));
  EXPECT_FALSE(equal_constant_time(a, Bytes(a).first(3)));
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::array<std::uint8_t, 4> b = a;
    b[i] ^= 0x80;
    EXPECT_FALSE(equal_constant_time(a, b)) << i;
  }
}

TEST(Histogram, CountsByPowersOfTwo) {
  Histogram histogram;
  for (const std::uint64_t value : {0U, 1U, 2U, 3U, 4U, 7U}) histogram.record(value);
  EXPECT_EQ(histogram.bucket(0), 1U);
  EXPECT_EQ(histogram.bucket(1), 1U);
  EXPECT_EQ(histogram.bucket(2), 2U);
  EXPECT_EQ(histogram.bucket(3), 2U);
  EXPECT_EQ(histogram.count(), 6U);
  EXPECT_EQ(histogram.sum(), 17U);
}

TEST(Histogram, KeepsWhatIsTooLargeInTheLastBucket) {
  Histogram histogram;
  histogram.record(~std::uint64_t{0});
  EXPECT_EQ(histogram.bucket(Histogram::kBuckets - 1), 1U);
}

TEST(Result, HoldsEitherAValueOrAnError) {
  const Result<int, char> value = 5;
  const Result<int, char> error = Failure{'x'};
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value.value(), 5);
  ASSERT_FALSE(error.ok());
  EXPECT_EQ(error.error(), 'x');
}

TEST(Instant, NeverIsLaterThanAnyOther) {
  EXPECT_GT(Instant::never(), Instant{} + seconds(1'000'000'000));
  EXPECT_EQ((Instant{} + milliseconds(3)) - (Instant{} + microseconds(500)), nanoseconds(2'500'000));
}

}  // namespace
}  // namespace lockstep

#include "crypto/rsa_premaster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace lockstep::crypto {
namespace {

constexpr std::uint16_t kVersion = 0x0303;
using Premaster = std::array<std::uint8_t, kRsaPremaster>;

Premaster clients() {
  Premaster secret;
  secret.fill(0xc1);
  secret[0] = 3;
  secret[1] = 3;
  return secret;
}
Premaster substitute() {
  Premaster secret;
  secret.fill(0x5b);
  return secret;
}

/// A well-formed block of `size` bytes (RFC 8017 section 7.2.1).
std::vector<std::uint8_t> block(std::size_t size) {
  std::vector<std::uint8_t> bytes(size, 0xaa);
  bytes[0] = 0;
  bytes[1] = 2;
  bytes[size - 49] = 0;
  const Premaster secret = clients();
  std::copy(secret.begin(), secret.end(), bytes.end() - kRsaPremaster);
  return bytes;
}

Premaster selected(Bytes decrypted, bool at_all = true, std::uint16_t version = kVersion) {
  Premaster out{};
  select_rsa_premaster(decrypted, at_all, version, substitute(), out);
  return out;
}

TEST(RsaPremaster, IsTheClientsWhenAllIsAsItHasToBe) {
  for (const std::size_t size : {59U, 256U, 384U, 512U}) EXPECT_EQ(selected(block(size)), clients()) << size;
}

// RFC 5246 section 7.4.7.1: the server must not tell these from a good one; Finished will not verify.
TEST(RsaPremaster, IsTheSubstituteWhenTheBlockBeginsOtherwise) {
  for (const std::size_t size : {256U, 384U, 512U})
    for (const std::size_t place : {0U, 1U})
      for (unsigned value = 0; value < 256; ++value) {
        std::vector<std::uint8_t> bytes = block(size);
        bytes[place] = static_cast<std::uint8_t>(value);
        EXPECT_EQ(selected(bytes), value == (place == 0 ? 0U : 2U) ? clients() : substitute());
      }
}

TEST(RsaPremaster, IsTheSubstituteWhenAPaddingByteIsZeroAnywhere) {
  for (const std::size_t size : {256U, 384U, 512U})
    for (std::size_t place = 2; place < size - 49; ++place) {
      std::vector<std::uint8_t> bytes = block(size);
      bytes[place] = 0;
      EXPECT_EQ(selected(bytes), substitute()) << place;
    }
}

TEST(RsaPremaster, IsTheSubstituteWhenTheSeparatorIsNotInItsPlace) {
  for (unsigned value = 1; value < 256; ++value) {
    std::vector<std::uint8_t> bytes = block(256);
    bytes[256 - 49] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(selected(bytes), substitute());
  }
}

TEST(RsaPremaster, MayHoldZerosItself) {
  std::vector<std::uint8_t> bytes = block(256);
  std::fill(bytes.end() - 46, bytes.end(), std::uint8_t{0});
  Premaster expected = clients();
  std::fill(expected.begin() + 2, expected.end(), std::uint8_t{0});
  EXPECT_EQ(selected(bytes), expected);
}

TEST(RsaPremaster, IsTheSubstituteWhenTheVersionIsNotTheHellos) {
  for (unsigned value = 0; value < 256; ++value) {
    std::vector<std::uint8_t> bytes = block(256);
    bytes[256 - 48] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(selected(bytes), value == 3 ? clients() : substitute());
    bytes = block(256);
    bytes[256 - 47] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(selected(bytes), value == 3 ? clients() : substitute());
  }
}

TEST(RsaPremaster, IsTheSubstituteWhenThereWasNothingToDecrypt) {
  EXPECT_EQ(selected(block(256), false), substitute());
}

TEST(RsaPremaster, ChecksTheVersionOfTheHelloNotTheNegotiatedOne) {
  EXPECT_EQ(selected(block(256), true, 0x0304), substitute());
}

}  // namespace
}  // namespace lockstep::crypto

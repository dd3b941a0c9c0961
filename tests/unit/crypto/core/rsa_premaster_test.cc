#include "crypto/rsa_premaster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace lockstep::crypto {
namespace {

constexpr std::uint16_t kVersion = 0x0303;
using Premaster = std::array<std::uint8_t, kRsaPremasterSize>;

class RsaPremaster : public testing::TestWithParam<std::size_t> {
 protected:
  RsaPremaster() {
    for (std::size_t i = 0; i < kRsaPremasterSize; ++i) {
      secret_[i] = static_cast<std::uint8_t>(0x80 + i);
      substitute_[i] = static_cast<std::uint8_t>(i * 5);
    }
    secret_[0] = kVersion >> 8U;
    secret_[1] = kVersion & 0xffU;
  }

  /// 00 02, padding, 00, the secret.
  std::vector<std::uint8_t> good_message() const {
    std::vector<std::uint8_t> message(GetParam(), 0xa5);
    message[0] = 0;
    message[1] = 2;
    message[GetParam() - kRsaPremasterSize - 1] = 0;
    std::copy(secret_.begin(), secret_.end(), message.end() - kRsaPremasterSize);
    return message;
  }
  Premaster take(Bytes message, bool usable = true, std::uint16_t version = kVersion) const {
    Premaster premaster{};
    take_rsa_premaster(premaster, message, usable, version, substitute_);
    return premaster;
  }

  Premaster secret_;
  Premaster substitute_;
};

TEST_P(RsaPremaster, IsTakenFromAWellFormedMessage) {
  EXPECT_EQ(take(good_message()), secret_);
}

TEST_P(RsaPremaster, AnyPaddingWithoutAZeroWillDo) {
  for (unsigned value = 1; value < 256; ++value) {
    std::vector<std::uint8_t> message = good_message();
    for (std::size_t i = 2; i < message.size() - kRsaPremasterSize - 1; ++i) {
      message[i] = static_cast<std::uint8_t>(value);
    }
    EXPECT_EQ(take(message), secret_) << value;
  }
}

TEST_P(RsaPremaster, IsSubstitutedWhenThereIsNoResult) {
  EXPECT_EQ(take(good_message(), false), substitute_);
}

TEST_P(RsaPremaster, IsSubstitutedWhenTheFirstTwoBytesAreNotZeroAndTwo) {
  for (unsigned value = 0; value < 256; ++value) {
    std::vector<std::uint8_t> message = good_message();
    message[0] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(take(message), value == 0 ? secret_ : substitute_) << value;
    message = good_message();
    message[1] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(take(message), value == 2 ? secret_ : substitute_) << value;
  }
}

TEST_P(RsaPremaster, IsSubstitutedWhenTheFirstZeroIsAnywhereElse) {
  const std::size_t separator = GetParam() - kRsaPremasterSize - 1;
  for (std::size_t position = 2; position < GetParam(); ++position) {
    if (position == separator) continue;
    // Alone, as of a secret of another length, and before the right one.
    std::vector<std::uint8_t> message = good_message();
    if (position < separator) {
      message[position] = 0;
      EXPECT_EQ(take(message), substitute_) << position;
    }
    message[separator] = 0x17;
    message[position] = 0;
    EXPECT_EQ(take(message), substitute_) << position;
  }
}

TEST_P(RsaPremaster, IsSubstitutedWhenThereIsNoSeparator) {
  for (unsigned value = 1; value < 256; ++value) {
    std::vector<std::uint8_t> message = good_message();
    message[GetParam() - kRsaPremasterSize - 1] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(take(message), substitute_) << value;
  }
}

TEST_P(RsaPremaster, IsSubstitutedWhenItsVersionIsNotTheClientHellos) {
  for (unsigned bit = 0; bit < 16; ++bit) {
    const auto other = static_cast<std::uint16_t>(kVersion ^ 1U << bit);
    EXPECT_EQ(take(good_message(), true, other), substitute_) << bit;
    std::vector<std::uint8_t> message = good_message();
    message[GetParam() - kRsaPremasterSize] = static_cast<std::uint8_t>(other >> 8U);
    message[GetParam() - kRsaPremasterSize + 1] = static_cast<std::uint8_t>(other);
    EXPECT_EQ(take(message), substitute_) << bit;
    Premaster expected = secret_;
    expected[0] = static_cast<std::uint8_t>(other >> 8U);
    expected[1] = static_cast<std::uint8_t>(other);
    EXPECT_EQ(take(message, true, other), expected) << bit;
  }
}

TEST_P(RsaPremaster, IsSubstitutedForConstantMessages) {
  for (unsigned value = 0; value < 256; ++value) {
    const std::vector<std::uint8_t> message(GetParam(), static_cast<std::uint8_t>(value));
    EXPECT_EQ(take(message), substitute_) << value;
  }
}

TEST_P(RsaPremaster, TwoFaultsDoNotCancelOut) {
  std::vector<std::uint8_t> message = good_message();
  message[0] = 0xff;
  message[1] = 0xfd;
  message[5] = 0;
  EXPECT_EQ(take(message, false, 0xffff), substitute_);
}

TEST_P(RsaPremaster, EveryByteIsSelected) {
  for (std::size_t i = 2; i < kRsaPremasterSize; ++i) {
    std::vector<std::uint8_t> message = good_message();
    message[GetParam() - kRsaPremasterSize + i] ^= 0xffU;
    Premaster expected = secret_;
    expected[i] ^= 0xffU;
    EXPECT_EQ(take(message), expected) << i;
  }
}

// 59 bytes are the smallest that hold a premaster secret with eight bytes of padding.
INSTANTIATE_TEST_SUITE_P(Sizes, RsaPremaster, testing::Values(59, 60, 128, 256, 384, 512));

TEST(RsaPremasterOfATooShortModulus, IsSubstituted) {
  Premaster substitute;
  substitute.fill(0x3c);
  for (std::size_t size = 0; size < 59; ++size) {
    std::vector<std::uint8_t> message(size, 0xa5);
    if (size >= 2) {
      message[0] = 0;
      message[1] = 2;
    }
    if (size > 50) {
      message[size - 49] = 0;
      message[size - 48] = message[size - 47] = 3;
    }
    Premaster premaster{};
    take_rsa_premaster(premaster, message, true, kVersion, substitute);
    EXPECT_EQ(premaster, substitute) << size;
  }
}

}  // namespace
}  // namespace lockstep::crypto

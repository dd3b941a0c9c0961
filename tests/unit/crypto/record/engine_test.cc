#include "crypto/record/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/crypto/record/record.h"

namespace lockstep::crypto::test {
namespace {

TEST(IpsecMb, SupportsRecordsOnly) {
  const auto engine = make_ipsec_mb_engine(16);
  ASSERT_TRUE(engine) << engine.error();
  EXPECT_TRUE(engine.value()->supports(JobClass::seal));
  EXPECT_TRUE(engine.value()->supports(JobClass::open));
  EXPECT_TRUE(engine.value()->supports(JobClass::cbc_seal));
  EXPECT_TRUE(engine.value()->supports(JobClass::cbc_open));
  EXPECT_FALSE(engine.value()->supports(JobClass::derive_x25519));
  EXPECT_FALSE(engine.value()->supports(JobClass::transcript));
}

TEST(IpsecMb, SaysWhichInstructionsItUses) {
  IpsecMbInfo info;
  const auto engine = make_ipsec_mb_engine(16, &info);
  ASSERT_TRUE(engine) << engine.error();
  EXPECT_THAT(info.features, testing::HasSubstr("AES-NI"));
}

TEST(IpsecMb, CountsExpansionsAndEvictions) {
  Random random = Random::from_number(4);
  IpsecMbInfo info;
  const auto engine = make_ipsec_mb_engine(4, &info);
  ASSERT_TRUE(engine) << engine.error();
  for (int i = 0; i < 6; ++i) {
    const Record record(Aead::aes_256_gcm, random, 10, 1, true);
    record.seal(*engine.value());
    record.seal(*engine.value());
  }
  EXPECT_EQ(info.keys.expansions, 6U);
  EXPECT_EQ(info.keys.hits, 6U);
  EXPECT_EQ(info.keys.evictions, 2U);
}

TEST(IpsecMb, ExpandsNothingForChaCha20) {
  Random random = Random::from_number(4);
  IpsecMbInfo info;
  const auto engine = make_ipsec_mb_engine(4, &info);
  ASSERT_TRUE(engine) << engine.error();
  Record(Aead::chacha20_poly1305, random, 10, 1, true).seal(*engine.value());
  EXPECT_EQ(info.keys.expansions, 0U);
}

}  // namespace
}  // namespace lockstep::crypto::test

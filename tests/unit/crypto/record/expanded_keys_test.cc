#include "crypto/record/expanded_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace lockstep::crypto::test {
namespace {

bool holds_zeros(const ExpandedKey& key) {
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&key);
  return std::all_of(bytes, bytes + sizeof key, [](std::uint8_t byte) { return byte == 0; });
}
void scribble(ExpandedKey* key) {
  std::memset(static_cast<void*>(key), 0x77, sizeof *key);
}

class ExpandedKeysTest : public testing::Test {
 protected:
  ExpandedKeyCounters counters_;
};

TEST_F(ExpandedKeysTest, RoundsItsCapacityUp) {
  EXPECT_EQ(ExpandedKeys(0, counters_).capacity(), 4U);
  EXPECT_EQ(ExpandedKeys(4, counters_).capacity(), 4U);
  EXPECT_EQ(ExpandedKeys(5, counters_).capacity(), 8U);
  EXPECT_EQ(ExpandedKeys(1000, counters_).capacity(), 1024U);
}

TEST_F(ExpandedKeysTest, KeepsAKeyUntilItsSetIsFull) {
  ExpandedKeys keys(4, counters_);
  std::set<ExpandedKey*> slots;
  for (std::uint64_t id = 1; id <= 4; ++id) {
    const ExpandedKeys::Slot slot = keys.find_or_take(id);
    EXPECT_TRUE(slot.fresh);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slot.key) % 64, 0U);
    slots.insert(slot.key);
  }
  EXPECT_EQ(slots.size(), 4U);
  for (std::uint64_t id = 1; id <= 4; ++id) EXPECT_FALSE(keys.find_or_take(id).fresh);
  EXPECT_EQ(counters_.expansions, 4U);
  EXPECT_EQ(counters_.hits, 4U);
  EXPECT_EQ(counters_.evictions, 0U);
}

TEST_F(ExpandedKeysTest, EvictsTheLeastRecentlyUsed) {
  ExpandedKeys keys(4, counters_);
  for (std::uint64_t id = 1; id <= 4; ++id) keys.find_or_take(id);
  keys.find_or_take(1);  // now 2 is the oldest
  EXPECT_TRUE(keys.find_or_take(5).fresh);
  EXPECT_EQ(counters_.evictions, 1U);
  EXPECT_FALSE(keys.find_or_take(1).fresh);
  EXPECT_FALSE(keys.find_or_take(3).fresh);
  EXPECT_FALSE(keys.find_or_take(4).fresh);
  EXPECT_FALSE(keys.find_or_take(5).fresh);
  EXPECT_TRUE(keys.find_or_take(2).fresh);
}

TEST_F(ExpandedKeysTest, WipesWhatItEvicts) {
  ExpandedKeys keys(4, counters_);
  for (std::uint64_t id = 1; id <= 4; ++id) scribble(keys.find_or_take(id).key);
  const ExpandedKeys::Slot slot = keys.find_or_take(5);
  EXPECT_TRUE(slot.fresh);
  EXPECT_TRUE(holds_zeros(*slot.key));
}

TEST_F(ExpandedKeysTest, LeavesAloneWhatIsInUse) {
  ExpandedKeys keys(4, counters_);
  for (std::uint64_t id = 1; id <= 4; ++id) keys.find_or_take(id);
  EXPECT_EQ(keys.find_or_take(5, 4).key, nullptr);  // counts as a call, so that 1 is now the fifth last
  EXPECT_EQ(counters_.evictions, 0U);
  EXPECT_NE(keys.find_or_take(6, 4).key, nullptr);
  EXPECT_EQ(counters_.evictions, 1U);
  for (std::uint64_t id = 2; id <= 4; ++id) EXPECT_FALSE(keys.find_or_take(id).fresh);
}

TEST_F(ExpandedKeysTest, WipesWhatItForgets) {
  ExpandedKeys keys(4, counters_);
  ExpandedKey* const key = keys.find_or_take(9).key;
  scribble(key);
  keys.forget(9);
  EXPECT_TRUE(holds_zeros(*key));
  EXPECT_TRUE(keys.find_or_take(9).fresh);
}

TEST_F(ExpandedKeysTest, ForgetsOnlyWhatItIsTold) {
  ExpandedKeys keys(16, counters_);
  keys.find_or_take(1);
  keys.forget(0);
  keys.forget(2);
  EXPECT_FALSE(keys.find_or_take(1).fresh);
}

TEST_F(ExpandedKeysTest, SpreadsAnyStrideOfIdentifiers) {
  for (const std::uint64_t stride : {1, 2, 3, 8, 64, 1024}) {
    ExpandedKeyCounters counters;
    ExpandedKeys keys(1024, counters);
    for (std::uint64_t i = 1; i <= 512; ++i) keys.find_or_take(i * stride);
    EXPECT_LT(counters.evictions, 30U) << stride;
  }
}

TEST_F(ExpandedKeysTest, FindsWithoutCountingAUse) {
  ExpandedKeys keys(4, counters_);
  keys.prefetch_set(77);
  EXPECT_EQ(keys.find(77), nullptr);
  const ExpandedKey* const key = keys.find_or_take(77).key;
  EXPECT_EQ(keys.find(77), key);
  EXPECT_EQ(counters_.hits, 0U);
}

}  // namespace
}  // namespace lockstep::crypto::test

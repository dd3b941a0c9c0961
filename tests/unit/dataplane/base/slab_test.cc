#include "dataplane/base/slab.h"

#include <gtest/gtest.h>

#include <memory>

namespace lockstep {
namespace {

TEST(Slab, RefusesWhenFullAndTakesAgainAfterErase) {
  Slab<int> slab(2);
  const Handle one = slab.make(1);
  ASSERT_TRUE(slab.make(2));
  EXPECT_FALSE(slab.make(3));
  slab.erase(one);
  EXPECT_TRUE(slab.make(4));
  EXPECT_EQ(slab.size(), 2U);
}

TEST(Slab, StaleHandleNeverFindsTheNextTenant) {
  Slab<int> slab(1);
  const Handle first = slab.make(1);
  slab.erase(first);
  const Handle second = slab.make(2);
  EXPECT_EQ(first.index, second.index);
  EXPECT_EQ(slab.find(first), nullptr);
  slab.erase(first);
  ASSERT_NE(slab.find(second), nullptr);
  EXPECT_EQ(*slab.find(second), 2);
}

TEST(Slab, NullAndForeignHandlesFindNothing) {
  Slab<int> slab(1);
  slab.make(1);
  EXPECT_EQ(slab.find(Handle{}), nullptr);
  EXPECT_EQ(slab.find(Handle{7, 1}), nullptr);
}

TEST(Slab, DestroysWhatIsLeft) {
  const auto watched = std::make_shared<int>(1);
  {
    Slab<std::shared_ptr<int>> slab(4);
    const Handle handle = slab.make(watched);
    slab.make(watched);
    EXPECT_EQ(watched.use_count(), 3);
    slab.erase(handle);
    EXPECT_EQ(watched.use_count(), 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Slab, ForEachMayEraseTheObjectItIsGiven) {
  Slab<int> slab(8);
  for (int i = 0; i < 8; ++i) slab.make(i);
  slab.for_each([&slab](Handle handle, int& value) {
    if (value % 2 == 0) slab.erase(handle);
  });
  int sum = 0;
  slab.for_each([&sum](Handle, int& value) { sum += value; });
  EXPECT_EQ(sum, 1 + 3 + 5 + 7);
}

}  // namespace
}  // namespace lockstep

#include "dataplane/base/spsc_ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "dataplane/base/event.h"

namespace lockstep {
namespace {

TEST(SpscRing, KeepsOrderAndRefusesWhenFull) {
  SpscRing<int> ring(3);
  EXPECT_EQ(ring.capacity(), 4U);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.push(i));
  EXPECT_FALSE(ring.push(4));
  EXPECT_EQ(ring.refused(), 1U);
  int value = -1;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(ring.pop(value));
    EXPECT_EQ(value, i);
  }
  EXPECT_FALSE(ring.pop(value));
  EXPECT_TRUE(ring.empty());
}

TEST(SpscRing, LeavesARefusedValueWithItsOwner) {
  SpscRing<std::unique_ptr<int>> ring(2);
  ring.push(std::make_unique<int>(1));
  ring.push(std::make_unique<int>(2));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_EQ(*third, 3);
}

TEST(SpscRing, CarriesEverythingBetweenTwoThreads) {
  constexpr std::uint64_t kCount = 100'000;
  SpscRing<std::uint64_t> ring(64);
  std::thread producer([&ring] {
    for (std::uint64_t i = 0; i < kCount; ++i)
      while (!ring.push(i)) std::this_thread::yield();
  });
  std::uint64_t expected = 0;
  std::uint64_t mistakes = 0;
  while (expected < kCount) {
    std::uint64_t value = 0;
    if (!ring.pop(value)) {
      std::this_thread::yield();
      continue;
    }
    mistakes += value != expected++;
  }
  producer.join();
  EXPECT_EQ(mistakes, 0U);
}

TEST(Event, CarriesATriviallyCopyableStruct) {
  struct Closed {
    std::uint32_t connection;
    char reason[16];
  };
  const Event event = Event::make(7, Instant{42}, Closed{9, "reset"});
  EXPECT_EQ(event.kind, 7);
  EXPECT_EQ(event.at.ns, 42);
  EXPECT_EQ(event.as<Closed>().connection, 9U);
  EXPECT_STREQ(event.as<Closed>().reason, "reset");
}

}  // namespace
}  // namespace lockstep

#include "dataplane/tcp/scoreboard.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/dataplane/tcp/host.h"

namespace lockstep::tcp {
namespace {

using testing::Dice;

TEST(Scoreboard, CountsEachByteOnce) {
  RangePool pool(100);
  Scoreboard board;
  EXPECT_EQ(board.add({10, 20}, pool), 10U);
  EXPECT_EQ(board.add({10, 20}, pool), 0U);
  EXPECT_EQ(board.add({15, 25}, pool), 5U);
  EXPECT_EQ(board.add({30, 40}, pool), 10U);
  EXPECT_EQ(board.add({5, 45}, pool), 15U);
  EXPECT_EQ(board.bytes(), 40U);
  board.acknowledge(15, pool);
  EXPECT_EQ(board.bytes(), 30U);
  board.acknowledge(45, pool);
  EXPECT_TRUE(board.empty());
}

TEST(Scoreboard, FindsHoles) {
  RangePool pool(100);
  Scoreboard board;
  board.add({20, 30}, pool);
  board.add({40, 50}, pool);
  EXPECT_EQ(board.hole({10, 60}), (SequenceRange{10, 20}));
  EXPECT_EQ(board.hole({20, 60}), (SequenceRange{30, 40}));
  EXPECT_EQ(board.hole({25, 35}), (SequenceRange{30, 35}));
  EXPECT_EQ(board.hole({45, 60}), (SequenceRange{50, 60}));
  EXPECT_TRUE(board.hole({20, 30}).empty());
  EXPECT_EQ(board.sacked({25, 45}), 10U);
}

// RFC 6675 section 4, IsLost: three ranges, or more than two segments' bytes, above.
TEST(Scoreboard, JudgesLossByWhatArrivedAbove) {
  RangePool pool(100);
  Scoreboard board;
  board.add({2000, 4000}, pool);
  EXPECT_EQ(board.lost_edge(1000, 1000), 1000U);
  board.add({4000, 4001}, pool);
  EXPECT_EQ(board.lost_edge(1000, 1000), 2000U);
  board.clear(pool);
  board.add({2000, 2001}, pool);
  board.add({2100, 2101}, pool);
  EXPECT_EQ(board.lost_edge(1000, 1000), 1000U);
  board.add({2200, 2201}, pool);
  EXPECT_EQ(board.lost_edge(1000, 1000), 2000U);
}

TEST(Scoreboard, AgreesWithASetOfBytes) {
  Dice random(3);
  for (int round = 0; round < 200; ++round) {
    RangePool pool(1000);
    Scoreboard board;
    constexpr std::uint32_t kSize = 300;
    const auto base = random();
    std::vector<bool> set(kSize);
    std::uint32_t una = 0;
    for (int step = 0; step < 60; ++step) {
      if (random() % 5 == 0) {
        una += random() % (kSize - una) / 8;
        board.acknowledge(base + una, pool);
        for (std::uint32_t i = 0; i < una; ++i) set[i] = false;
      } else {
        const std::uint32_t first = una + random() % (kSize - una);
        const std::uint32_t last = first + 1 + random() % std::min(40U, kSize - first);
        board.add({base + first, base + last}, pool);
        for (std::uint32_t i = first; i < last && i < kSize; ++i) set[i] = true;
        if (last > kSize) break;
      }
      std::uint32_t count = 0;
      for (const bool one : set) count += one ? 1 : 0;
      ASSERT_EQ(board.bytes(), count);
      ASSERT_EQ(board.sacked({base, base + kSize}), count);
      const SequenceRange hole = board.hole({base + una, base + kSize});
      for (std::uint32_t i = una; i < kSize && base + i != hole.start; ++i) ASSERT_TRUE(set[i] || hole.empty());
      for (std::uint32_t i = hole.start - base; !hole.empty() && i < hole.end - base; ++i) ASSERT_FALSE(set[i]);
    }
    board.clear(pool);
  }
}

TEST(Scoreboard, ForgetsWhatFindsNoNode) {
  RangePool pool(8);
  Scoreboard board;
  for (std::uint32_t i = 0; i < 20; ++i) board.add({100 * i + 100, 100 * i + 110}, pool);
  EXPECT_EQ(board.bytes(), 80U);
  board.clear(pool);
}

}  // namespace
}  // namespace lockstep::tcp

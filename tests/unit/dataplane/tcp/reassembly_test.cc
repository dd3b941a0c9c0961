#include "dataplane/tcp/reassembly.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/dataplane/tcp/host.h"

namespace lockstep::tcp {
namespace {

using testing::buffers_in_use;
using testing::Dice;
using testing::pools;

Chain chain_of(const std::string& text) {
  Chain chain;
  MbufPtr mbuf = pools().packet();
  std::memcpy(rte_pktmbuf_append(mbuf.get(), static_cast<std::uint16_t>(text.size())), text.data(), text.size());
  chain.append(std::move(mbuf));
  return chain;
}

std::string text_of(const Chain& chain) {
  std::string text(chain.size(), 0);
  chain.copy(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return text;
}

/// A reassembly whose stream starts at `start`.
struct Stream {
  explicit Stream(std::uint32_t start_, std::uint32_t ranges = 1024) : pool(ranges), start(start_), next(start_) {}
  ~Stream() { queue.clear(pool); }

  Reassembly::Outcome insert(std::uint32_t offset, const std::string& text) {
    return queue.insert(start + offset, chain_of(text), pool, pools(), duplicate);
  }
  void deliver(const std::string& text) { next = queue.deliver(next, chain_of(text), out, pool, pools()); }
  std::vector<SequenceRange> blocks() const {
    std::array<SequenceRange, 4> found;
    const std::size_t count = queue.sack_blocks(found);
    std::vector<SequenceRange> blocks(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count));
    for (SequenceRange& block : blocks) block = {block.start - start, block.end - start};
    return blocks;
  }

  RangePool pool;
  Reassembly queue;
  std::uint32_t start;
  std::uint32_t next;
  SequenceRange duplicate;
  Chain out;
};

using Blocks = std::vector<SequenceRange>;

TEST(Reassembly, DeliversWhatFollowsWithoutAGap) {
  Stream stream(1000);
  stream.insert(2, "cd");
  stream.insert(6, "gh");
  stream.deliver("ab");
  EXPECT_EQ(text_of(stream.out), "abcd");
  EXPECT_EQ(stream.next, 1004U);
  stream.deliver("ef");
  EXPECT_EQ(text_of(stream.out), "abcdefgh");
  EXPECT_TRUE(stream.queue.empty());
  EXPECT_EQ(stream.queue.memory(), 0U);
}

TEST(Reassembly, KeepsTheFirstBytesOfAnOverlap) {
  Stream stream(0xfffffffe);
  stream.insert(2, "cd");
  EXPECT_EQ(stream.insert(1, "BCDE"), Reassembly::Outcome::kept);
  EXPECT_EQ(stream.duplicate, (SequenceRange{0, 2}));
  EXPECT_EQ(stream.insert(2, "xy"), Reassembly::Outcome::duplicate);
  stream.deliver("aXXXXX");
  EXPECT_EQ(text_of(stream.out), "aBcdEX");
}

TEST(Reassembly, JoinsRangesThatTouch) {
  Stream stream(0);
  stream.insert(10, "aa");
  stream.insert(14, "bb");
  EXPECT_EQ(stream.queue.ranges(), 2U);
  stream.insert(12, "cc");
  EXPECT_EQ(stream.queue.ranges(), 1U);
  EXPECT_EQ(stream.blocks(), (Blocks{{10, 16}}));
}

TEST(Reassembly, ReportsTheNewestRangeFirst) {
  Stream stream(0);
  stream.insert(10, "a");
  stream.insert(20, "b");
  stream.insert(30, "c");
  EXPECT_EQ(stream.blocks(), (Blocks{{30, 31}, {20, 21}, {10, 11}}));
  stream.insert(11, "d");
  EXPECT_EQ(stream.blocks(), (Blocks{{10, 12}, {30, 31}, {20, 21}}));
}

TEST(Reassembly, IsBoundedInRanges) {
  Stream stream(0, 4 * RangePool::kManyRanges);
  std::uint32_t kept = 0;
  for (std::uint32_t i = 1; i < 1000; ++i)
    if (stream.insert(2 * i, "x") == Reassembly::Outcome::kept) ++kept;
  EXPECT_EQ(kept, RangePool::kManyRanges);
  EXPECT_EQ(stream.queue.ranges(), kept);
  Stream crowded(0, RangePool::kFewRanges + 8);
  kept = 0;
  for (std::uint32_t i = 1; i < 1000; ++i)
    if (crowded.insert(2 * i, "x") == Reassembly::Outcome::kept) ++kept;
  EXPECT_EQ(kept, RangePool::kFewRanges);
}

TEST(Reassembly, CountsBuffersNotBytes) {
  Stream stream(0);
  stream.insert(10, "x");
  EXPECT_GT(stream.queue.memory(), 2000U);
}

// The reference is a string whose bytes are written once.
TEST(Reassembly, KeepsBytesExactForAnyOverlap) {
  const std::uint32_t before_test = buffers_in_use();
  for (unsigned seed = 0; seed < 300; ++seed) {
    Dice random(seed);
    constexpr std::uint32_t kSize = 400;
    Stream stream(random());
    std::string expected(kSize, 0);
    for (;;) {
      const std::uint32_t delivered = stream.next - stream.start;
      if (delivered >= kSize) break;
      const std::uint32_t first = delivered + random() % (kSize - delivered);
      const std::uint32_t size = 1 + random() % std::min<std::uint32_t>(60, kSize - first);
      std::string text(size, 0);
      for (char& byte : text) byte = static_cast<char>(1 + random() % 250);
      for (std::uint32_t i = 0; i < size; ++i)
        if (expected[first + i] == 0) expected[first + i] = text[i];
      if (first == delivered) {
        stream.deliver(text);
      } else {
        stream.insert(first, text);
      }
      const std::uint32_t end = stream.next - stream.start;
      ASSERT_EQ(text_of(stream.out), expected.substr(0, end)) << "seed " << seed;
      ASSERT_TRUE(end == kSize || expected[end] == 0) << "seed " << seed << ": bytes held back";
    }
    ASSERT_TRUE(stream.queue.empty());
    ASSERT_EQ(stream.queue.memory(), 0U);
  }
  EXPECT_EQ(buffers_in_use(), before_test);
}

}  // namespace
}  // namespace lockstep::tcp

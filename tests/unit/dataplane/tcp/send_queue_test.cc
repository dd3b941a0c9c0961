#include "dataplane/tcp/send_queue.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/tcp/host.h"

namespace lockstep::tcp {
namespace {

using testing::buffers_in_use;
using testing::Dice;
using testing::pattern;
using testing::pattern_chain;
using testing::pools;

/// The pattern's bytes from `position` on, or an empty vector where others were attached.
std::size_t attached_bytes(SendQueue& queue, std::uint32_t sequence, std::uint32_t length, std::uint64_t position,
                           bool retransmission = false) {
  MbufPtr segment = pools().packet();
  const std::uint32_t count = queue.attach(sequence, length, retransmission, *segment, pools());
  EXPECT_EQ(segment->pkt_len, count);
  EXPECT_EQ(rte_mbuf_check(segment.get(), 1, nullptr), 0);
  for (rte_mbuf* piece = segment.get(); piece != nullptr; piece = piece->next)
    for (const std::uint8_t byte : bytes_of(*piece)) EXPECT_EQ(byte, pattern(position++));
  return count;
}

TEST(SendQueue, SharesLargePayloadsAndCopiesSmallOnes) {
  SendQueue queue;
  queue.start(100);
  queue.append(pattern_chain(0, 4000));
  MbufPtr large = pools().packet();
  EXPECT_EQ(queue.attach(100, 1460, false, *large, pools()), 1460U);
  EXPECT_EQ(large->nb_segs, 2);
  EXPECT_EQ(large->data_len, 0);
  MbufPtr small = pools().packet();
  EXPECT_EQ(queue.attach(100, 100, false, *small, pools()), 100U);
  EXPECT_EQ(small->nb_segs, 1);
}

TEST(SendQueue, CopiesWhenTooManyPiecesWouldBeNeeded) {
  SendQueue queue;
  queue.start(0);
  for (std::uint32_t i = 0; i < 30; ++i) {
    Chain piece = pattern_chain(std::uint64_t{i} * 60, 60);
    Chain shared;  // a second reference keeps the pieces apart
    ASSERT_TRUE(piece.split_front(30, pools(), shared));
    queue.append(std::move(shared));
    queue.append(std::move(piece));
  }
  EXPECT_EQ(attached_bytes(queue, 0, 1460, 0), 1460U);
}

TEST(SendQueue, KeepsDataThatIsStillOnTheWay) {
  const std::uint32_t before = buffers_in_use();
  MbufPtr segment = pools().packet();
  {
    SendQueue queue;
    queue.start(0);
    queue.append(pattern_chain(0, 2000));
    ASSERT_EQ(queue.attach(0, 1000, false, *segment, pools()), 1000U);
    queue.acknowledge(2000);
  }
  EXPECT_EQ(bytes_of(*segment->next)[999], pattern(999));
  segment.reset();
  EXPECT_EQ(buffers_in_use(), before);
}

// Sending, acknowledging, appending and retransmitting in any order always attaches the right bytes.
TEST(SendQueue, AttachesTheRightBytesInAnyOrder) {
  const std::uint32_t before_test = buffers_in_use();
  for (unsigned seed = 0; seed < 100; ++seed) {
    Dice random(seed);
    const auto base = random();
    SendQueue queue;
    queue.start(base);
    std::uint32_t next = base;
    for (int step = 0; step < 300; ++step) {
      switch (random() % 4) {
        case 0:
          if (queue.size() < 50000)
            queue.append(pattern_chain(queue.end() - base, static_cast<std::uint32_t>(random() % 5000)));
          break;
        case 1:
          queue.acknowledge(queue.start() + static_cast<std::uint32_t>(random() % (next - queue.start() + 1)));
          break;
        case 2:
          next += static_cast<std::uint32_t>(
              attached_bytes(queue, next, static_cast<std::uint32_t>(random() % 1461), next - base));
          break;
        default:
          if (next != queue.start()) {
            const std::uint32_t from = queue.start() + static_cast<std::uint32_t>(random() % (next - queue.start()));
            EXPECT_GT(attached_bytes(queue, from, 1000, from - base, true), 0U);
          }
      }
    }
  }
  EXPECT_EQ(buffers_in_use(), before_test);
}

}  // namespace
}  // namespace lockstep::tcp

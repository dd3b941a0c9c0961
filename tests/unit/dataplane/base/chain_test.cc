#include <gtest/gtest.h>

#include <numeric>
#include <utility>
#include <vector>

#include "crypto/base/random.h"
#include "dataplane/base/mbuf.h"

namespace lockstep {
namespace {

class ChainTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto created = MbufPools::create("chain", {.packets = 255, .records = 31, .clones = 63});
    ASSERT_TRUE(created) << created.error();
    pools = std::move(created.value());
  }
  /// Every buffer went back to its pool.
  void TearDown() override {
    EXPECT_EQ(rte_mempool_in_use_count(pools->packets()), 0U);
    EXPECT_EQ(rte_mempool_in_use_count(pools->records()), 0U);
    EXPECT_EQ(rte_mempool_in_use_count(pools->clones()), 0U);
  }
  /// A packet of `size` bytes that count on from `next_`.
  MbufPtr packet(std::uint16_t size) {
    MbufPtr mbuf = pools->packet();
    char* const data = rte_pktmbuf_append(mbuf.get(), size);
    for (std::uint16_t i = 0; i < size; ++i) data[i] = static_cast<char>(next_++);
    return mbuf;
  }
  static std::vector<std::uint8_t> content(const Chain& chain) {
    std::vector<std::uint8_t> bytes(chain.size());
    chain.copy(0, bytes);
    return bytes;
  }
  static std::size_t count_pieces(const Chain& chain) {
    std::size_t count = 0;
    for (const rte_mbuf* piece = chain.head(); piece != nullptr; piece = piece->next) ++count;
    return count;
  }
  static std::vector<std::uint8_t> counting(std::size_t first, std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(first));
    return bytes;
  }

  std::unique_ptr<MbufPools> pools;

 private:
  unsigned next_ = 0;
};

TEST_F(ChainTest, JoinsAPieceThatFitsBehindTheLast) {
  Chain chain;
  chain.append(packet(100));
  const std::uint32_t memory = chain.memory();
  chain.append(packet(50));
  EXPECT_EQ(count_pieces(chain), 1U);
  EXPECT_EQ(chain.memory(), memory);
  EXPECT_EQ(content(chain), counting(0, 150));
}

TEST_F(ChainTest, TinySegmentsDoNotExhaustThePool) {
  Chain chain;
  for (int i = 0; i < 20'000; ++i) chain.append(packet(1));
  EXPECT_EQ(chain.size(), 20'000U);
  EXPECT_LE(count_pieces(chain), 20'000 / MbufPools::kPacketRoom + 1);
  EXPECT_EQ(content(chain), counting(0, 20'000));
}

TEST_F(ChainTest, DoesNotWriteBehindASharedBuffer) {
  Chain chain;
  chain.append(packet(100));
  MbufPtr reference = pools->clone(*chain.head(), 0, 100);
  chain.append(packet(50));
  EXPECT_EQ(count_pieces(chain), 2U);
  reference.reset();
}

TEST_F(ChainTest, DoesNotWriteBehindAReference) {
  MbufPtr owner = packet(100);
  Chain chain;
  chain.append(pools->clone(*owner, 0, 50));
  chain.append(packet(10));
  EXPECT_EQ(count_pieces(chain), 2U);
  EXPECT_EQ(bytes_of(*owner)[50], 50);
}

TEST_F(ChainTest, SkipsEmptyPieces) {
  Chain chain;
  chain.append(pools->packet());
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(chain.head(), nullptr);
  EXPECT_EQ(chain.memory(), 0U);
}

TEST_F(ChainTest, TakesAllPiecesOfAPacket) {
  MbufPtr first = packet(1500);
  MbufPtr second = packet(1500);
  ASSERT_EQ(rte_pktmbuf_chain(first.get(), second.release()), 0);
  Chain chain;
  chain.append(std::move(first));
  EXPECT_EQ(chain.size(), 3000U);
  EXPECT_EQ(content(chain), counting(0, 3000));
}

TEST_F(ChainTest, ReferenceToAReferenceKeepsTheOwnersBytes) {
  MbufPtr owner = packet(200);
  MbufPtr one = pools->clone(*owner, 10, 100);
  MbufPtr two = pools->clone(*one, 5, 20);
  owner.reset();
  one.reset();
  const MutableBytes bytes = bytes_of(*two);
  EXPECT_EQ(std::vector<std::uint8_t>(bytes.begin(), bytes.end()), counting(15, 20));
  EXPECT_EQ(two->pkt_len, 20U);
}

TEST_F(ChainTest, ReferenceCarriesNoOffloadRequests) {
  MbufPtr owner = packet(200);
  owner->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM | RTE_MBUF_F_TX_IPV4;
  owner->l2_len = 14;
  const MbufPtr clone = pools->clone(*owner, 0, 10);
  EXPECT_EQ(clone->ol_flags, RTE_MBUF_F_INDIRECT);
  EXPECT_EQ(clone->tx_offload, 0U);
}

TEST_F(ChainTest, SplitsInsideAPieceByReference) {
  Chain chain;
  chain.append(packet(1500));
  chain.append(packet(1500));
  Chain front;
  ASSERT_TRUE(chain.split_front(2000, *pools, front));
  EXPECT_EQ(content(front), counting(0, 2000));
  EXPECT_EQ(content(chain), counting(2000, 1000));
}

TEST_F(ChainTest, SplitOfEverythingNeedsNoReference) {
  std::vector<MbufPtr> held;
  while (MbufPtr clone = MbufPtr(rte_pktmbuf_alloc(pools->clones()))) held.push_back(std::move(clone));
  Chain chain;
  chain.append(packet(300));
  Chain front;
  EXPECT_FALSE(chain.split_front(100, *pools, front));
  EXPECT_EQ(chain.size(), 300U);
  EXPECT_TRUE(front.empty());
  EXPECT_TRUE(chain.split_front(300, *pools, front));
  EXPECT_EQ(content(front), counting(0, 300));
  EXPECT_TRUE(chain.empty());
}

TEST_F(ChainTest, PiecesStartAtTheOffset) {
  Chain chain;
  chain.append(packet(1500));
  chain.append(packet(1500));
  std::array<MutableBytes, 4> views;
  ASSERT_EQ(chain.pieces(1400, views), 2U);
  EXPECT_EQ(views[0].size(), 100U);
  EXPECT_EQ(views[1].size(), 1500U);
  EXPECT_EQ(views[1][0], static_cast<std::uint8_t>(1500));
  EXPECT_EQ(chain.pieces(1500, views), 1U);
  EXPECT_EQ(chain.pieces(3000, views), 0U);
  EXPECT_EQ(chain.pieces(0, std::span(views).first(1)), 1U);
}

TEST_F(ChainTest, MovingLeavesTheSourceEmpty) {
  Chain chain;
  chain.append(packet(100));
  Chain moved(std::move(chain));
  EXPECT_EQ(moved.size(), 100U);
  Chain assigned;
  assigned.append(packet(10));
  assigned = std::move(moved);
  EXPECT_EQ(content(assigned), counting(0, 100));
}

TEST_F(ChainTest, AgreesWithAStringOverRandomOperations) {
  Random random = Random::from_number(4);
  Chain chain;
  Chain other;
  std::vector<std::uint8_t> model;
  std::vector<std::uint8_t> other_model;
  for (int step = 0; step < 20'000; ++step) {
    switch (random.below(5)) {
      case 0:
      case 1: {
        MbufPtr mbuf = packet(static_cast<std::uint16_t>(random.below(1500)));
        const MutableBytes bytes = bytes_of(*mbuf);
        model.insert(model.end(), bytes.begin(), bytes.end());
        chain.append(std::move(mbuf));
        break;
      }
      case 2: {
        const std::uint32_t count = random.below(chain.size() + 1);
        if (!chain.split_front(count, *pools, other)) break;
        other_model.insert(other_model.end(), model.begin(), model.begin() + count);
        model.erase(model.begin(), model.begin() + count);
        break;
      }
      case 3:
        chain.append(std::exchange(other, Chain()));
        model.insert(model.end(), other_model.begin(), other_model.end());
        other_model.clear();
        break;
      default: {
        const std::uint32_t count = chain.size() > 20'000 ? chain.size() - 500 : random.below(chain.size() + 1);
        chain.drop_front(count);
        model.erase(model.begin(), model.begin() + count);
      }
    }
    ASSERT_EQ(chain.size(), model.size());
    ASSERT_EQ(content(chain), model);
    ASSERT_EQ(content(other), other_model);
    ASSERT_EQ(chain.memory() == 0, chain.empty());
  }
}

TEST(MbufPools, NamesThePoolAndTheRemedyWhenMemoryIsMissing) {
  const auto created = MbufPools::create("huge", {.packets = 8, .records = 60'000'000, .clones = 8});
  ASSERT_FALSE(created);
  EXPECT_NE(created.error().find("huge_records"), std::string::npos);
  EXPECT_NE(created.error().find("hugepage"), std::string::npos);
}

TEST(MbufPools, AnEmptyPoolGivesNothing) {
  auto created = MbufPools::create("small", {.packets = 7, .records = 7, .clones = 7});
  ASSERT_TRUE(created) << created.error();
  std::vector<MbufPtr> held;
  while (MbufPtr mbuf = created.value()->record()) held.push_back(std::move(mbuf));
  EXPECT_EQ(held.size(), 7U);
  MbufPtr packet = created.value()->packet();
  EXPECT_GE(rte_pktmbuf_tailroom(packet.get()), MbufPools::kPacketRoom);
  EXPECT_GE(rte_pktmbuf_tailroom(held[0].get()), MbufPools::kRecordRoom);
  held.clear();
  packet.reset();
}

}  // namespace
}  // namespace lockstep

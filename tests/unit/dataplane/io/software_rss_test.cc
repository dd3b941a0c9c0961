// One queue, several workers.
#include <map>

#include "tests/unit/dataplane/io/ring_device.h"

namespace lockstep::io::test {
namespace {

constexpr std::size_t kWorkers = 3;

class SoftwareRss : public ::testing::Test {
 protected:
  SoftwareRss() {
    for (std::size_t i = 0; i < kWorkers; ++i) owned_pools_.push_back(make_pools("rss" + std::to_string(i)));
    for (const auto& pools : owned_pools_) pools_.push_back(pools.get());
    PortConfig config;
    config.name = "outside";
    config.device = device_.device();
    auto port = Port::open(config, pools_);
    EXPECT_TRUE(port.ok()) << port.error();
    port_ = std::move(port.value());
  }
  void TearDown() override {
    if (port_ != nullptr)
      for (std::size_t i = 0; i < kWorkers; ++i) (void)receive(i);
    port_.reset();
    while (device_.sent() != nullptr) {
    }
    for (const auto& pools : owned_pools_) EXPECT_EQ(rte_mempool_in_use_count(pools->packets()), 0U);
  }

  /// What worker `worker` gets in one call.
  std::vector<Frame> receive(std::size_t worker) {
    std::array<rte_mbuf*, 64> burst;
    const std::size_t count = port_->queue(worker).receive(burst);
    std::vector<Frame> frames;
    for (std::size_t i = 0; i < count; ++i) {
      frames.push_back(to_frame(*burst[i]));
      rte_pktmbuf_free(burst[i]);
    }
    return frames;
  }
  void deliver(const Frame& frame) { device_.deliver(to_mbuf(frame, *pools_[0])); }
  static SocketAddress client(std::uint16_t port) { return {at("198.18.0.2:1").ip, port}; }
  bool transmit(std::size_t worker, const Frame& frame) {
    rte_mbuf* mbuf = to_mbuf(frame, *pools_[worker]).release();
    const bool taken = port_->queue(worker).transmit(std::span(&mbuf, 1)) == 1;
    if (!taken) rte_pktmbuf_free(mbuf);
    return taken;
  }

  RingDevice device_;
  std::vector<std::unique_ptr<MbufPools>> owned_pools_;
  std::vector<MbufPools*> pools_;
  std::unique_ptr<Port> port_;
  const SocketAddress server_ = at("198.18.0.1:443");
};

TEST_F(SoftwareRss, OneQueueServesAllWorkers) {
  EXPECT_EQ(port_->info().queues, 1);
  EXPECT_FALSE(port_->info().hardware_rss);
  EXPECT_EQ(port_->info().driver, "net_ring");
}

TEST_F(SoftwareRss, AFlowReachesExactlyTheWorkerThatOwnsItInBothDirections) {
  std::map<std::size_t, int> share;
  for (std::uint16_t port = 1000; port < 1300; ++port) {
    const FlowTuple flow{server_, client(port)};
    deliver(tcp_frame(client(port), server_));
    deliver(tcp_frame(server_, client(port)));
    std::vector<std::size_t> reached;
    for (std::size_t worker = 0; worker < kWorkers; ++worker)
      for (std::size_t i = receive(worker).size(); i > 0; --i) reached.push_back(worker);
    ASSERT_EQ(reached.size(), 2U);
    EXPECT_EQ(reached[0], reached[1]);
    for (std::size_t worker = 0; worker < kWorkers; ++worker)
      EXPECT_EQ(port_->owns(worker, flow), worker == reached[0]);
    ++share[reached[0]];
  }
  for (std::size_t worker = 0; worker < kWorkers; ++worker) EXPECT_GT(share[worker], 50);
}

TEST_F(SoftwareRss, KeepsTheOrderOfAFlow) {
  for (std::uint8_t i = 0; i < 50; ++i) {
    Frame frame = tcp_frame(client(7), server_);
    frame.push_back(i);
    deliver(frame);
  }
  std::vector<Frame> frames;
  for (std::size_t worker = 0; worker < kWorkers; ++worker)
    for (Frame& frame : receive(worker)) frames.push_back(std::move(frame));
  ASSERT_EQ(frames.size(), 50U);
  for (std::uint8_t i = 0; i < 50; ++i) EXPECT_EQ(frames[i].back(), i);
}

TEST_F(SoftwareRss, ArpRepliesReachEveryWorkerAndRequestsTheFirst) {
  deliver(arp_frame(2));
  deliver(arp_frame(1));
  EXPECT_EQ(receive(0), (std::vector<Frame>{arp_frame(2), arp_frame(1)}));
  for (std::size_t worker = 1; worker < kWorkers; ++worker)
    EXPECT_EQ(receive(worker), std::vector<Frame>{arp_frame(2)});
}

TEST_F(SoftwareRss, CopiesAreSeparateBuffers) {
  deliver(arp_frame(2));
  std::array<rte_mbuf*, 3> frames{};
  for (std::size_t worker = 0; worker < kWorkers; ++worker)
    ASSERT_EQ(port_->queue(worker).receive(std::span(&frames[worker], 1)), 1U);
  bytes_of(*frames[0])[0] = 0x55;
  EXPECT_EQ(to_frame(*frames[1]), arp_frame(2));
  EXPECT_EQ(to_frame(*frames[2]), arp_frame(2));
  for (rte_mbuf* const frame : frames) rte_pktmbuf_free(frame);
}

TEST_F(SoftwareRss, AFullRingDropsAndCounts) {
  std::uint16_t port = 1;
  while (!port_->owns(1, {server_, client(port)})) ++port;
  std::size_t delivered = 0;
  for (int round = 0; round < 40; ++round) {
    for (int i = 0; i < 32; ++i, ++delivered) deliver(tcp_frame(client(port), server_));
    EXPECT_TRUE(receive(0).empty());
  }
  std::size_t received = 0;
  for (std::size_t count = 1; count != 0; received += count) count = receive(1).size();
  const PortStats stats = port_->stats();
  EXPECT_GT(stats.steering_full, 0U);
  EXPECT_EQ(stats.steered, received);
  EXPECT_EQ(stats.steered + stats.steering_full, delivered);
}

TEST_F(SoftwareRss, TheFirstWorkerSendsForTheOthersWhenItFlushes) {
  ASSERT_TRUE(transmit(1, tcp_frame(server_, client(1))));
  ASSERT_TRUE(transmit(2, tcp_frame(server_, client(2))));
  EXPECT_EQ(device_.sent(), nullptr);
  port_->queue(0).flush();
  EXPECT_TRUE(port_->queue(0).served_others());
  std::vector<Frame> sent;
  while (const MbufPtr frame = device_.sent()) sent.push_back(to_frame(*frame));
  EXPECT_EQ(sent, (std::vector<Frame>{tcp_frame(server_, client(1)), tcp_frame(server_, client(2))}));
  port_->queue(0).flush();
  EXPECT_FALSE(port_->queue(0).served_others());
}

TEST_F(SoftwareRss, APortThatIsFullHoldsBackTheOthersAndLosesNothing) {
  std::size_t accepted = 0;
  const Frame frame = tcp_frame(server_, client(1));
  for (int i = 0; i < 4000; ++i) {
    if (transmit(1, frame)) ++accepted;
    if (i % 100 == 0) port_->queue(0).flush();
  }
  EXPECT_LT(accepted, 4000U);
  EXPECT_TRUE(port_->queue(0).backlog());
  std::size_t sent = 0;
  for (int i = 0; i < 200; ++i) {
    while (device_.sent() != nullptr) ++sent;
    port_->queue(0).flush();
  }
  EXPECT_EQ(sent, accepted);
  EXPECT_FALSE(port_->queue(0).backlog());
}

TEST_F(SoftwareRss, AMemberIsNotToSleepOnFramesAndIsWokenByNewOnes) {
  PacketQueue& member = port_->queue(1);
  int descriptor = -1;
  ASSERT_EQ(member.wait_descriptors(std::span(&descriptor, 1)), 1U);
  EXPECT_GE(descriptor, 0);
  EXPECT_TRUE(member.prepare_wait());
  deliver(arp_frame(2));
  (void)receive(0);
  EXPECT_FALSE(member.prepare_wait());
  member.finish_wait();
}

TEST_F(SoftwareRss, FramesLeftInRingsAreSentWhenThePortCloses) {
  ASSERT_TRUE(transmit(2, tcp_frame(server_, client(1))));
  port_.reset();
  EXPECT_NE(device_.sent(), nullptr);
}

}  // namespace
}  // namespace lockstep::io::test

// Ports on virtual devices, and what is wrong with those that cannot be opened.
#include "dataplane/io/port.h"

#include <gtest/gtest.h>
#include <rte_dev.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/unit/dataplane/io/ring_device.h"

namespace lockstep::io::test {
namespace {

PortConfig config_of(const std::string& device) {
  PortConfig config;
  config.name = "outside";
  config.device = device;
  return config;
}

TEST(Port, AnUnknownDeviceIsNamedWithThoseThatExist) {
  const RingDevice existing;
  const auto pools = make_pools("unknown");
  const auto port = Port::open(config_of("net_tap7"), {pools.get()});
  ASSERT_FALSE(port.ok());
  EXPECT_NE(port.error().find("outside"), std::string::npos);
  EXPECT_NE(port.error().find("net_tap7"), std::string::npos);
  EXPECT_NE(port.error().find(existing.device()), std::string::npos) << port.error();
  (void)rte_eal_hotplug_remove("vdev", existing.device().c_str());
}

TEST(Port, AnMtuBeyondTheBuffersIsRefusedWhereTheDriverCannotScatter) {
  ASSERT_EQ(rte_eal_hotplug_add("vdev", "net_null7", ""), 0);
  const auto pools = make_pools("mtu");
  PortConfig config = config_of("net_null7");
  config.mtu = 9000;
  const auto port = Port::open(config, {pools.get()});
  ASSERT_FALSE(port.ok());
  EXPECT_NE(port.error().find("mtu 9000"), std::string::npos) << port.error();
  EXPECT_NE(port.error().find("2026"), std::string::npos) << port.error();
  (void)rte_eal_hotplug_remove("vdev", "net_null7");
}

TEST(Port, TheArgumentsOfAVirtualDeviceAreNotPartOfItsName) {
  ASSERT_EQ(rte_eal_hotplug_add("vdev", "net_null8", "size=64"), 0);
  const auto pools = make_pools("arguments");
  const auto port = Port::open(config_of("net_null8,size=64"), {pools.get()});
  ASSERT_TRUE(port.ok()) << port.error();
  EXPECT_EQ(port.value()->info().driver, "net_null");
}

TEST(Port, ADeviceWithoutASettableKeyServesSeveralWorkersByOneQueue) {
  ASSERT_EQ(rte_eal_hotplug_add("vdev", "net_null9", ""), 0);
  const auto first = make_pools("null_first");
  const auto second = make_pools("null_second");
  const auto port = Port::open(config_of("net_null9"), {first.get(), second.get()});
  ASSERT_TRUE(port.ok()) << port.error();
  EXPECT_EQ(port.value()->info().queues, 1);
  EXPECT_FALSE(port.value()->info().hardware_rss);
}

TEST(Port, ReceivesAndTransmitsWholeFramesAlone) {
  RingDevice device;
  const auto pools = make_pools("alone");
  auto port = Port::open(config_of(device.device()), {pools.get()});
  ASSERT_TRUE(port.ok()) << port.error();
  PacketQueue& queue = port.value()->queue(0);
  const Frame frame = tcp_frame(at("198.18.0.2:5"), at("198.18.0.1:443"));
  device.deliver(to_mbuf(frame, *pools));
  std::array<rte_mbuf*, 4> burst{};
  ASSERT_EQ(queue.receive(burst), 1U);
  EXPECT_EQ(to_frame(*burst[0]), frame);
  ASSERT_EQ(queue.transmit(std::span(burst).first(1)), 1U);
  EXPECT_EQ(to_frame(*device.sent()), frame);
  EXPECT_TRUE(port.value()->owns(0, {at("198.18.0.1:443"), at("198.18.0.2:5")}));
  EXPECT_EQ(port.value()->stats().received, 1U);
  EXPECT_EQ(port.value()->stats().transmitted, 1U);
}

/// The frames of a capture file (draft-ietf-opsawg-pcap section 4 and 5), in the byte order of this machine.
std::vector<Frame> frames_of_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<Frame> frames;
  for (std::size_t at = 24; at + 16 <= bytes.size();) {
    std::uint32_t size = 0;
    std::memcpy(&size, &bytes[at + 8], sizeof size);
    at += 16;
    frames.emplace_back(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                        bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
    at += size;
  }
  return frames;
}

/// net_pcap, which does not promise to take frames in several pieces, writing to a file.
class PiecesTest : public ::testing::Test {
 protected:
  PiecesTest() : pools_(make_pools("pieces", 255)) {
    const std::string arguments = "tx_pcap=" + file_.string();
    EXPECT_EQ(rte_eal_hotplug_add("vdev", "net_pcap7", arguments.c_str()), 0);
    auto port = Port::open(config_of("net_pcap7"), {pools_.get()});
    EXPECT_TRUE(port.ok()) << port.error();
    port_ = std::move(port.value());
  }
  ~PiecesTest() override {
    port_.reset();
    (void)rte_eal_hotplug_remove("vdev", "net_pcap7");
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }
  MbufPtr chain_of(const std::vector<Frame>& pieces) {
    MbufPtr head = to_mbuf(pieces[0], *pools_);
    for (std::size_t i = 1; i < pieces.size(); ++i)
      EXPECT_EQ(rte_pktmbuf_chain(head.get(), to_mbuf(pieces[i], *pools_).release()), 0);
    return head;
  }

  const std::filesystem::path file_ =
      std::filesystem::temp_directory_path() / ("lockstep_pieces_" + std::to_string(getpid()) + ".pcap");
  std::unique_ptr<MbufPools> pools_;
  std::unique_ptr<Port> port_;
};

TEST_F(PiecesTest, AreJoinedForAPortThatDoesNotTakeThem) {
  EXPECT_FALSE(port_->info().multi_segment);
  const Frame header = tcp_frame(at("198.18.0.1:443"), at("198.18.0.2:5"));
  std::array<rte_mbuf*, 3> frames = {chain_of({header, Frame(700, 0xaa), Frame(600, 0xbb)}).release(),
                                     chain_of({header}).release(), chain_of({header, Frame(1, 0xcc)}).release()};
  EXPECT_EQ(port_->queue(0).transmit(frames), 3U);
  port_.reset();
  const std::vector<Frame> sent = frames_of_file(file_);
  ASSERT_EQ(sent.size(), 3U);
  Frame expected = header;
  expected.insert(expected.end(), 700, 0xaa);
  expected.insert(expected.end(), 600, 0xbb);
  EXPECT_EQ(sent[0], expected);
  EXPECT_EQ(sent[1], header);
  EXPECT_EQ(sent[2].size(), header.size() + 1);
  EXPECT_EQ(rte_mempool_in_use_count(pools_->packets()), 0U);
}

TEST_F(PiecesTest, BeyondOneBufferAreDroppedAndCountedAndTheRestGoesOn) {
  const Frame header = tcp_frame(at("198.18.0.1:443"), at("198.18.0.2:5"));
  std::array<rte_mbuf*, 2> frames = {chain_of({header, Frame(1500, 1), Frame(1500, 2)}).release(),
                                     chain_of({header, Frame(10, 3)}).release()};
  EXPECT_EQ(port_->queue(0).transmit(frames), 2U);
  EXPECT_EQ(port_->stats().errors, 1U);
  port_.reset();
  ASSERT_EQ(frames_of_file(file_).size(), 1U);
  EXPECT_EQ(rte_mempool_in_use_count(pools_->packets()), 0U);
}

}  // namespace
}  // namespace lockstep::io::test

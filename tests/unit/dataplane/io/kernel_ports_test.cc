// Ports whose other end is the kernel: in a network namespace of their own, which needs root.
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <rte_dev.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "tests/unit/dataplane/io/ring_device.h"

namespace lockstep::io::test {
namespace {

void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(concurrency-mt-unsafe)
}

/// A frame that nothing but these tests sends.
Frame marked(std::uint8_t mark) {
  Frame frame = ethernet(0x88b5);  // IEEE 802 local experimental
  frame.insert(frame.end(), 60, mark);
  return frame;
}

class KernelPort : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root";
    ASSERT_EQ(unshare(CLONE_NEWNET), 0);
    pools_ = make_pools("kernel");
  }
  void TearDown() override {
    port_.reset();
    if (socket_ >= 0) close(socket_);
    if (pools_ != nullptr) {
      EXPECT_EQ(rte_mempool_in_use_count(pools_->packets()), 0U);
    }
  }

  void open(const std::string& name, const std::string& arguments) {
    ASSERT_EQ(rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str()), 0);
    PortConfig config;
    config.name = "outside";
    config.device = name;
    auto port = Port::open(config, {pools_.get()});
    ASSERT_TRUE(port.ok()) << port.error();
    port_ = std::move(port.value());
  }
  /// Opens a packet socket at the kernel's end.
  void attach(const char* interface) {
    socket_ = socket(AF_PACKET, SOCK_RAW, htons(0x88b5));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(0x88b5);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    ASSERT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  void kernel_sends(const Frame& frame) {
    ASSERT_EQ(::send(socket_, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  }
  /// Whether `wanted` comes to the kernel's end within 100 ms.
  bool kernel_receives(const Frame& wanted) {
    Frame frame;
    for (pollfd one{socket_, POLLIN, 0}; frame != wanted;) {
      if (poll(&one, 1, 100) != 1) return false;
      frame.resize(2048);
      const ssize_t size = recv(socket_, frame.data(), frame.size(), 0);
      frame.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
    return true;
  }
  /// The next marked frame at our end within a second; the kernel's own (neighbour discovery) are skipped.
  Frame port_receives() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::chrono::steady_clock::now() < end) {
      rte_mbuf* mbuf = nullptr;
      if (port_->queue(0).receive(std::span(&mbuf, 1)) == 0) continue;
      const Frame frame = to_frame(*mbuf);
      rte_pktmbuf_free(mbuf);
      if (frame.size() > 14 && frame[12] == 0x88 && frame[13] == 0xb5) return frame;
    }
    return {};
  }
  void port_sends(const Frame& frame) {
    rte_mbuf* mbuf = to_mbuf(frame, *pools_).release();
    if (port_->queue(0).transmit(std::span(&mbuf, 1)) == 0) rte_pktmbuf_free(mbuf);
  }
  void expect_both_ways(std::uint8_t mark) {
    kernel_sends(marked(mark));
    EXPECT_EQ(port_receives(), marked(mark));
    const Frame answer = marked(static_cast<std::uint8_t>(mark + 1));
    bool came = false;
    // An interface that just came up drops for up to a second, until the kernel has noticed the carrier.
    for (int i = 0; i < 50 && !came; ++i) {
      port_sends(answer);
      came = kernel_receives(answer);
    }
    EXPECT_TRUE(came);
  }
  /// Whether the descriptors to wait on become readable within `milliseconds`.
  bool wakes(int milliseconds) {
    int descriptors[kWaitDescriptors];
    const std::size_t count = port_->queue(0).wait_descriptors(descriptors);
    EXPECT_EQ(count, 1U);
    pollfd one{descriptors[0], POLLIN, 0};
    return poll(&one, 1, milliseconds) == 1;
  }
  void drain() {
    rte_mbuf* mbuf = nullptr;
    while (port_->queue(0).receive(std::span(&mbuf, 1)) == 1) rte_pktmbuf_free(mbuf);
  }

  std::unique_ptr<MbufPools> pools_;
  std::unique_ptr<Port> port_;
  int socket_ = -1;
};

TEST_F(KernelPort, TapCarriesFramesAndSurvivesItsKernelEndGoingDown) {
  open("net_tap7", "iface=lstest7");
  run("ip link set lstest7 up");
  attach("lstest7");
  expect_both_ways(1);
  run("ip link set lstest7 down");
  for (int i = 0; i < 100; ++i) port_sends(marked(9));
  drain();
  run("ip link set lstest7 up");
  close(socket_);
  attach("lstest7");
  expect_both_ways(3);
}

TEST_F(KernelPort, TapTellsAWaitingWorker) {
  open("net_tap8", "iface=lstest8");
  run("sysctl -q -w net.ipv6.conf.lstest8.disable_ipv6=1");
  run("ip link set lstest8 up");
  attach("lstest8");
  drain();
  EXPECT_FALSE(wakes(50));
  kernel_sends(marked(1));
  EXPECT_TRUE(wakes(1000));
  EXPECT_EQ(port_receives(), marked(1));
  EXPECT_FALSE(wakes(0));
}

TEST_F(KernelPort, AfPacketCarriesFramesAndTellsAWaitingWorker) {
  run("ip link add lsa type veth peer name lsb");
  run("sysctl -q -w net.ipv6.conf.lsa.disable_ipv6=1 net.ipv6.conf.lsb.disable_ipv6=1");
  run("ip link set lsa up; ip link set lsb up");
  open("net_af_packet7", "iface=lsa");
  attach("lsb");
  expect_both_ways(1);
  drain();
  EXPECT_FALSE(wakes(50));
  kernel_sends(marked(5));
  EXPECT_TRUE(wakes(1000));
  EXPECT_EQ(port_receives(), marked(5));
  run("ip link set lsb down; ip link set lsb up");
  close(socket_);
  attach("lsb");
  expect_both_ways(7);
}

TEST_F(KernelPort, AfPacketSurvivesItsInterfaceGoingDown) {
  run("ip link add lsc type veth peer name lsd");
  run("ip link set lsc up; ip link set lsd up");
  open("net_af_packet8", "iface=lsc");
  run("ip link set lsc down");
  for (int i = 0; i < 100; ++i) port_sends(marked(9));
  drain();
  run("ip link set lsc up");
  attach("lsd");
  expect_both_ways(1);
}

}  // namespace
}  // namespace lockstep::io::test

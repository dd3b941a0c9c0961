#include <gtest/gtest.h>

#include "control/service/fleet.h"
#include "control/service/live.h"
#include "control/service/privileges.h"

namespace lockstep::service {
namespace {

TEST(Memory, CoversThePoolsOfAllWorkers) {
  const MbufPoolSizes sizes{16384, 1024, 16384};
  const std::uint32_t one = memory_needed_mb(sizes, 1, 1), four = memory_needed_mb(sizes, 4, 1);
  EXPECT_GE(one, (16384ULL * 2048 + 1024ULL * 17000) >> 20U);
  EXPECT_GE(four, 4 * ((16384ULL * 2048 + 1024ULL * 17000) >> 20U));
  EXPECT_LT(one, 256U);
}

TEST(Capabilities, OnlySpecialDriversKeepSome) {
  for (const char* driver : {"net_tap", "net_af_packet", "net_memif", "net_ixgbe", "net_virtio"})
    EXPECT_TRUE(capabilities_needed(driver).empty()) << driver;
  EXPECT_FALSE(capabilities_needed("net_af_xdp").empty());
  EXPECT_FALSE(capabilities_needed("mlx5_pci").empty());
}

TEST(Users, AreFoundByName) {
  const auto root = find_user("root");
  ASSERT_TRUE(root);
  EXPECT_TRUE(root.value().change);
  EXPECT_EQ(root.value().id, 0U);
  EXPECT_FALSE(find_user("").value().change);
  EXPECT_FALSE(find_user("no-such-user-here"));
}

TEST(LiveLine, ShowsRatesBetweenTwoMoments) {
  LiveTotals before, now;
  now.connections = 3;
  now.accepted = 20;
  now.handshakes = 10;
  now.failed = 1;
  now.bytes_in = 250'000;
  now.bytes_out = 2'500'000;
  now.busy_ns = 200'000'000;
  EXPECT_EQ(live_line(before, now, 2.0),
            "3 connections, 10 new/s, 5 handshakes/s (1 failed), in 1.0 Mbit/s, out 10.0 Mbit/s, busy 10.0 %");
}

}  // namespace
}  // namespace lockstep::service

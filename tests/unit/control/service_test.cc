#include <gtest/gtest.h>

#include "control/service/crypto_cores.h"
#include "control/service/fleet.h"
#include "control/service/helper.h"
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

TEST(CryptoCoresOfTheService, StandInTheWorkersPolicyAndTable) {
  config::Config config;
  config.batch.crypto_cores = {2, 3};
  config.batch.crypto_core_classes = {crypto::JobClass::rsa_2048};
  const auto cores = CryptoCores::create(config, 1);
  ASSERT_TRUE(cores) << cores.error();
  Random random = Random::from_number(1);
  auto own = control::make_engines(random, {});
  ASSERT_TRUE(own) << own.error();
  constexpr auto kRsa = static_cast<std::size_t>(crypto::JobClass::rsa_2048);
  const std::string before = own.value().table[kRsa].engine;
  const auto remote = cores.value()->connect(0, own.value());
  ASSERT_NE(remote, nullptr);
  const crypto::Policy policy = remote->policy();
  for (std::size_t index = 0; index < crypto::kJobClasses; ++index)
    EXPECT_EQ(policy[index].engine, index == kRsa ? remote.get() : own.value().policy[index].engine) << index;
  EXPECT_EQ(policy[kRsa].lanes, 1);
  EXPECT_EQ(policy[kRsa].cost, Duration{});
  EXPECT_EQ(own.value().table[kRsa].engine, "crypto-cores");
  EXPECT_EQ(own.value().table[kRsa].why,
            "gathered over all workers on cores 2, 3; by " + before + " here when there is no room");
  const auto views = cores.value()->views();
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[1].core, 3U);
  EXPECT_EQ(views[1].channels.size(), 1U);
  ASSERT_EQ(views[1].engines->table.size(), 1U);
  EXPECT_EQ(views[1].engines->table[0].job_class, crypto::JobClass::rsa_2048);
}

TEST(CryptoCoresOfTheService, AreNoneByDefault) {
  const auto cores = CryptoCores::create(config::Config(), 1);
  ASSERT_TRUE(cores) << cores.error();
  EXPECT_EQ(cores.value()->count(), 0U);
  control::EngineSet none;
  EXPECT_EQ(cores.value()->connect(0, none), nullptr);
  EXPECT_TRUE(cores.value()->dropped());
}

TEST(HelperOfTheService, TakesChainsToVerifyAndNothingElse) {
  auto helper = Helper::create(1);
  ASSERT_TRUE(helper) << helper.error();
  Random random = Random::from_number(1);
  auto own = control::make_engines(random, {});
  ASSERT_TRUE(own) << own.error();
  const auto remote = helper.value()->connect(0, own.value().policy, own.value().table);
  const crypto::Policy policy = remote->policy();
  constexpr auto kChain = static_cast<std::size_t>(crypto::JobClass::verify_chain);
  for (std::size_t index = 0; index < crypto::kJobClasses; ++index)
    EXPECT_EQ(policy[index].engine, index == kChain ? remote.get() : own.value().policy[index].engine) << index;
  EXPECT_EQ(own.value().table[kChain].engine, "helper");
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

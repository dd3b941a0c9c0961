#include "dataplane/base/flow_hash.h"

#include <gtest/gtest.h>

#include <array>

namespace lockstep {
namespace {

const SocketAddress kServer{*IpAddress::parse("198.18.0.1"), 443};

SocketAddress client(std::uint32_t number) {
  return {IpAddress::v4(0x0a000000U + number / 1000), static_cast<std::uint16_t>(1024 + number % 1000)};
}

TEST(FlowHash, IsTheSameForBothDirections) {
  Random random = Random::from_number(1);
  const FlowHash hash(random);
  for (std::uint32_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(hash(client(i), kServer), hash(kServer, client(i)));
    EXPECT_EQ(hash(FlowTuple{kServer, client(i)}), hash(client(i), kServer));
  }
}

TEST(FlowHash, SwappingOnlyThePortsIsAnotherFlow) {
  Random random = Random::from_number(1);
  const FlowHash hash(random);
  const SocketAddress a{IpAddress::v4(1), 10};
  const SocketAddress b{IpAddress::v4(2), 20};
  EXPECT_NE(hash(a, b), hash({a.ip, b.port}, {b.ip, a.port}));
}

TEST(FlowHash, AuthenticatesDataWithTheFlow) {
  Random random = Random::from_number(1);
  const FlowHash hash(random);
  const FlowTuple flow{{IpAddress::v4(1), 80}, {IpAddress::v4(2), 5000}};
  const FlowTuple other{{IpAddress::v4(1), 80}, {IpAddress::v4(2), 5001}};
  EXPECT_EQ(hash(flow, 7), hash(flow, 7));
  EXPECT_NE(hash(flow, 7), hash(flow, 8));
  EXPECT_NE(hash(flow, 7), hash(other, 7));
  EXPECT_NE(hash(flow, 0), hash(flow));
}

TEST(FlowHash, SpreadsNeighbouringClientsEvenly) {
  Random random = Random::from_number(2);
  const FlowHash hash(random);
  std::array<int, 7> counts{};
  for (std::uint32_t i = 0; i < 70'000; ++i) ++counts[share_of(hash(client(i), kServer), counts.size())];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

TEST(FlowHash, DependsOnItsKey) {
  Random random = Random::from_number(3);
  const FlowHash one(random);
  const FlowHash two(random);
  int equal = 0;
  for (std::uint32_t i = 0; i < 1000; ++i)
    equal += share_of(one(client(i), kServer), 2) == share_of(two(client(i), kServer), 2);
  EXPECT_NEAR(equal, 500, 100);
}

}  // namespace
}  // namespace lockstep

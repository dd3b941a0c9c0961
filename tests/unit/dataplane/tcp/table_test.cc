#include "dataplane/tcp/table.h"

#include <gtest/gtest.h>

#include <memory>
#include "dataplane/tcp/list.h"
#include "dataplane/tcp/listeners.h"

#include "tests/unit/dataplane/tcp/host.h"

namespace lockstep::tcp {
namespace {

using testing::Dice;

FlowTuple flow(unsigned number) {
  return {{IpAddress::v4(0x0a000001), 80},
          {IpAddress::v4(0x0a000002 + number / 60000), static_cast<std::uint16_t>(number % 60000)}};
}

// Few hashes for many flows, so that clusters form and wrap around the end.
TEST(Table, FindsExactlyWhatIsInUnderChurnAndCollisions) {
  constexpr unsigned kConnections = 200;
  Table table(kConnections);
  std::vector<std::unique_ptr<Connection>> connections(kConnections);
  for (unsigned i = 0; i < kConnections; ++i) {
    connections[i] = std::make_unique<Connection>();
    connections[i]->flow = flow(i);
    connections[i]->hash = 500 + i % 23;
  }
  std::vector<bool> in(kConnections);
  Dice random(5);
  for (int step = 0; step < 20000; ++step) {
    const unsigned i = random() % kConnections;
    if (in[i]) {
      table.erase(*connections[i]);
    } else {
      table.insert(*connections[i]);
    }
    in[i] = !in[i];
    for (int probe = 0; probe < 5; ++probe) {
      const unsigned j = random() % kConnections;
      ASSERT_EQ(table.find(connections[j]->hash, flow(j)), in[j] ? connections[j].get() : nullptr);
    }
  }
}

TEST(Table, ErasingWhatIsNotInDoesNothing) {
  Table table(4);
  Connection in;
  Connection out;
  in.hash = out.hash = 7;
  in.flow = flow(1);
  out.flow = flow(2);
  table.insert(in);
  table.erase(out);
  EXPECT_EQ(table.find(7, flow(1)), &in);
}

TEST(List, KeepsOrderAndRemovesAnywhere) {
  std::array<Connection, 4> items;
  List<Connection, &Connection::output_link> list;
  for (Connection& item : items) list.push_back(item);
  list.push_back(items[0]);
  EXPECT_EQ(list.size(), 4U) << "an element is in a list once";
  list.remove(items[1]);
  list.remove(items[1]);
  list.remove(items[3]);
  EXPECT_EQ(list.pop_front(), &items[0]);
  EXPECT_EQ(list.pop_front(), &items[2]);
  EXPECT_EQ(list.pop_front(), nullptr);
}

TEST(Listeners, PreferTheAddressToAnyAddressAndKeepFamiliesApart) {
  Listeners listeners(8);
  const IpAddress v6 = *IpAddress::parse("fd00::1");
  const auto any_v4 = listeners.add({IpAddress::v4(0), 80}, 1);
  ASSERT_TRUE(any_v4);
  EXPECT_FALSE(listeners.match({v6, 80}));
  EXPECT_EQ(listeners.match({IpAddress::v4(0x0a000001), 80}), *any_v4);
  const auto exact = listeners.add({IpAddress::v4(0x0a000001), 80}, 2);
  ASSERT_TRUE(exact);
  EXPECT_EQ(listeners.match({IpAddress::v4(0x0a000001), 80}), *exact);
  EXPECT_FALSE(listeners.match({IpAddress::v4(0x0a000001), 81}));
  const auto any_v6 = listeners.add({IpAddress(), 80}, 3);
  ASSERT_TRUE(any_v6);
  EXPECT_EQ(listeners.match({v6, 80}), *any_v6);
  EXPECT_FALSE(listeners.add({IpAddress(), 80}, 4)) << "taken";
}

}  // namespace
}  // namespace lockstep::tcp

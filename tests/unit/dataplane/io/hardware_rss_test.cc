#include "dataplane/io/hardware_rss.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/dataplane/io/frames.h"

namespace lockstep::io::test {
namespace {

// Key and values of Microsoft's "Verifying the RSS Hash Calculation", which network cards implement.
const std::vector<std::uint8_t> kKey = {0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
                                        0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
                                        0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
                                        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa};

TEST(HardwareRss, HashesLikeThePublishedValues) {
  const HardwareRss rss(kKey, {0});
  const auto hash = [&](std::string_view source, std::string_view destination) {
    return rss.hash({.local = at(destination), .remote = at(source)});
  };
  EXPECT_EQ(hash("66.9.149.187:2794", "161.142.100.80:1766"), 0x51ccc178U);
  EXPECT_EQ(hash("199.92.111.2:14230", "65.69.140.83:4739"), 0xc626b0eaU);
  EXPECT_EQ(hash("[3ffe:2501:200:1fff::7]:2794", "[3ffe:2501:200:3::1]:1766"), 0x40207d3dU);
}

TEST(HardwareRss, TheTableNamesAllQueuesInTurn) {
  Random random = Random::from_number(1);
  const HardwareRss rss(52, 128, 3, random);
  EXPECT_EQ(rss.key().size(), 52U);
  ASSERT_EQ(rss.table().size(), 128U);
  EXPECT_EQ(rss.table()[4], 1);
  std::set<std::uint16_t> queues;
  for (std::uint16_t port = 1; port < 200; ++port)
    queues.insert(rss.queue({.local = at("198.18.0.1:443"), .remote = {at("198.18.0.2:1").ip, port}}));
  EXPECT_EQ(queues, (std::set<std::uint16_t>{0, 1, 2}));
}

}  // namespace
}  // namespace lockstep::io::test

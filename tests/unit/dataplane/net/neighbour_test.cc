// Neighbour unreachability detection (RFC 4861 section 7.3), seen through ARP.
#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

class Neighbour : public Wire {
 protected:
  std::vector<Octets> answer(const MacAddress& mac = kPeerMac, const IpAddress& who = kPeer) {
    return receive(ethernet(kOurMac, mac, 0x0806, arp(true, mac, who, kOurMac, kOurs)));
  }
  std::vector<Octets> segment_to(const IpAddress& to, const Octets& payload = {}) {
    return send_tcp(flow_to(to, kOurs), payload);
  }
  static Octets broadcast_request(const IpAddress& who = kPeer) {
    return ethernet(kAllStations, kOurMac, 0x0806, arp(false, kOurMac, kOurs, {}, who));
  }
  static Octets probe(const IpAddress& who = kPeer) {
    return ethernet(kPeerMac, kOurMac, 0x0806, arp(false, kOurMac, kOurs, {}, who));
  }
  static bool is_datagram_to(const Octets& frame, const MacAddress& mac) {
    return std::equal(mac.begin(), mac.end(), frame.begin()) && frame[12] == 0x08 && frame[13] == 0x00;
  }
};

TEST_F(Neighbour, ADatagramWaitsUntilItsNeighbourAnswered) {
  EXPECT_EQ(segment_to(kPeer, text("first")), std::vector<Octets>{broadcast_request()});
  EXPECT_TRUE(segment_to(kPeer, text("second")).empty()) << "one request at a time (RFC 1122 section 2.3.2.1)";
  const auto frames = answer();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(Octets(frames[0].end() - 5, frames[0].end()), text("first"));
  EXPECT_EQ(Octets(frames[1].end() - 6, frames[1].end()), text("second"));
  EXPECT_TRUE(is_datagram_to(frames[0], kPeerMac));
}

TEST_F(Neighbour, AsksThreeTimesASecondApartThenGivesUp) {  // RFC 4861 section 10
  segment_to(kPeer);
  EXPECT_GT(network().next(), now);
  EXPECT_LE(network().next(), now + seconds(1));
  EXPECT_TRUE(wait(milliseconds(999)).empty());
  EXPECT_EQ(wait(milliseconds(1)), std::vector<Octets>{broadcast_request()});
  EXPECT_EQ(wait(seconds(1)), std::vector<Octets>{broadcast_request()});
  EXPECT_EQ(counters().neighbour_failures.value(), 0U);
  EXPECT_TRUE(wait(seconds(1)).empty());
  EXPECT_EQ(counters().neighbour_failures.value(), 1U);
  EXPECT_EQ(counters().dropped_neighbour_queue.value(), 1U);
  EXPECT_EQ(counters().neighbours.value(), 0U);
  EXPECT_EQ(network().next(), Instant::never());
  EXPECT_EQ(segment_to(kPeer).size(), 1U) << "the next datagram asks anew";
}

TEST_F(Neighbour, KeepsTheNewestEightWhileItIsResolved) {  // RFC 4861 section 7.2.2
  for (std::uint8_t i = 0; i < 20; ++i) segment_to(kPeer, {i});
  const auto frames = answer();
  ASSERT_EQ(frames.size(), 8U);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(frames[i].back(), 12 + i);
  EXPECT_EQ(counters().dropped_neighbour_queue.value(), 12U);
}

TEST_F(Neighbour, AnAnswerStopsTheQuestions) {
  segment_to(kPeer);
  answer();
  EXPECT_TRUE(wait(seconds(5)).empty());
}

TEST_F(Neighbour, IsTrustedForItsReachableTimeThenProbed) {  // RFC 4861 section 6.3.2: 15 to 45 s
  segment_to(kPeer);
  answer();
  now = now + milliseconds(14'900);
  EXPECT_EQ(segment_to(kPeer).size(), 1U);
  EXPECT_TRUE(wait(seconds(10)).empty()) << "reachable: nobody asks";
  now = now + seconds(21);
  EXPECT_EQ(segment_to(kPeer).size(), 1U) << "stale: used, and probed when DELAY_FIRST_PROBE_TIME has passed";
  EXPECT_TRUE(wait(milliseconds(4'999)).empty());
  EXPECT_EQ(wait(milliseconds(1)), std::vector<Octets>{probe()});
  EXPECT_EQ(segment_to(kPeer).size(), 1U) << "used while it is probed";
  answer();
  EXPECT_EQ(segment_to(kPeer).size(), 1U);
  EXPECT_TRUE(wait(seconds(10)).empty());
}

TEST_F(Neighbour, ThatDoesNotAnswerItsProbesIsForgotten) {
  receive(ethernet(kOurMac, kPeerMac, 0x0806, arp(false, kPeerMac, kPeer, {}, kOurs)));
  EXPECT_EQ(segment_to(kPeer).size(), 1U);
  EXPECT_EQ(wait(seconds(5)), std::vector<Octets>{probe()});
  EXPECT_EQ(wait(seconds(1)), std::vector<Octets>{probe()});
  EXPECT_EQ(wait(seconds(1)), std::vector<Octets>{probe()});
  EXPECT_TRUE(wait(seconds(1)).empty());
  EXPECT_EQ(counters().neighbour_failures.value(), 1U);
  EXPECT_EQ(segment_to(kPeer), std::vector<Octets>{broadcast_request()});
}

TEST_F(Neighbour, ThatIsNotUsedIsNotProbed) {
  segment_to(kPeer);
  answer();
  for (int minute = 0; minute < 10; ++minute) EXPECT_TRUE(wait(seconds(60)).empty());
}

TEST_F(Neighbour, AnotherAnswerMovesIt) {
  segment_to(kPeer);
  answer();
  answer(kOtherMac);
  const auto frames = segment_to(kPeer);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_TRUE(is_datagram_to(frames[0], kOtherMac));
}

TEST_F(Neighbour, FailuresLeaveTheQueueOfAllNeighboursEmpty) {
  for (std::uint8_t host = 100; host < 200; ++host) {
    for (int i = 0; i < 8; ++i) segment_to(IpAddress::v4(0xc6120000U + host));
    for (int i = 0; i < 3; ++i) wait(seconds(1));
  }
  EXPECT_EQ(counters().dropped_neighbour_queue.value(), 800U);
  segment_to(kPeer);
  EXPECT_EQ(answer().size(), 1U);
}

TEST_F(Neighbour, FarDestinationsShareTheGatewaysEntry) {
  EXPECT_EQ(segment_to(kFar), std::vector<Octets>{broadcast_request(kGateway)});
  EXPECT_TRUE(segment_to(ip("192.0.2.1")).empty());
  EXPECT_EQ(answer(kPeerMac, kGateway).size(), 2U);
}

TEST_F(Neighbour, AFloodOfUnknownOnesIsBoundedAndSparesThoseInUse) {  // RFC 6583
  config.addresses = {{ip("10.0.0.1"), 8}};
  config.gateway_v4.reset();
  const IpAddress good = ip("10.0.0.9");
  const FlowTuple to_good{{ip("10.0.0.1"), 443}, {good, 50000}};
  send_tcp(to_good);
  receive(ethernet(kOurMac, kPeerMac, 0x0806, arp(true, kPeerMac, good, kOurMac, ip("10.0.0.1"))));
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    send_tcp({{ip("10.0.0.1"), 443}, {IpAddress::v4(0x0a010000U + i), 50000}});
    if (i % 100 == 0) {
      ASSERT_GE(send_tcp(to_good).size(), 1U);
    }
  }
  EXPECT_LE(counters().neighbours.value(), 1024U);
  EXPECT_GT(counters().dropped_neighbour_queue.value(), 18'000U);
  EXPECT_LE(rte_mempool_in_use_count(pools->packets()), 512U);
  EXPECT_GT(counters().dropped_rate_limit.value(), 0U);
}

TEST_F(Neighbour, RequestsToManyAreRateLimited) {
  config.addresses = {{ip("10.0.0.1"), 8}};
  std::size_t requests = 0;
  for (std::uint32_t i = 0; i < 500; ++i)
    requests += send_tcp({{ip("10.0.0.1"), 443}, {IpAddress::v4(0x0a010000U + i), 50000}}).size();
  EXPECT_EQ(requests, 100U) << "the burst";
  now = now + milliseconds(100);
  for (std::uint32_t i = 1000; i < 1500; ++i)
    requests += send_tcp({{ip("10.0.0.1"), 443}, {IpAddress::v4(0x0a010000U + i), 50000}}).size();
  EXPECT_EQ(requests, 120U) << "and 200 a second";
}

}  // namespace
}  // namespace lockstep::net

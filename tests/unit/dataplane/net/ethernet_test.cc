#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

const FlowTuple kFlow{{kOurs, 443}, {kPeer, 50000}};

Octets datagram() {
  return ipv4(kPeer, kOurs, 6, tcp(kFlow, text("hello")));
}

class Ethernet : public Wire {};

TEST_F(Ethernet, DeliversAFrameForOurMac) {
  receive(ethernet(kOurMac, kPeerMac, 0x0800, datagram()));
  EXPECT_EQ(batch.segments.size(), 1U);
}

TEST_F(Ethernet, IgnoresFramesForOtherStations) {
  receive(ethernet(kOtherMac, kPeerMac, 0x0800, datagram()));
  EXPECT_TRUE(batch.segments.empty());
  EXPECT_EQ(counters().dropped_ethernet.value(), 1U);
}

TEST_F(Ethernet, IgnoresFramesWithAGroupOrNoStationAsSource) {
  receive(ethernet(kOurMac, kAllStations, 0x0800, datagram()));
  receive(ethernet(kOurMac, {}, 0x0800, datagram()));
  EXPECT_TRUE(batch.segments.empty());
  EXPECT_EQ(counters().dropped_ethernet.value(), 2U);
}

TEST_F(Ethernet, IgnoresOtherTypes) {
  receive(ethernet(kOurMac, kPeerMac, 0x88cc, counting(50)));
  receive(ethernet(kOurMac, kPeerMac, 46, counting(46)));
  EXPECT_EQ(counters().dropped_ethernet.value(), 2U);
}

TEST_F(Ethernet, AnUnicastDatagramInABroadcastFrameIsNotForUs) {  // RFC 1122 section 3.3.6
  receive(ethernet(kAllStations, kPeerMac, 0x0800, datagram()));
  EXPECT_TRUE(batch.segments.empty());
  EXPECT_EQ(counters().dropped_not_local.value(), 1U);
}

TEST_F(Ethernet, UntaggedInterfaceTakesPriorityTagsOnly) {  // IEEE 802.1Q section 9.6
  receive(join({raw(kOurMac), raw(kPeerMac), u16(0x8100), u16(0xe000), u16(0x0800), datagram()}));
  EXPECT_EQ(batch.segments.size(), 1U);
  receive(ethernet(kOurMac, kPeerMac, 0x0800, datagram(), 7));
  EXPECT_EQ(batch.segments.size(), 1U);
}

TEST_F(Ethernet, TaggedInterfaceTakesAndSendsItsOwnTag) {
  config.vlan = 7;
  receive(ethernet(kOurMac, kPeerMac, 0x0800, datagram()));
  receive(ethernet(kOurMac, kPeerMac, 0x0800, datagram(), 8));
  EXPECT_TRUE(batch.segments.empty());
  receive(ethernet(kOurMac, kPeerMac, 0x0800, datagram(), 0x6007));  // priority 3
  EXPECT_EQ(batch.segments.size(), 1U);
  const auto answers = receive(ethernet(kAllStations, kPeerMac, 0x0806, arp(false, kPeerMac, kPeer, {}, kOurs), 7));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0], ethernet(kPeerMac, kOurMac, 0x0806, arp(true, kOurMac, kOurs, kPeerMac, kPeer), 7));
  EXPECT_EQ(last_sent->l2_len, 18);
}

TEST_F(Ethernet, BelievesThePortThatTookTheTagOut) {
  config.vlan = 7;
  MbufPtr frame = make_mbuf(ethernet(kOurMac, kPeerMac, 0x0800, datagram()));
  frame->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
  frame->vlan_tci = 7;
  rte_mbuf* burst[] = {frame.release()};
  network().receive(0, burst, now, batch);
  EXPECT_EQ(batch.segments.size(), 1U);
}

TEST_F(Ethernet, IgnoresASecondTag) {
  config.vlan = 7;
  const Octets twice =
      join({raw(kOurMac), raw(kPeerMac), u16(0x8100), u16(7), u16(0x8100), u16(7), u16(0x0800), datagram()});
  receive(twice);
  MbufPtr frame = make_mbuf(ethernet(kOurMac, kPeerMac, 0x0800, datagram(), 9));
  frame->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
  frame->vlan_tci = 7;
  rte_mbuf* burst[] = {frame.release()};
  network().receive(0, burst, now, batch);
  EXPECT_TRUE(batch.segments.empty());
  EXPECT_EQ(counters().dropped_ethernet.value(), 2U);
}

}  // namespace
}  // namespace lockstep::net

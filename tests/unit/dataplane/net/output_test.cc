#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

class Output : public Wire {
 protected:
  /// The IP datagram of the only frame in `frames`.
  static Octets datagram(const std::vector<Octets>& frames) {
    EXPECT_EQ(frames.size(), 1U);
    return frames.empty() ? Octets(80) : Octets(frames[0].begin() + 14, frames[0].end());
  }
};

TEST_F(Output, SendsAnIpv4SegmentWithBothChecksums) {
  resolve_peers();
  const auto frames = send_tcp(flow_to(kPeer, kOurs), counting(333));
  const Octets out = datagram(frames);
  EXPECT_EQ(Octets(frames[0].begin(), frames[0].begin() + 14), ethernet(kPeerMac, kOurMac, 0x0800, {}));
  EXPECT_EQ(out[0], 0x45);
  EXPECT_EQ(Octets(out.begin() + 2, out.begin() + 4), u16(20 + 20 + 333));
  EXPECT_EQ(out[6], 0x40) << "do not fragment (RFC 1191)";
  EXPECT_EQ(out[8], 64);
  EXPECT_EQ(out[9], 6);
  EXPECT_EQ(Octets(out.begin() + 12, out.begin() + 20), join({raw(kOurs), raw(kPeer)}));
  EXPECT_EQ(plain_checksum({out.begin(), out.begin() + 20}), 0);
  EXPECT_EQ(plain_checksum(join({pseudo(kOurs, kPeer, 6, 353), {out.begin() + 20, out.end()}})), 0);
}

TEST_F(Output, SendsAnIpv6SegmentWithItsChecksum) {
  resolve_peers();
  const Octets out = datagram(send_tcp(flow_to(kPeer6, kOurs6), counting(100)));
  EXPECT_EQ(Octets(out.begin(), out.begin() + 40),
            join({{0x60, 0, 0, 0}, u16(120), {6, 64}, raw(kOurs6), raw(kPeer6)}));
  EXPECT_EQ(plain_checksum(join({pseudo(kOurs6, kPeer6, 6, 120), {out.begin() + 40, out.end()}})), 0);
}

TEST_F(Output, KeepsPiecesChainedAndSumsOverThem) {
  resolve_peers();
  const FlowTuple flow = flow_to(kPeer, kOurs);
  MbufPtr record = make_mbuf(counting(500));
  MbufPtr head = segment(flow, {});
  rte_pktmbuf_chain(head.get(), pools->clone(*record, 3, 101).release());
  rte_pktmbuf_chain(head.get(), pools->clone(*record, 104, 200).release());
  network().send_tcp(flow, std::move(head), now);
  ASSERT_EQ(network().outgoing(0).size(), 1U);
  EXPECT_EQ(network().outgoing(0)[0]->nb_segs, 3);
  const Octets out = datagram(sent());
  const Octets data = counting(500);
  EXPECT_EQ(Octets(out.begin() + 40, out.end()), Octets(data.begin() + 3, data.begin() + 304));
  EXPECT_EQ(plain_checksum(join({pseudo(kOurs, kPeer, 6, out.size() - 20), {out.begin() + 20, out.end()}})), 0);
}

TEST_F(Output, LeavesChecksumsToAPortThatComputesThem) {
  config.transmit_ipv4_checksum = true;
  config.transmit_tcp_checksum = true;
  resolve_peers();
  const Octets out = datagram(send_tcp(flow_to(kPeer, kOurs), counting(50)));
  EXPECT_EQ(
      last_sent->ol_flags & (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK),
      RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_TCP_CKSUM);
  EXPECT_EQ(last_sent->l2_len, 14);
  EXPECT_EQ(last_sent->l3_len, 20);
  EXPECT_EQ(last_sent->l4_len, 20);
  EXPECT_EQ(Octets(out.begin() + 10, out.begin() + 12), u16(0));
  const auto pseudo_sum = static_cast<std::uint16_t>(~plain_checksum(pseudo(kOurs, kPeer, 6, 70)));
  EXPECT_EQ(Octets(out.begin() + 36, out.begin() + 38), u16(pseudo_sum));
  datagram(send_tcp(flow_to(kPeer6, kOurs6), counting(50)));
  EXPECT_EQ(
      last_sent->ol_flags & (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK),
      RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_TCP_CKSUM);
  EXPECT_EQ(last_sent->l3_len, 40);
}

TEST_F(Output, DropsWhatHasNoRoute) {
  config.gateway_v4.reset();
  EXPECT_TRUE(send_tcp(flow_to(kFar, kOurs)).empty());
  EXPECT_TRUE(send_tcp(flow_to(kPeer, ip("198.18.0.77"))).empty()) << "a source that is not ours";
  EXPECT_TRUE(send_tcp(flow_to(kPeer6, kOurs)).empty()) << "two families";
  EXPECT_TRUE(send_tcp(flow_to(kOurs, kOurs)).empty()) << "ourselves";
  EXPECT_EQ(counters().dropped_no_route.value(), 4U);
}

TEST_F(Output, DropsWhatExceedsTheMtu) {
  config.mtu = 1000;
  resolve_peers();
  EXPECT_EQ(send_tcp(flow_to(kPeer, kOurs), counting(960)).size(), 1U);
  EXPECT_TRUE(send_tcp(flow_to(kPeer, kOurs), counting(961)).empty());
  EXPECT_EQ(counters().dropped_too_big.value(), 1U);
}

TEST_F(Output, CountsAndDropsWhenTheQueueIsFull) {
  transmit_capacity = 4;
  resolve_peers();
  for (int i = 0; i < 6; ++i) network().send_tcp(flow_to(kPeer, kOurs), segment(flow_to(kPeer, kOurs), {}), now);
  EXPECT_EQ(network().outgoing(0).size(), 4U);
  EXPECT_EQ(counters().dropped_transmit_queue.value(), 2U);
}

TEST_F(Output, KeepsOrderWhenThePortTakesAFewAtATime) {
  transmit_capacity = 8;
  resolve_peers();
  const std::uint64_t before = counters().frames_sent.value();
  std::uint8_t next_in = 0;
  std::uint8_t next_out = 0;
  for (std::size_t round = 0; round < 200; ++round) {
    for (std::size_t i = 0; i < 3 && network().outgoing(0).size() < 8; ++i)
      network().send_tcp(flow_to(kPeer, kOurs), segment(flow_to(kPeer, kOurs), {next_in++}), now);
    const std::size_t taken = round % 5;
    const auto waiting = network().outgoing(0);
    for (std::size_t i = 0; i < taken && i < waiting.size(); ++i) {
      ASSERT_EQ(bytes_of(*waiting[i]).back(), next_out++);
      rte_pktmbuf_free(waiting[i]);
    }
    network().transmitted(0, std::min(taken, waiting.size()));
  }
  EXPECT_GT(counters().frames_sent.value() - before, 300U);
  EXPECT_EQ(counters().dropped_transmit_queue.value(), 0U);
}

TEST_F(Output, CountsASegmentWithoutHeadroom) {
  resolve_peers();
  const FlowTuple flow = flow_to(kPeer, kOurs);
  MbufPtr bare = segment(flow, {});
  bare->data_off = 10;
  network().send_tcp(flow, std::move(bare), now);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(counters().dropped_no_buffer.value(), 1U);
}

class Routes : public Wire {};

TEST_F(Routes, ChooseTheAddressWhosePrefixCoversTheDestination) {
  config.addresses = {{ip("10.0.0.1"), 8}, {ip("10.1.0.1"), 16}, {kOurs6, 64}};
  config.gateway_v4 = ip("10.1.0.254");
  EXPECT_EQ(network().route(ip("10.2.0.1"))->source, ip("10.0.0.1"));
  EXPECT_EQ(network().route(ip("10.1.9.9"))->source, ip("10.1.0.1"));
  EXPECT_EQ(network().route(kFar)->source, ip("10.1.0.1")) << "that of the gateway";
  EXPECT_EQ(network().route(kFar)->mtu, 1500);
}

TEST_F(Routes, UseAGlobalAddressThroughALinkLocalGateway) {
  EXPECT_EQ(network().route(kFar6)->source, kOurs6);
  EXPECT_EQ(network().route(ip("fe80::9"))->source, kLinkLocal);
}

TEST_F(Routes, ALinkLocalAddressDoesNotLeaveTheLink) {  // RFC 4291 section 2.5.6
  config.addresses = {{kOurs, 24}};
  EXPECT_FALSE(network().route(kFar6));
}

TEST_F(Routes, LeadNowhereForGroupsBroadcastsLoopbackAndOurselves) {
  for (const char* destination : {"0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.255", "127.0.0.1", "198.18.0.1",
                                  "::", "::1", "ff02::1", "fd00::1"})
    EXPECT_FALSE(network().route(ip(destination))) << destination;
}

TEST_F(Routes, WithASourceGoOnlyIfItIsOurs) {
  EXPECT_TRUE(network().route(kFar, kOurs));
  EXPECT_FALSE(network().route(kFar, kPeer));
  EXPECT_FALSE(network().route(kFar6, kOurs));
}

TEST(TwoInterfaces, AreStrongEndSystems) {  // RFC 1122 section 3.3.4.2
  auto pools = std::move(MbufPools::create("two", {.packets = 511, .records = 15, .clones = 63}).value());
  Random random = Random::from_number(1);
  InterfaceConfig front;
  front.name = "front";
  front.mac = kOurMac;
  front.addresses = {{kOurs, 24}};
  front.gateway_v4 = kGateway;
  InterfaceConfig back;
  back.name = "back";
  back.mac = kOtherMac;
  back.addresses = {{ip("10.0.0.1"), 24}};
  Network network({front, back}, *pools, random, 16, Instant{0});

  EXPECT_EQ(network.route(kFar)->interface, 0);
  EXPECT_EQ(network.route(ip("10.0.0.5"))->interface, 1) << "a link comes before a gateway";
  EXPECT_FALSE(network.route(kFar, ip("10.0.0.1")));
  EXPECT_TRUE(network.is_local(ip("10.0.0.1")));

  const auto deliver = [&](std::uint8_t interface, const MacAddress& mac, const IpAddress& from) {
    const Octets frame = ethernet(mac, kPeerMac, 0x0800, ipv4(from, kOurs, 6, tcp({{kOurs, 443}, {from, 50000}}, {})));
    MbufPtr mbuf = pools->packet();
    std::copy(
        frame.begin(), frame.end(),
        reinterpret_cast<std::uint8_t*>(rte_pktmbuf_append(mbuf.get(), static_cast<std::uint16_t>(frame.size()))));
    rte_mbuf* burst[] = {mbuf.release()};
    ReceivedBatch batch;
    network.receive(interface, burst, Instant{0}, batch);
    return batch.segments.size();
  };
  EXPECT_EQ(deliver(0, kOurMac, kPeer), 1U);
  EXPECT_EQ(deliver(1, kOtherMac, kPeer), 0U) << "the address of the other interface";
  EXPECT_EQ(deliver(0, kOurMac, ip("10.0.0.1")), 0U) << "our own address as source";
}

}  // namespace
}  // namespace lockstep::net

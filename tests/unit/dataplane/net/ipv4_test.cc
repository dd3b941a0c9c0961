#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

const FlowTuple kFlow{{kOurs, 443}, {kPeer, 50000}};

/// Where rte_mbuf_check may put its reason.
const char** reason_of_disorder() {
  static const char* reason = nullptr;
  return &reason;
}

Octets segment_of(const TcpSegment& segment) {
  Octets bytes;
  for (rte_mbuf* piece = segment.mbuf.get(); piece != nullptr; piece = piece->next) {
    const MutableBytes part = bytes_of(*piece);
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

class Ipv4 : public Wire {
 protected:
  /// Whether a datagram reaches TCP.
  bool accepts(const Octets& datagram, std::uint64_t ol_flags = 0) {
    batch.segments.clear();
    receive(ethernet(kOurMac, kPeerMac, 0x0800, datagram), ol_flags);
    return batch.segments.size() == 1;
  }
  static Octets good() { return ipv4(kPeer, kOurs, 6, tcp(kFlow, text("hello"))); }
  static Octets changed(Octets datagram, std::size_t at, std::uint8_t value) {
    datagram.at(at) = value;
    return datagram;
  }
  static Octets from(const char* source) {
    return ipv4(ip(source), kOurs, 6, tcp({{kOurs, 443}, {ip(source), 50000}}, {}));
  }
};

TEST_F(Ipv4, DeliversTheSegmentWithItsFlow) {
  ASSERT_TRUE(accepts(good()));
  EXPECT_EQ(segment_of(batch.segments[0]), tcp(kFlow, text("hello")));
  EXPECT_EQ(batch.segments[0].flow, kFlow);
  EXPECT_EQ(batch.segments[0].interface, 0);
}

TEST_F(Ipv4, CutsOffThePaddingOfTheFrame) {
  ASSERT_TRUE(accepts(join({good(), counting(13)})));
  EXPECT_EQ(segment_of(batch.segments[0]), tcp(kFlow, text("hello")));
}

TEST_F(Ipv4, CutsOffPaddingThatLiesInLaterPieces) {
  const Octets segment = tcp(kFlow, counting(100));
  const Octets frame = ethernet(kOurMac, kPeerMac, 0x0800, join({ipv4(kPeer, kOurs, 6, segment), counting(80)}));
  for (const std::size_t piece : {94U, 100U, 110U, 154U, 160U, 200U}) {
    batch.segments.clear();
    receive_in_pieces(frame, piece);
    ASSERT_EQ(batch.segments.size(), 1U) << piece;
    EXPECT_EQ(segment_of(batch.segments[0]), segment) << piece;
    EXPECT_EQ(batch.segments[0].mbuf->pkt_len, segment.size());
    EXPECT_EQ(rte_mbuf_check(batch.segments[0].mbuf.get(), 1, reason_of_disorder()), 0) << "a packet in good order";
  }
}

TEST_F(Ipv4, WantsTheTcpHeaderInOnePiece) {
  receive_in_pieces(ethernet(kOurMac, kPeerMac, 0x0800, ipv4(kPeer, kOurs, 6, tcp(kFlow, counting(100)))), 60);
  EXPECT_TRUE(batch.segments.empty());
  EXPECT_EQ(counters().dropped_ip_header.value(), 1U);
}

TEST_F(Ipv4, SkipsOptions) {  // RFC 1122 section 3.2.1.8
  ASSERT_TRUE(accepts(ipv4(kPeer, kOurs, 6, tcp(kFlow, text("x")), {.options = Octets(40, 1)})));
  EXPECT_EQ(segment_of(batch.segments[0]), tcp(kFlow, text("x")));
}

TEST_F(Ipv4, AcceptsTimeToLiveOne) {  // RFC 1122 section 3.2.1.7
  EXPECT_TRUE(accepts(ipv4(kPeer, kOurs, 6, tcp(kFlow, {}), {.ttl = 1})));
}

TEST_F(Ipv4, DropsABadHeader) {  // RFC 1122 section 3.2.1
  for (const auto& [at, value] :
       {std::pair<std::size_t, std::uint8_t>{0, 0x55}, {0, 0x35}, {0, 0x44}, {0, 0x4f}, {2, 0x40}, {3, 19}, {10, 0}})
    EXPECT_FALSE(accepts(changed(good(), at, value))) << at;
  EXPECT_EQ(counters().dropped_ip_header.value(), 7U);
}

TEST_F(Ipv4, DropsADatagramLongerThanItsFrame) {
  Octets datagram = good();
  datagram.pop_back();
  EXPECT_FALSE(accepts(datagram));
  EXPECT_EQ(counters().dropped_ip_header.value(), 1U);
}

TEST_F(Ipv4, DropsFragments) {
  EXPECT_FALSE(accepts(ipv4(kPeer, kOurs, 6, tcp(kFlow, {}), {.flags_and_offset = 0x2000})));
  EXPECT_FALSE(accepts(ipv4(kPeer, kOurs, 6, tcp(kFlow, {}), {.flags_and_offset = 1})));
  EXPECT_EQ(counters().dropped_fragment.value(), 2U);
  EXPECT_TRUE(accepts(ipv4(kPeer, kOurs, 6, tcp(kFlow, {}), {.flags_and_offset = 0x4000})));
}

TEST_F(Ipv4, DropsImpossibleSources) {  // RFC 1122 section 3.2.1.3
  for (const char* source : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
                             "198.18.0.255", "198.18.0.0", "198.18.0.1"})
    EXPECT_FALSE(accepts(from(source))) << source;
  EXPECT_EQ(counters().dropped_source.value(), 9U);
  EXPECT_TRUE(accepts(from("203.0.113.255")));
}

TEST_F(Ipv4, DropsDatagramsForOthers) {
  for (const char* destination : {"198.18.0.2", "198.18.0.255", "255.255.255.255", "224.0.0.1", "0.0.0.0"})
    EXPECT_FALSE(accepts(ipv4(kPeer, ip(destination), 6, tcp({{ip(destination), 443}, {kPeer, 50000}}, {}))))
        << destination;
  EXPECT_EQ(counters().dropped_not_local.value(), 5U);
}

TEST_F(Ipv4, DropsOtherTransports) {
  EXPECT_FALSE(accepts(ipv4(kPeer, kOurs, 17, counting(30))));
  EXPECT_EQ(counters().dropped_protocol.value(), 1U);
}

TEST_F(Ipv4, DropsASegmentWithABadChecksum) {  // RFC 9293 section 3.1
  for (std::size_t at = 20; at < good().size(); ++at)
    EXPECT_FALSE(accepts(changed(good(), at, static_cast<std::uint8_t>(good()[at] ^ 0x10U)))) << at;
  EXPECT_EQ(counters().dropped_tcp_checksum.value(), good().size() - 20);
}

TEST_F(Ipv4, SumsOverAllPieces) {
  const Octets frame = ethernet(kOurMac, kPeerMac, 0x0800, ipv4(kPeer, kOurs, 6, tcp(kFlow, counting(1000))));
  for (const std::size_t piece : {95U, 96U, 333U, 1000U}) receive_in_pieces(frame, piece);
  EXPECT_EQ(batch.segments.size(), 4U);
}

TEST_F(Ipv4, AsksNotThePortWithoutTheOffload) {
  EXPECT_FALSE(accepts(changed(good(), 42, 'x'), RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_IP_CKSUM_GOOD));
  EXPECT_TRUE(accepts(good(), RTE_MBUF_F_RX_L4_CKSUM_BAD | RTE_MBUF_F_RX_IP_CKSUM_BAD));
}

TEST_F(Ipv4, BelievesThePortsVerdictAndComputesWhereItHasNone) {
  config.receive_checksums = true;
  const Octets wrong = changed(good(), 42, 'x');
  EXPECT_TRUE(accepts(wrong, RTE_MBUF_F_RX_L4_CKSUM_GOOD));
  EXPECT_TRUE(accepts(wrong, RTE_MBUF_F_RX_L4_CKSUM_NONE));
  EXPECT_FALSE(accepts(wrong));
  EXPECT_TRUE(accepts(good()));
  EXPECT_FALSE(accepts(good(), RTE_MBUF_F_RX_L4_CKSUM_BAD));
  EXPECT_FALSE(accepts(good(), RTE_MBUF_F_RX_IP_CKSUM_BAD));
  EXPECT_TRUE(accepts(changed(good(), 10, 0), RTE_MBUF_F_RX_IP_CKSUM_GOOD));
  EXPECT_FALSE(accepts(changed(good(), 10, 0)));
}

TEST_F(Ipv4, DropsASegmentShorterThanItsHeader) {
  EXPECT_FALSE(accepts(ipv4(kPeer, kOurs, 6, counting(19))));
  EXPECT_EQ(counters().dropped_ip_header.value(), 1U);
}

}  // namespace
}  // namespace lockstep::net

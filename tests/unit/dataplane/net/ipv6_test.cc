#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

const FlowTuple kFlow{{kOurs6, 443}, {kPeer6, 50000}};
const IpAddress kAllNodes = ip("ff02::1");
const IpAddress kUnspecified = ip("::");
constexpr MacAddress kAllNodesMac = {0x33, 0x33, 0, 0, 0, 1};
constexpr MacAddress kOurGroupMac = {0x33, 0x33, 0xff, 0, 0, 1};
const IpAddress kOurGroup = ip("ff02::1:ff00:1");

class Ipv6 : public Wire {
 protected:
  bool accepts(const Octets& datagram) {
    batch.segments.clear();
    receive(ethernet(kOurMac, kPeerMac, 0x86dd, datagram));
    return batch.segments.size() == 1;
  }
  static Octets good() { return ipv6(kPeer6, kOurs6, 6, tcp(kFlow, text("hello"))); }
  /// An extension header of 8 bytes.
  static Octets extension(std::uint8_t next, const Octets& six = {1, 4, 0, 0, 0, 0}) { return join({{next, 0}, six}); }
};

TEST_F(Ipv6, DeliversTheSegmentWithItsFlow) {
  ASSERT_TRUE(accepts(join({good(), counting(9)})));
  EXPECT_EQ(batch.segments[0].flow, kFlow);
  EXPECT_EQ(batch.segments[0].mbuf->pkt_len, 25U);
}

TEST_F(Ipv6, LinkLocalAddressMadeOfTheMacIsOurs) {  // RFC 4862 section 5.3
  EXPECT_TRUE(network().is_local(kLinkLocal));
  const FlowTuple flow{{kLinkLocal, 443}, {ip("fe80::9"), 50000}};
  EXPECT_TRUE(accepts(ipv6(ip("fe80::9"), kLinkLocal, 6, tcp(flow, {}))));
}

TEST_F(Ipv6, DropsABadHeader) {
  Octets datagram = good();
  datagram[0] = 0x50;
  EXPECT_FALSE(accepts(datagram));
  datagram = good();
  datagram.pop_back();
  EXPECT_FALSE(accepts(datagram));
  EXPECT_FALSE(accepts(ipv6(kPeer6, kOurs6, 6, {})));
  EXPECT_EQ(counters().dropped_ip_header.value(), 3U);
}

TEST_F(Ipv6, DropsImpossibleSources) {
  for (const char* source : {"::", "::1", "ff02::1", "fd00::1", "fe80::ff:fe00:1"})
    EXPECT_FALSE(accepts(ipv6(ip(source), kOurs6, 6, tcp({{kOurs6, 443}, {ip(source), 50000}}, {})))) << source;
  EXPECT_EQ(counters().dropped_source.value(), 5U);
}

TEST_F(Ipv6, DropsMappedAddresses) {  // they would be taken for IPv4 ones
  Octets datagram = good();
  const auto mapped = IpAddress::v4(0xc6120009U).bytes();
  std::copy(mapped.begin(), mapped.end(), datagram.begin() + 8);
  EXPECT_FALSE(accepts(datagram));
  datagram = good();
  const auto ours = kOurs.bytes();
  std::copy(ours.begin(), ours.end(), datagram.begin() + 24);
  EXPECT_FALSE(accepts(datagram));
  EXPECT_EQ(counters().dropped_ip_header.value(), 2U);
}

TEST_F(Ipv6, DropsWhatIsForOthersOrForAGroup) {
  EXPECT_FALSE(accepts(ipv6(kPeer6, ip("fd00::2"), 6, tcp({{ip("fd00::2"), 443}, {kPeer6, 50000}}, {}))));
  EXPECT_FALSE(accepts(ipv6(kPeer6, kAllNodes, 6, tcp({{kAllNodes, 443}, {kPeer6, 50000}}, {}))));
  receive(ethernet(kAllNodesMac, kPeerMac, 0x86dd, good()));
  EXPECT_TRUE(batch.segments.empty());
  EXPECT_EQ(counters().dropped_not_local.value(), 3U);
}

TEST_F(Ipv6, WalksOverExtensionHeaders) {  // RFC 8200 section 4
  const Octets segment = tcp(kFlow, text("x"));
  const Octets routing_done = extension(60, {4, 0, 0, 0, 0, 0});
  EXPECT_TRUE(accepts(ipv6(kPeer6, kOurs6, 0, join({extension(43), routing_done, extension(6), segment}))));
  EXPECT_EQ(batch.segments[0].mbuf->pkt_len, segment.size());
}

TEST_F(Ipv6, DropsARoutingHeaderWithSegmentsLeft) {  // RFC 5095
  const Octets routing = extension(6, {4, 1, 0, 0, 0, 0});
  EXPECT_FALSE(accepts(ipv6(kPeer6, kOurs6, 43, join({routing, tcp(kFlow, {})}))));
  EXPECT_EQ(counters().dropped_ip_header.value(), 1U);
}

TEST_F(Ipv6, LimitsTheNumberOfExtensionHeaders) {
  const Octets segment = tcp(kFlow, {});
  const auto with = [&](std::size_t count) {
    Octets headers;
    for (std::size_t i = 0; i < count; ++i) headers = join({headers, extension(i + 1 == count ? 6 : 60)});
    return ipv6(kPeer6, kOurs6, 60, join({headers, segment}));
  };
  EXPECT_TRUE(accepts(with(8)));
  EXPECT_FALSE(accepts(with(9)));
}

TEST_F(Ipv6, HopByHopOptionsComeFirst) {  // RFC 8200 section 4.1
  EXPECT_FALSE(accepts(ipv6(kPeer6, kOurs6, 60, join({extension(0), extension(6), tcp(kFlow, {})}))));
}

TEST_F(Ipv6, ObeysTheActionBitsOfUnknownOptions) {  // RFC 8200 section 4.2
  for (const std::uint8_t type : Octets{0x1e, 0x3e})
    EXPECT_TRUE(accepts(ipv6(kPeer6, kOurs6, 60, join({extension(6, {type, 4, 9, 9, 9, 9}), tcp(kFlow, {})}))))
        << int{type};
  for (const std::uint8_t type : Octets{0x5e, 0x9e, 0xde})
    EXPECT_FALSE(accepts(ipv6(kPeer6, kOurs6, 60, join({extension(6, {type, 4, 9, 9, 9, 9}), tcp(kFlow, {})}))))
        << int{type};
  EXPECT_FALSE(accepts(ipv6(kPeer6, kOurs6, 60, join({extension(6, {1, 5, 0, 0, 0, 0}), tcp(kFlow, {})}))))
      << "too long";
}

TEST_F(Ipv6, DropsFragments) {
  EXPECT_FALSE(accepts(ipv6(kPeer6, kOurs6, 44, join({extension(6, {0, 1, 0, 0, 0, 1}), tcp(kFlow, {})}))));
  EXPECT_EQ(counters().dropped_fragment.value(), 1U);
}

TEST_F(Ipv6, DropsASegmentWithABadChecksum) {
  Octets datagram = good();
  datagram.back() ^= 1U;
  EXPECT_FALSE(accepts(datagram));
  EXPECT_EQ(counters().dropped_tcp_checksum.value(), 1U);
}

class Ndp : public Wire {
 protected:
  static Octets solicitation_body(const IpAddress& target, std::optional<MacAddress> mac) {
    return join({u32(0), raw(target), mac ? join({{1, 1}, raw(*mac)}) : Octets{}});
  }
  static Octets solicitation(const IpAddress& source, const IpAddress& destination, const IpAddress& target,
                             std::optional<MacAddress> mac = kPeerMac, std::uint8_t hop_limit = 255) {
    return ipv6(source, destination, 58, icmpv6(source, destination, 135, 0, solicitation_body(target, mac)),
                hop_limit);
  }
  static Octets advertisement(std::uint32_t flags, std::optional<MacAddress> mac, const IpAddress& target = kPeer6,
                              const IpAddress& destination = kOurs6) {
    const Octets body = join({u32(flags), raw(target), mac ? join({{2, 1}, raw(*mac)}) : Octets{}});
    return ipv6(kPeer6, destination, 58, icmpv6(kPeer6, destination, 136, 0, body), 255);
  }
  std::vector<Octets> hear(const Octets& datagram, const MacAddress& to = kOurMac, const MacAddress& from = kPeerMac) {
    return receive(ethernet(to, from, 0x86dd, datagram));
  }
  static Octets our_advertisement(const MacAddress& to_mac, const IpAddress& to, std::uint32_t flags,
                                  const IpAddress& target = kOurs6) {
    const Octets body = join({u32(flags), raw(target), {2, 1}, raw(kOurMac)});
    return ethernet(to_mac, kOurMac, 0x86dd, ipv6(target, to, 58, icmpv6(target, to, 136, 0, body), 255));
  }
  std::vector<Octets> segment_to(const IpAddress& to) { return send_tcp(flow_to(to, kOurs6)); }
  static bool is_segment_to(const Octets& frame, const MacAddress& mac) {
    return std::equal(mac.begin(), mac.end(), frame.begin()) && frame[20] == 6;
  }
  static constexpr std::uint32_t kSolicited = 0x40000000;
  static constexpr std::uint32_t kOverride = 0x20000000;
};

TEST_F(Ndp, AnswersASolicitation) {  // RFC 4861 section 7.2.4
  const auto answers = hear(solicitation(kPeer6, kOurGroup, kOurs6), kOurGroupMac);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0], our_advertisement(kPeerMac, kPeer6, kSolicited | kOverride));
  EXPECT_EQ(counters().neighbour_solicitations_received.value(), 1U);
}

TEST_F(Ndp, AnswersForTheLinkLocalAddress) {
  const IpAddress from = ip("fe80::9");
  const auto answers = hear(solicitation(from, kLinkLocal, kLinkLocal));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0], our_advertisement(kPeerMac, from, kSolicited | kOverride, kLinkLocal));
}

TEST_F(Ndp, AnswersDuplicateAddressDetectionToAllNodes) {  // RFC 4861 section 7.2.4, RFC 4862 section 5.4.3
  const auto answers = hear(solicitation(kUnspecified, kOurGroup, kOurs6, std::nullopt), kOurGroupMac);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0], our_advertisement(kAllNodesMac, kAllNodes, kOverride));
  EXPECT_EQ(counters().neighbours.value(), 0U);
}

TEST_F(Ndp, IgnoresSolicitationsThatAreNotValid) {  // RFC 4861 section 7.1.1
  EXPECT_TRUE(hear(solicitation(kPeer6, kOurs6, kOurs6, kPeerMac, 254)).empty()) << "forwarded by a router";
  EXPECT_TRUE(hear(solicitation(kUnspecified, kOurs6, kOurs6, std::nullopt)).empty()) << ":: to a unicast address";
  EXPECT_TRUE(hear(solicitation(kUnspecified, kOurGroup, kOurs6, kPeerMac), kOurGroupMac).empty()) << ":: with a MAC";
  EXPECT_TRUE(hear(solicitation(kPeer6, kOurs6, kOurs6, kAllStations)).empty()) << "a MAC of no station";
  Octets bad = solicitation(kPeer6, kOurs6, kOurs6);
  bad[60] ^= 1U;
  EXPECT_TRUE(hear(bad).empty()) << "checksum";
  const auto with = [&](std::uint8_t code, const Octets& body) {
    return hear(ipv6(kPeer6, kOurs6, 58, icmpv6(kPeer6, kOurs6, 135, code, body), 255));
  };
  EXPECT_TRUE(with(1, solicitation_body(kOurs6, kPeerMac)).empty()) << "code";
  EXPECT_TRUE(with(0, join({u32(0), raw(kOurs6), {1, 0}, Octets(6, 0)})).empty()) << "an option of length 0";
  EXPECT_TRUE(with(0, join({u32(0), raw(kOurs6), {1, 2}, raw(kPeerMac)})).empty()) << "an option beyond the end";
  EXPECT_TRUE(with(0, counting(15)).empty()) << "too short";
  EXPECT_EQ(counters().neighbours.value(), 0U);
  EXPECT_EQ(counters().dropped_icmp.value(), 9U);
}

TEST_F(Ndp, SkipsOtherOptions) {
  const Octets body = join({u32(0), raw(kOurs6), {14, 1, 1, 2, 3, 4, 5, 6}, {1, 1}, raw(kPeerMac)});
  EXPECT_EQ(hear(ipv6(kPeer6, kOurs6, 58, icmpv6(kPeer6, kOurs6, 135, 0, body), 255)).size(), 1U);
}

TEST_F(Ndp, IgnoresStrangersFromOffTheLink) {
  EXPECT_TRUE(hear(solicitation(kFar6, kOurs6, kOurs6)).empty());
  EXPECT_EQ(counters().neighbours.value(), 0U);
}

TEST_F(Ndp, ResolvesWithASolicitationToTheTargetsGroup) {  // RFC 4861 section 7.2.2
  const auto asked = segment_to(kPeer6);
  ASSERT_EQ(asked.size(), 1U);
  const IpAddress group = ip("ff02::1:ff00:9");
  const Octets body = join({u32(0), raw(kPeer6), {1, 1}, raw(kOurMac)});
  EXPECT_EQ(asked[0], ethernet({0x33, 0x33, 0xff, 0, 0, 9}, kOurMac, 0x86dd,
                               ipv6(kOurs6, group, 58, icmpv6(kOurs6, group, 135, 0, body), 255)));
  const auto frames = hear(advertisement(kSolicited | kOverride, kPeerMac));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_TRUE(is_segment_to(frames[0], kPeerMac));
}

TEST_F(Ndp, AnAdvertisementWithoutMacResolvesNothing) {  // RFC 4861 section 7.2.5
  segment_to(kPeer6);
  EXPECT_TRUE(hear(advertisement(kSolicited | kOverride, std::nullopt)).empty());
}

TEST_F(Ndp, AnAdvertisementNobodyAskedForMakesNoEntry) {  // RFC 4861 section 7.2.5
  hear(advertisement(kOverride, kPeerMac));
  EXPECT_EQ(counters().neighbours.value(), 0U);
}

TEST_F(Ndp, OverrideDecidesWhetherAKnownMacChanges) {  // RFC 4861 section 7.2.5
  resolve_peers();
  hear(advertisement(0, kOtherMac));
  auto frames = segment_to(kPeer6);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_TRUE(is_segment_to(frames[0], kPeerMac));
  frames = wait(seconds(5));
  ASSERT_EQ(frames.size(), 1U) << "stale since then: probed";
  EXPECT_EQ(Octets(frames[0].begin(), frames[0].begin() + 6), raw(kPeerMac));
  hear(advertisement(kOverride, kOtherMac));
  frames = segment_to(kPeer6);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_TRUE(is_segment_to(frames[0], kOtherMac));
}

TEST_F(Ndp, IgnoresASolicitedAdvertisementToAGroup) {  // RFC 4861 section 7.1.2
  segment_to(kPeer6);
  EXPECT_TRUE(hear(advertisement(kSolicited, kPeerMac, kPeer6, kAllNodes), kAllNodesMac).empty());
  EXPECT_EQ(hear(advertisement(0, kPeerMac, kPeer6, kAllNodes), kAllNodesMac).size(), 1U);
}

TEST_F(Ndp, DefendsOurAddress) {
  const auto frames = hear(advertisement(kOverride, kOtherMac, kOurs6, kAllNodes), kAllNodesMac, kOtherMac);
  EXPECT_EQ(frames, std::vector<Octets>{our_advertisement(kAllNodesMac, kAllNodes, kOverride)});
  EXPECT_TRUE(hear(advertisement(kOverride, kOtherMac, kOurs6, kAllNodes), kAllNodesMac, kOtherMac).empty());
  EXPECT_EQ(counters().address_conflicts.value(), 2U);
}

TEST_F(Ndp, AnnouncesAllOurAddresses) {  // RFC 4861 section 7.2.6
  network().announce(now);
  const auto frames = sent();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[1], our_advertisement(kAllNodesMac, kAllNodes, kOverride));
  EXPECT_EQ(frames[2], our_advertisement(kAllNodesMac, kAllNodes, kOverride, kLinkLocal));
}

TEST_F(Ndp, AWorkerThatDoesNotAnswerLearnsAllTheSame) {
  config.answers = false;
  EXPECT_TRUE(hear(solicitation(kPeer6, kOurs6, kOurs6)).empty());
  EXPECT_EQ(counters().neighbours.value(), 1U);
}

class Icmpv6 : public Wire {
 protected:
  void SetUp() override { resolve_peers(); }
  std::optional<IcmpError> error_from(std::uint8_t type, std::uint8_t code, std::uint32_t field,
                                      const FlowTuple& flow = kFlow) {
    batch.errors.clear();
    const Octets quoted =
        ipv6(flow.local.ip, flow.remote.ip, 6, join({u16(flow.local.port), u16(flow.remote.port), u32(99)}));
    receive(ethernet(kOurMac, kPeerMac, 0x86dd,
                     ipv6(kFar6, kOurs6, 58, icmpv6(kFar6, kOurs6, type, code, join({u32(field), quoted})))));
    if (batch.errors.empty()) return std::nullopt;
    return batch.errors[0];
  }
};

TEST_F(Icmpv6, AnswersEcho) {  // RFC 4443 section 4.2
  const auto answers = receive(
      ethernet(kOurMac, kPeerMac, 0x86dd, ipv6(kPeer6, kOurs6, 58, icmpv6(kPeer6, kOurs6, 128, 0, counting(60)))));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0], ethernet(kPeerMac, kOurMac, 0x86dd,
                                 ipv6(kOurs6, kPeer6, 58, icmpv6(kOurs6, kPeer6, 129, 0, counting(60)))));
}

TEST_F(Icmpv6, NeverAnswersAGroup) {
  EXPECT_TRUE(receive(ethernet(kAllNodesMac, kPeerMac, 0x86dd,
                               ipv6(kPeer6, kAllNodes, 58, icmpv6(kPeer6, kAllNodes, 128, 0, counting(60)))))
                  .empty());
}

TEST_F(Icmpv6, TellsErrorsByKind) {  // RFC 5927 section 5
  EXPECT_EQ(error_from(1, 0, 0)->kind, IcmpError::Kind::soft);
  EXPECT_EQ(error_from(1, 3, 0)->kind, IcmpError::Kind::soft);
  EXPECT_EQ(error_from(1, 4, 0)->kind, IcmpError::Kind::hard);
  EXPECT_EQ(error_from(3, 0, 0)->kind, IcmpError::Kind::soft);
  EXPECT_EQ(error_from(1, 0, 0)->flow, kFlow);
  EXPECT_EQ(error_from(1, 0, 0)->sequence, 99U);
  EXPECT_FALSE(error_from(1, 0, 0, {{kPeer6, 1}, {kFar6, 2}})) << "not sent by us";
  EXPECT_FALSE(error_from(137, 0, 0)) << "redirect";
}

TEST_F(Icmpv6, TellsPacketTooBigDownToTheMinimumMtu) {  // RFC 8201 section 4
  EXPECT_EQ(error_from(2, 0, 1280)->mtu, 1280);
  EXPECT_EQ(error_from(2, 0, 1280)->kind, IcmpError::Kind::packet_too_big);
  EXPECT_EQ(error_from(2, 0, 100'000)->mtu, 65535);
  EXPECT_FALSE(error_from(2, 0, 1279));
}

}  // namespace
}  // namespace lockstep::net

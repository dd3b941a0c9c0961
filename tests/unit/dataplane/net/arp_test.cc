#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

const IpAddress kNobody = ip("0.0.0.0");

class Arp : public Wire {
 protected:
  std::vector<Octets> hear(const Octets& message, const MacAddress& to = kAllStations,
                           const MacAddress& from = kPeerMac) {
    return receive(ethernet(to, from, 0x0806, message));
  }
  /// Where a segment for `to` goes at once; nullopt when its MAC is not known.
  std::optional<MacAddress> station_of(const IpAddress& to) {
    for (const Octets& frame : send_tcp(flow_to(to, kOurs))) {
      if (frame[12] != 0x08 || frame[13] != 0x00) continue;
      MacAddress mac;
      std::copy_n(frame.begin(), 6, mac.begin());
      return mac;
    }
    return std::nullopt;
  }
};

TEST_F(Arp, AnswersARequestForOurAddress) {  // RFC 826
  const auto answers = hear(arp(false, kPeerMac, kPeer, {}, kOurs));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0], ethernet(kPeerMac, kOurMac, 0x0806, arp(true, kOurMac, kOurs, kPeerMac, kPeer)));
  EXPECT_EQ(counters().arp_requests_received.value(), 1U);
}

TEST_F(Arp, AnswersWithPaddingBehindTheMessage) {
  EXPECT_EQ(hear(join({arp(false, kPeerMac, kPeer, {}, kOurs), Octets(18, 0)})).size(), 1U);
}

TEST_F(Arp, IsSilentAboutOtherAddresses) {
  EXPECT_TRUE(hear(arp(false, kPeerMac, kPeer, {}, ip("198.18.0.2"))).empty());
}

TEST_F(Arp, AnswersAProbeAndLearnsNothingFromIt) {  // RFC 5227 section 2.1.1
  const auto answers = hear(arp(false, kPeerMac, kNobody, {}, kOurs));
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0], ethernet(kPeerMac, kOurMac, 0x0806, arp(true, kOurMac, kOurs, kPeerMac, kNobody)));
  EXPECT_EQ(counters().neighbours.value(), 0U);
}

TEST_F(Arp, LearnsFromARequestToUs) {
  hear(arp(false, kPeerMac, kPeer, {}, kOurs));
  EXPECT_EQ(station_of(kPeer), kPeerMac);
}

TEST_F(Arp, LearnsNotFromRequestsToOthersNorFromUnaskedReplies) {
  hear(arp(false, kPeerMac, kPeer, {}, ip("198.18.0.2")));
  hear(arp(true, kPeerMac, kPeer, kOurMac, kOurs), kOurMac);
  EXPECT_EQ(counters().neighbours.value(), 0U);
  EXPECT_EQ(station_of(kPeer), std::nullopt);
}

TEST_F(Arp, LearnsNoAddressThatIsNotOnTheLink) {
  EXPECT_TRUE(hear(arp(false, kPeerMac, kFar, {}, kOurs)).empty());
  EXPECT_TRUE(hear(arp(false, kPeerMac, ip("198.18.0.255"), {}, kOurs)).empty());
  EXPECT_TRUE(hear(arp(false, kPeerMac, ip("224.0.0.1"), {}, kOurs)).empty());
  EXPECT_EQ(counters().neighbours.value(), 0U);
  EXPECT_EQ(counters().dropped_source.value(), 3U);
}

TEST_F(Arp, DropsMalformedMessages) {
  const Octets good = arp(false, kPeerMac, kPeer, {}, kOurs);
  for (const std::size_t at : {1U, 2U, 4U, 5U, 7U, 8U}) {
    Octets bad = good;
    bad[at] = at == 7 ? 3 : static_cast<std::uint8_t>(bad[at] ^ 1U);
    EXPECT_TRUE(hear(bad).empty()) << at;
  }
  EXPECT_EQ(counters().dropped_arp.value(), 6U);
}

TEST_F(Arp, FollowsAGratuitousAnnouncementOfAKnownNeighbour) {  // RFC 5227 section 3
  hear(arp(false, kPeerMac, kPeer, {}, kOurs));
  hear(arp(false, kOtherMac, kPeer, {}, kPeer), kAllStations, kOtherMac);
  EXPECT_EQ(station_of(kPeer), kOtherMac);
  hear(arp(true, kPeerMac, kPeer, kAllStations, kPeer));
  EXPECT_EQ(station_of(kPeer), kPeerMac);
}

TEST_F(Arp, DefendsOurAddressOnceInTenSeconds) {  // RFC 5227 section 2.4 (c)
  const Octets claim = arp(false, kOtherMac, kOurs, {}, kOurs);
  const Octets defence = ethernet(kAllStations, kOurMac, 0x0806, arp(false, kOurMac, kOurs, {}, kOurs));
  EXPECT_EQ(hear(claim, kAllStations, kOtherMac), std::vector<Octets>{defence});
  now = now + seconds(9);
  EXPECT_TRUE(hear(claim, kAllStations, kOtherMac).empty());
  now = now + seconds(1);
  EXPECT_EQ(hear(claim, kAllStations, kOtherMac).size(), 1U);
  EXPECT_EQ(counters().address_conflicts.value(), 3U);
  EXPECT_EQ(counters().neighbours.value(), 0U);
}

TEST_F(Arp, OurOwnBroadcastComingBackIsNoConflict) {
  EXPECT_TRUE(hear(arp(false, kOurMac, kOurs, {}, kOurs), kAllStations, kOurMac).empty());
  EXPECT_EQ(counters().address_conflicts.value(), 0U);
}

TEST_F(Arp, AnnouncesOurAddressesTwice) {  // RFC 5227 section 2.3, RFC 4861 section 7.2.6
  config.addresses = {{kOurs, 24}};
  config.gateway_v6.reset();
  const Octets announcement = ethernet(kAllStations, kOurMac, 0x0806, arp(false, kOurMac, kOurs, {}, kOurs));
  network().announce(now);
  EXPECT_EQ(sent(), std::vector<Octets>{announcement});
  EXPECT_EQ(network().next(), now + seconds(2));
  EXPECT_TRUE(wait(milliseconds(1999)).empty());
  EXPECT_EQ(wait(milliseconds(1)), std::vector<Octets>{announcement});
  EXPECT_TRUE(wait(seconds(60)).empty());
  EXPECT_EQ(network().next(), Instant::never());
}

TEST_F(Arp, AWorkerThatDoesNotAnswerLearnsAllTheSame) {
  config.answers = false;
  EXPECT_TRUE(hear(arp(false, kPeerMac, kPeer, {}, kOurs)).empty());
  EXPECT_TRUE(hear(arp(false, kOtherMac, kOurs, {}, kOurs), kAllStations, kOtherMac).empty());
  network().announce(now);
  EXPECT_TRUE(sent().empty());
  EXPECT_EQ(station_of(kPeer), kPeerMac);
}

TEST_F(Arp, AStaticNeighbourNeverChanges) {
  config.neighbours = {{kPeer, kPeerMac}};
  hear(arp(false, kOtherMac, kPeer, {}, kOurs), kAllStations, kOtherMac);
  hear(arp(true, kOtherMac, kPeer, kOurMac, kOurs), kOurMac, kOtherMac);
  hear(arp(false, kOtherMac, kPeer, {}, kPeer), kAllStations, kOtherMac);
  for (int minute = 0; minute < 5; ++minute) {
    EXPECT_EQ(station_of(kPeer), kPeerMac);
    EXPECT_TRUE(wait(seconds(60)).empty()) << "nobody asks for a static neighbour";
  }
}

}  // namespace
}  // namespace lockstep::net

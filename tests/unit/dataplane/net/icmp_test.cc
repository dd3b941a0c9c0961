#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

const FlowTuple kFlow{{kOurs, 443}, {kFar, 50000}};

/// The start of a segment of ours as a router quotes it.
Octets quoted(const FlowTuple& flow, std::uint32_t sequence, const V4Options& unusual = {}) {
  return ipv4(flow.local.ip, flow.remote.ip, 6, join({u16(flow.local.port), u16(flow.remote.port), u32(sequence)}),
              unusual);
}

class Icmp : public Wire {
 protected:
  void SetUp() override { resolve_peers(); }
  std::vector<Octets> hear(const Octets& message, const IpAddress& from = kPeer, const IpAddress& to = kOurs) {
    return receive(ethernet(kOurMac, kPeerMac, 0x0800, ipv4(from, to, 1, message)));
  }
  std::optional<IcmpError> error_from(const Octets& message) {
    batch.errors.clear();
    hear(message, kGateway);
    if (batch.errors.empty()) return std::nullopt;
    return batch.errors[0];
  }
};

TEST_F(Icmp, AnswersEchoWithTheSameData) {  // RFC 1122 section 3.2.2.6
  for (const std::size_t size : {0U, 1U, 56U, 1468U}) {
    const auto answers = hear(icmp(8, 0, join({u16(7), u16(1), counting(size)})));
    ASSERT_EQ(answers.size(), 1U);
    const Octets& frame = answers[0];
    EXPECT_EQ(Octets(frame.begin() + 34, frame.end()), icmp(0, 0, join({u16(7), u16(1), counting(size)})));
    EXPECT_EQ(Octets(frame.begin() + 26, frame.begin() + 34), join({raw(kOurs), raw(kPeer)}));
    EXPECT_EQ(plain_checksum({frame.begin() + 14, frame.begin() + 34}), 0);
  }
  EXPECT_EQ(counters().icmp_echo_requests.value(), 4U);
}

TEST_F(Icmp, AnswersEchoFromFarThroughTheGateway) {
  EXPECT_EQ(hear(icmp(8, 0, counting(12)), kFar).size(), 1U);
}

TEST_F(Icmp, AnswersEchoThatArrivesInPieces) {
  const Octets message = icmp(8, 0, counting(1000));
  const auto answers = receive_in_pieces(ethernet(kOurMac, kPeerMac, 0x0800, ipv4(kPeer, kOurs, 1, message)), 333);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(Octets(answers[0].begin() + 34, answers[0].end()), icmp(0, 0, counting(1000)));
}

TEST_F(Icmp, LeavesTheBufferOfTheRequestAlone) {
  const Octets frame = ethernet(kOurMac, kPeerMac, 0x0800, ipv4(kPeer, kOurs, 1, icmp(8, 0, counting(12))));
  MbufPtr original = make_mbuf(frame);
  rte_mbuf* burst[] = {pools->clone(*original, 0, static_cast<std::uint32_t>(frame.size())).release()};
  network().receive(0, burst, now, batch);
  EXPECT_EQ(sent().size(), 1U);
  const MutableBytes bytes = bytes_of(*original);
  EXPECT_EQ(Octets(bytes.begin(), bytes.end()), frame);
}

TEST_F(Icmp, DropsABadChecksum) {
  Octets message = icmp(8, 0, counting(12));
  message[9] ^= 1U;
  EXPECT_TRUE(hear(message).empty());
  EXPECT_EQ(counters().dropped_icmp.value(), 1U);
}

TEST_F(Icmp, NeverAnswersABroadcast) {
  EXPECT_TRUE(
      receive(ethernet(kAllStations, kPeerMac, 0x0800, ipv4(kPeer, ip("198.18.0.255"), 1, icmp(8, 0, counting(12)))))
          .empty());
  EXPECT_TRUE(
      receive(ethernet(kAllStations, kPeerMac, 0x0800, ipv4(kPeer, kOurs, 1, icmp(8, 0, counting(12))))).empty());
}

TEST_F(Icmp, EchoRepliesAreRateLimited) {
  std::size_t answers = 0;
  for (int i = 0; i < 1000; ++i) answers += hear(icmp(8, 0, counting(12))).size();
  EXPECT_EQ(answers, 100U);
  EXPECT_EQ(counters().dropped_rate_limit.value(), 900U);
  now = now + milliseconds(10);
  EXPECT_EQ(hear(icmp(8, 0, counting(12))).size(), 1U);
}

TEST_F(Icmp, TellsTheFlowAndSequenceOfAnUnreachableDestination) {  // RFC 1122 section 4.2.3.9
  for (const std::uint8_t code : Octets{0, 1, 5, 13}) {
    const auto error = error_from(icmp(3, code, join({u32(0), quoted(kFlow, 0xdeadbeef)})));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind, IcmpError::Kind::soft);
    EXPECT_EQ(error->flow, kFlow);
    EXPECT_EQ(error->sequence, 0xdeadbeefU);
  }
  for (const std::uint8_t code : Octets{2, 3})
    EXPECT_EQ(error_from(icmp(3, code, join({u32(0), quoted(kFlow, 1)})))->kind, IcmpError::Kind::hard);
  for (const std::uint8_t type : Octets{11, 12})
    EXPECT_EQ(error_from(icmp(type, 0, join({u32(0), quoted(kFlow, 1)})))->kind, IcmpError::Kind::soft);
}

TEST_F(Icmp, TellsTheMtuOfTheNextHop) {  // RFC 1191 section 4
  const auto error = error_from(icmp(3, 4, join({u16(0), u16(1400), quoted(kFlow, 1)})));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind, IcmpError::Kind::packet_too_big);
  EXPECT_EQ(error->mtu, 1400);
}

TEST_F(Icmp, GuessesTheMtuOfAnOldRouter) {  // RFC 1191 sections 5 and 7
  for (const auto& [size, mtu] : {std::pair{1500U, 1492}, {1492U, 1006}, {28U, 68}}) {
    Octets quote = quoted(kFlow, 1);
    quote[2] = static_cast<std::uint8_t>(size >> 8U);
    quote[3] = static_cast<std::uint8_t>(size);
    EXPECT_EQ(error_from(icmp(3, 4, join({u32(0), quote})))->mtu, mtu);
  }
}

TEST_F(Icmp, ReadsAQuotedHeaderWithOptions) {
  const auto error = error_from(icmp(3, 1, join({u32(0), quoted(kFlow, 77, {.options = Octets(8, 1)})})));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sequence, 77U);
}

TEST_F(Icmp, IgnoresErrorsThatAreNotAboutASegmentOfOurs) {
  const FlowTuple others{{kPeer, 443}, {kFar, 50000}};
  EXPECT_FALSE(error_from(icmp(3, 1, join({u32(0), quoted(others, 1)}))));
  EXPECT_FALSE(error_from(icmp(3, 1, join({u32(0), ipv4(kOurs, kFar, 17, counting(8))}))));
  EXPECT_FALSE(error_from(icmp(3, 1, join({u32(0), quoted(kFlow, 1, {.flags_and_offset = 5})}))));
  const Octets whole = join({u32(0), quoted(kFlow, 1)});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(error_from(icmp(3, 1, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}))) << size;
}

TEST_F(Icmp, IgnoresSourceQuenchAndRedirect) {  // RFC 6633, RFC 1122 section 3.2.2.2
  EXPECT_FALSE(error_from(icmp(4, 0, join({u32(0), quoted(kFlow, 1)}))));
  EXPECT_FALSE(error_from(icmp(5, 1, join({raw(kPeer), quoted(kFlow, 1)}))));
}

}  // namespace
}  // namespace lockstep::net

#include "dataplane/io/classifier.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/io/frames.h"

namespace lockstep::io::test {
namespace {

using Kind = FrameClass::Kind;

const SocketAddress kV4 = at("198.18.0.1:443");
const SocketAddress kOtherV4 = at("198.18.0.2:40000");
const SocketAddress kV6 = at("[fd00::1]:443");
const SocketAddress kOtherV6 = at("[fd00::2]:40000");

void expect_flow(const Frame& frame, const SocketAddress& source, const SocketAddress& destination) {
  const FrameClass found = classify(frame);
  EXPECT_EQ(found.kind, Kind::flow);
  EXPECT_EQ(found.source, source);
  EXPECT_EQ(found.destination, destination);
}

Frame icmp(std::uint8_t protocol, std::uint8_t type) {
  const bool v4 = protocol == 1;
  return ip_packet(protocol, (v4 ? kV4 : kV6).ip, (v4 ? kOtherV4 : kOtherV6).ip, {type, 0, 0, 0, 0, 0, 0, 0});
}

TEST(Classifier, FindsTheEndpointsOfTcpOverIpv4AndIpv6) {
  expect_flow(tcp_frame(kOtherV4, kV4), kOtherV4, kV4);
  expect_flow(tcp_frame(kOtherV6, kV6), kOtherV6, kV6);
}

TEST(Classifier, SkipsUpToTwoVlanTags) {
  const Frame tcp = tcp_header(40000, 443);
  expect_flow(ip_packet(6, kOtherV4.ip, kV4.ip, tcp, {7}), kOtherV4, kV4);
  expect_flow(ip_packet(6, kOtherV6.ip, kV6.ip, tcp, {7, 8}), kOtherV6, kV6);
  EXPECT_EQ(classify(ip_packet(6, kOtherV4.ip, kV4.ip, tcp, {7, 8, 9})).kind, Kind::owner);
}

TEST(Classifier, SkipsIpv4Options) {
  expect_flow(ip_packet(6, kOtherV4.ip, kV4.ip, tcp_header(40000, 443), {}, Frame(8, 1)), kOtherV4, kV4);
}

TEST(Classifier, SkipsExtensionHeadersUpToEight) {
  const auto chain = [](int headers) {
    Frame before;
    for (int i = 0; i < headers; ++i) {
      const std::uint8_t next = i + 1 == headers ? 6 : 60;
      before.insert(before.end(), {next, static_cast<std::uint8_t>(i % 2)});
      before.insert(before.end(), i % 2 == 0 ? 6 : 14, 0);
    }
    return ip_packet(60, kOtherV6.ip, kV6.ip, tcp_header(40000, 443), {}, before);
  };
  expect_flow(chain(1), kOtherV6, kV6);
  expect_flow(chain(8), kOtherV6, kV6);
  EXPECT_EQ(classify(chain(9)).kind, Kind::owner);
}

TEST(Classifier, GivesFragmentsToTheOwner) {
  Frame more = tcp_frame(kOtherV4, kV4);
  more[14 + 6] = 0x20;
  EXPECT_EQ(classify(more).kind, Kind::owner);
  Frame later = tcp_frame(kOtherV4, kV4);
  later[14 + 7] = 1;
  EXPECT_EQ(classify(later).kind, Kind::owner);
  const Frame header = {6, 0, 0, 1, 0, 0, 0, 0};
  EXPECT_EQ(classify(ip_packet(44, kOtherV6.ip, kV6.ip, tcp_header(1, 2), {}, header)).kind, Kind::owner);
}

TEST(Classifier, TakesDoNotFragmentForNoFragment) {
  Frame frame = tcp_frame(kOtherV4, kV4);
  frame[14 + 6] = 0x40;
  expect_flow(frame, kOtherV4, kV4);
}

TEST(Classifier, SharesAnswersOfNeighboursAndKeepsRequestsWithTheOwner) {
  EXPECT_EQ(classify(arp_frame(1)).kind, Kind::owner);
  EXPECT_EQ(classify(arp_frame(2)).kind, Kind::everyone);
  EXPECT_EQ(classify(icmp(58, 135)).kind, Kind::owner);
  EXPECT_EQ(classify(icmp(58, 136)).kind, Kind::everyone);
  EXPECT_EQ(classify(icmp(58, 134)).kind, Kind::everyone);
}

TEST(Classifier, SharesIcmpErrorsAndKeepsEchoRequestsWithTheOwner) {
  for (const int type : {3, 11, 12}) EXPECT_EQ(classify(icmp(1, static_cast<std::uint8_t>(type))).kind, Kind::everyone);
  for (const int type : {1, 2, 3, 4})
    EXPECT_EQ(classify(icmp(58, static_cast<std::uint8_t>(type))).kind, Kind::everyone);
  EXPECT_EQ(classify(icmp(1, 8)).kind, Kind::owner);
  EXPECT_EQ(classify(icmp(58, 128)).kind, Kind::owner);
}

TEST(Classifier, GivesWhatIsCutShortToTheOwnerAndReadsNothingBeyondIt) {
  const Frame frames[] = {tcp_frame(kOtherV4, kV4),
                          tcp_frame(kOtherV6, kV6),
                          icmp(1, 3),
                          icmp(58, 1),
                          arp_frame(2),
                          ip_packet(6, kOtherV4.ip, kV4.ip, tcp_header(1, 2), {5, 6}, Frame(12, 1))};
  for (const Frame& frame : frames) {
    bool understood = false;
    for (std::size_t size = 0; size <= frame.size(); ++size) {
      const Frame cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));  // of its own size: ASan sees
      const Kind kind = classify(cut).kind;
      EXPECT_TRUE(kind != Kind::owner || !understood);
      understood = kind != Kind::owner;
    }
    EXPECT_TRUE(understood);
  }
}

TEST(Classifier, GivesWrongHeaderLengthsToTheOwner) {
  Frame frame = tcp_frame(kOtherV4, kV4);
  frame[14] = 0x44;
  EXPECT_EQ(classify(frame).kind, Kind::owner);
}

}  // namespace
}  // namespace lockstep::io::test

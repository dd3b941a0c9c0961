#include "dataplane/net/checksum.h"

#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

TEST(InternetSum, ComputesTheExampleOfRfc1071Section3) {
  InternetSum sum;
  sum.add(Octets{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7});
  EXPECT_EQ(sum.folded(), 0xddf2);
  EXPECT_EQ(sum.checksum(), 0x220d);
}

TEST(InternetSum, AgreesWithThePlainSumForEveryLength) {
  for (std::size_t size = 0; size < 300; ++size) {
    InternetSum sum;
    sum.add(counting(size));
    ASSERT_EQ(sum.checksum(), plain_checksum(counting(size))) << size;
  }
}

TEST(InternetSum, CarriesWhenAllBitsAreSet) {
  InternetSum sum;
  sum.add(Octets(65535, 0xff));
  EXPECT_EQ(sum.checksum(), plain_checksum(Octets(65535, 0xff)));
}

TEST(InternetSum, IsTheSameHoweverTheBytesAreCut) {
  const Octets bytes = counting(200);
  const std::uint16_t expected = plain_checksum(bytes);
  for (std::size_t first = 0; first <= 20; ++first) {
    for (std::size_t second = first; second <= 60; ++second) {
      InternetSum sum;
      sum.add(Bytes(bytes).first(first));
      sum.add(Bytes(bytes).subspan(first, second - first));
      sum.add(Bytes(bytes).subspan(second));
      ASSERT_EQ(sum.checksum(), expected) << first << " " << second;
    }
  }
}

TEST(InternetSum, OfAMessageWithItsChecksumIsZero) {
  InternetSum sum;
  sum.add(icmp(8, 0, counting(33)));
  EXPECT_EQ(sum.checksum(), 0);
}

TEST(PseudoHeader, OfBothFamilies) {
  for (const auto& [a, b] : {std::pair{kOurs, kPeer}, std::pair{kOurs6, kPeer6}}) {
    EXPECT_EQ(pseudo_header(a, b, 6, 1234).checksum(), plain_checksum(pseudo(a, b, 6, 1234)));
    EXPECT_NE(pseudo_header(a, b, 6, 1234).checksum(), pseudo_header(a, b, 6, 1235).checksum());
  }
}

}  // namespace
}  // namespace lockstep::net

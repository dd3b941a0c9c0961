#include "dataplane/base/address.h"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(IpAddress, ReadsDottedQuadAsMappedAddress) {
  const auto ip = IpAddress::parse("198.18.0.1");
  ASSERT_TRUE(ip);
  EXPECT_TRUE(ip->is_v4());
  EXPECT_EQ(ip->as_v4(), 0xc6120001U);
  EXPECT_EQ(*ip, IpAddress::v4(0xc6120001U));
  EXPECT_EQ(*ip, IpAddress::parse("::ffff:198.18.0.1"));
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/24", ":::", "1::2::3",
        "fe80::1%eth0", "12345::", "1:2:3:4:5:6:7:8:9", "host", "0000:0000:0000:0000:0000:ffff:255.255.255.2555555"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, WritesRfc5952Text) {
  for (const char* text :
       {"0.0.0.0", "255.255.255.255", "::", "::1", "fe80::1", "2001:db8::1:0:0:1", "2001:db8:0:1:1:1:1:1"}) {
    const auto ip = IpAddress::parse(text);
    ASSERT_TRUE(ip) << text;
    EXPECT_EQ(ip->to_string(), text);
  }
  EXPECT_EQ(IpAddress::parse("2001:0DB8:0:0:1:0:0:0")->to_string(), "2001:db8:0:0:1::");
}

TEST(IpAddress, KnowsItsKind) {
  struct Case {
    const char* text;
    bool any, multicast, loopback, link_local;
  };
  for (const Case& c :
       {Case{"0.0.0.0", true, false, false, false}, Case{"::", true, false, false, false},
        Case{"224.0.0.1", false, true, false, false}, Case{"239.255.255.255", false, true, false, false},
        Case{"240.0.0.1", false, false, false, false}, Case{"ff02::1", false, true, false, false},
        Case{"127.9.9.9", false, false, true, false}, Case{"::1", false, false, true, false},
        Case{"169.254.1.1", false, false, false, true}, Case{"febf::1", false, false, false, true},
        Case{"fec0::1", false, false, false, false}, Case{"10.0.0.1", false, false, false, false}}) {
    const IpAddress ip = *IpAddress::parse(c.text);
    EXPECT_EQ(ip.is_any(), c.any) << c.text;
    EXPECT_EQ(ip.is_multicast(), c.multicast) << c.text;
    EXPECT_EQ(ip.is_loopback(), c.loopback) << c.text;
    EXPECT_EQ(ip.is_link_local(), c.link_local) << c.text;
  }
}

TEST(SocketAddress, ReadsAndWritesBothFamilies) {
  for (const char* text : {"198.18.0.1:443", "[fd00::1]:443", "0.0.0.0:0", "[::]:65535"}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
}

TEST(SocketAddress, RefusesAmbiguousText) {
  for (const char* text : {"", ":", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+1", "1.2.3.4:1x",
                           "fd00::1:443", "[1.2.3.4]:443", "[fd00::1]", "[fd00::1:443", "[]:1", "host:1"})
    EXPECT_FALSE(SocketAddress::parse(text)) << text;
}

}  // namespace
}  // namespace lockstep

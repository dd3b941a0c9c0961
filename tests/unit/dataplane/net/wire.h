// A link with one host of ours on it: frames in, frames out, a clock that stands still until a test moves it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/net/network.h"

namespace lockstep::net {

using Octets = std::vector<std::uint8_t>;

/// Bytes put one behind another.
Octets join(std::initializer_list<Octets> parts);
Octets u16(unsigned value);
Octets u32(std::uint32_t value);
Octets raw(const MacAddress& mac);
/// The four or sixteen bytes of an address as they are on the wire.
Octets raw(const IpAddress& ip);
IpAddress ip(std::string_view text);

/// The Internet checksum computed word by word: the reference of these tests.
std::uint16_t plain_checksum(const Octets& bytes);
/// The pseudo header of both families.
Octets pseudo(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, std::size_t size);

inline constexpr MacAddress kOurMac = {0x02, 0, 0, 0, 0, 0x01};
inline constexpr MacAddress kPeerMac = {0x02, 0, 0, 0, 0, 0x99};
inline constexpr MacAddress kOtherMac = {0x02, 0, 0, 0, 0, 0x77};
inline constexpr MacAddress kAllStations = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
inline const IpAddress kOurs = ip("198.18.0.1");            // 198.18.0.1/24
inline const IpAddress kPeer = ip("198.18.0.9");            // 198.18.0.9
inline const IpAddress kFar = ip("203.0.113.7");            // 203.0.113.7, behind the gateway
inline const IpAddress kGateway = ip("198.18.0.254");       // 198.18.0.254
inline const IpAddress kOurs6 = ip("fd00::1");              // fd00::1/64
inline const IpAddress kPeer6 = ip("fd00::9");              // fd00::9
inline const IpAddress kFar6 = ip("2001:db8::7");           // 2001:db8::7, behind the gateway
inline const IpAddress kGateway6 = ip("fe80::fe");          // fe80::fe
inline const IpAddress kLinkLocal = ip("fe80::ff:fe00:1");  // ours, made of kOurMac

Octets ethernet(const MacAddress& to, const MacAddress& from, unsigned type, const Octets& body, unsigned vlan = 0);

/// What an IPv4 header may have instead of the usual.
struct V4Options {
  Octets options = {};
  unsigned flags_and_offset = 0;
  std::uint8_t ttl = 64;
};
Octets ipv4(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol, const Octets& body,
            const V4Options& unusual = {});
Octets ipv6(const IpAddress& source, const IpAddress& destination, std::uint8_t next, const Octets& body,
            std::uint8_t hop_limit = 64);
/// A TCP segment with right checksum.
Octets tcp(const FlowTuple& from_us, const Octets& payload);
Octets icmp(std::uint8_t type, std::uint8_t code, const Octets& rest);
Octets icmpv6(const IpAddress& source, const IpAddress& destination, std::uint8_t type, std::uint8_t code,
              const Octets& rest);
Octets arp(bool reply, const MacAddress& sender, const IpAddress& sender_ip, const MacAddress& target,
           const IpAddress& target_ip);
Octets text(std::string_view characters);
/// `size` bytes that count up.
Octets counting(std::size_t size);

/// The fixture. Its host has kOurs and kOurs6 with gateways; a test may change `config` before the first use.
class Wire : public ::testing::Test {
 protected:
  Wire();
  ~Wire() override;

  Network& network();
  /// A frame arrives; returns what is sent in answer.
  std::vector<Octets> receive(const Octets& frame, std::uint64_t ol_flags = 0);
  /// The same frame in pieces of at most `piece` bytes.
  std::vector<Octets> receive_in_pieces(const Octets& frame, std::size_t piece);
  /// Time passes, then the layer advances; returns what it sends.
  std::vector<Octets> wait(Duration duration);
  /// Takes all frames that wait for the port.
  std::vector<Octets> sent();
  /// Sends a TCP segment with these bytes behind a header of 20; returns what goes out.
  std::vector<Octets> send_tcp(const FlowTuple& flow, const Octets& payload = {});
  /// A TCP header as the TCP room makes it, checksum 0, followed by `payload`.
  MbufPtr segment(const FlowTuple& flow, const Octets& payload);
  /// Makes the peers' MACs known.
  void resolve_peers();
  MbufPtr make_mbuf(const Octets& bytes);
  const NetCounters& counters() { return network().counters(); }

  static constexpr FlowTuple flow_to(const IpAddress& remote, const IpAddress& local) {
    return {{local, 443}, {remote, 50000}};
  }

  std::unique_ptr<MbufPools> pools;
  Random random = Random::from_number(1);
  InterfaceConfig config;
  std::size_t transmit_capacity = 64;
  Instant now{1'000'000'000};
  ReceivedBatch batch;
  /// The last frame sent as the port would see it.
  std::optional<rte_mbuf> last_sent;

 private:
  std::unique_ptr<Network> network_;
};

}  // namespace lockstep::net

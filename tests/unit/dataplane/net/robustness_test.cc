// Nothing that arrives makes the layer read or write beyond a buffer, leak one, or loop. Frames lie in allocations of
// exactly their size, so that AddressSanitizer sees a read beyond the end, which it cannot in a buffer of a pool.
#include "tests/unit/dataplane/net/wire.h"

namespace lockstep::net {
namespace {

/// One valid frame of every kind the layer knows.
std::vector<Octets> valid_frames() {
  const FlowTuple v4{{kOurs, 443}, {kPeer, 50000}};
  const FlowTuple v6{{kOurs6, 443}, {kPeer6, 50000}};
  const Octets quoted = join({u32(0), ipv4(kOurs, kPeer, 6, counting(8))});
  const Octets quoted6 = join({u32(1400), ipv6(kOurs6, kPeer6, 6, counting(8))});
  const IpAddress all_nodes = ip("ff02::1");
  const auto frame4 = [](const Octets& datagram) { return ethernet(kOurMac, kPeerMac, 0x0800, datagram); };
  const auto frame6 = [](const Octets& datagram) { return ethernet(kOurMac, kPeerMac, 0x86dd, datagram); };
  const Octets options = {6, 0, 1, 4, 0, 0, 0, 0};
  return {
      frame4(ipv4(kPeer, kOurs, 6, tcp(v4, counting(30)))),
      frame4(ipv4(kPeer, kOurs, 6, tcp(v4, {}), {.options = Octets(8, 1)})),
      frame4(ipv4(kPeer, kOurs, 1, icmp(8, 0, counting(20)))),
      frame4(ipv4(kPeer, kOurs, 1, icmp(3, 4, quoted))),
      ethernet(kAllStations, kPeerMac, 0x0806, arp(false, kPeerMac, kPeer, {}, kOurs)),
      ethernet(kOurMac, kPeerMac, 0x0806, arp(true, kPeerMac, kPeer, kOurMac, kOurs)),
      frame6(ipv6(kPeer6, kOurs6, 6, tcp(v6, counting(30)))),
      frame6(ipv6(kPeer6, kOurs6, 60, join({options, tcp(v6, {})}))),
      frame6(ipv6(kPeer6, kOurs6, 58, icmpv6(kPeer6, kOurs6, 128, 0, counting(20)))),
      frame6(ipv6(kPeer6, kOurs6, 58, icmpv6(kPeer6, kOurs6, 2, 0, quoted6))),
      frame6(ipv6(kPeer6, kOurs6, 58,
                  icmpv6(kPeer6, kOurs6, 135, 0, join({u32(0), raw(kOurs6), {1, 1}, raw(kPeerMac)})), 255)),
      ethernet(
          {0x33, 0x33, 0, 0, 0, 1}, kPeerMac, 0x86dd,
          ipv6(kPeer6, all_nodes, 58,
               icmpv6(kPeer6, all_nodes, 136, 0, join({u32(0x20000000), raw(kPeer6), {2, 1}, raw(kPeerMac)})), 255)),
  };
}

class Robustness : public Wire {
 protected:
  struct Owned {
    Octets bytes;
    rte_mbuf_ext_shared_info shared;
  };
  /// The frame arrives in an allocation of its own.
  std::vector<Octets> receive_exact(const Octets& frame, std::uint64_t ol_flags = 0) {
    auto* const owned = new Owned{frame, {}};
    rte_mbuf_ext_refcnt_set(&owned->shared, 1);
    owned->shared.free_cb = [](void*, void* opaque) { delete static_cast<Owned*>(opaque); };
    owned->shared.fcb_opaque = owned;
    rte_mbuf* mbuf = rte_pktmbuf_alloc(pools->clones());
    const auto size = static_cast<std::uint16_t>(frame.size());
    rte_pktmbuf_attach_extbuf(mbuf, owned->bytes.data(), 0, size, &owned->shared);
    rte_pktmbuf_append(mbuf, size);
    mbuf->ol_flags |= ol_flags;
    network().receive(0, std::span(&mbuf, 1), now, batch);
    return sent();
  }
  /// What the frames so far brought to TCP.
  std::uint64_t effects() const { return batch.segments.size() + batch.errors.size(); }
};

TEST_F(Robustness, ATruncatedFrameIsNeverDelivered) {
  for (const Octets& frame : valid_frames()) {
    for (std::size_t size = 0; size < frame.size(); ++size) {
      receive_exact({frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size)});
      ASSERT_EQ(effects(), 0U) << "size " << size << " of " << frame.size();
    }
  }
}

TEST_F(Robustness, EveryFrameWholeHasItsEffect) {
  std::size_t answers = 0;
  for (const Octets& frame : valid_frames()) answers += receive_exact(frame).size();
  EXPECT_EQ(batch.segments.size(), 4U);
  EXPECT_EQ(batch.errors.size(), 2U);
  EXPECT_GE(answers, 4U) << "two echo replies, an ARP reply, an advertisement";
}

TEST_F(Robustness, EveryCutIntoTwoPiecesIsSafe) {
  for (const Octets& frame : valid_frames())
    for (std::size_t piece = 1; piece < frame.size(); ++piece)
      receive_in_pieces(frame, std::max(piece, frame.size() / 8));
  SUCCEED();
}

/// `frame` with some bytes changed, cut, repeated or made up.
Octets mutated(Octets frame, Random& random) {
  for (std::uint32_t i = 0; i <= random.below(6); ++i) {
    if (frame.empty()) break;
    const std::size_t at = random.below(static_cast<std::uint32_t>(frame.size()));
    switch (random.below(6)) {
      case 0:
        frame[at] = static_cast<std::uint8_t>(random.u32());
        break;
      case 1:
        frame[at] ^= static_cast<std::uint8_t>(1U << random.below(8));
        break;
      case 2:
        frame.resize(at);
        break;
      case 3:
        frame.resize(frame.size() + random.below(40), static_cast<std::uint8_t>(random.u32()));
        break;
      case 4:
        frame[at] = random.below(2) == 0 ? 0 : 0xff;
        break;
      default:
        frame.erase(frame.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  return frame;
}

TEST_F(Robustness, SurvivesAHundredThousandMutatedFrames) {
  config.receive_checksums = true;
  const std::vector<Octets> frames = valid_frames();
  // The port's verdict lets mutations pass the checksums and reach what lies behind them.
  constexpr std::uint64_t kGood = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
  std::uint64_t delivered = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Octets frame = mutated(frames[random.below(static_cast<std::uint32_t>(frames.size()))], random);
    if (!frame.empty()) receive_exact(frame, random.below(2) == 0 ? kGood : 0);
    delivered += effects();
    batch.segments.clear();
    batch.errors.clear();
    if (i % 16 == 0) wait(milliseconds(random.below(100)));
  }
  EXPECT_GT(delivered, 1000U) << "some mutations do no harm";
  EXPECT_LE(rte_mempool_in_use_count(pools->packets()), 512U);
  resolve_peers();
  EXPECT_EQ(send_tcp(flow_to(kPeer, kOurs)).size(), 1U) << "and the layer still works";
}

TEST_F(Robustness, SurvivesAnEmptyPool) {
  resolve_peers();
  std::vector<MbufPtr> held;
  std::vector<rte_mbuf*> frames;
  for (const Octets& frame : valid_frames()) frames.push_back(make_mbuf(frame).release());
  while (MbufPtr mbuf = pools->packet()) held.push_back(std::move(mbuf));
  network().receive(0, frames, now, batch);
  EXPECT_EQ(batch.segments.size(), 4U);
  EXPECT_EQ(counters().dropped_no_buffer.value(), 1U)
      << "the first echo reply; later ones use what was freed meanwhile";
  held.clear();
}

}  // namespace
}  // namespace lockstep::net

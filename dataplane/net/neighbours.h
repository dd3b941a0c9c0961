// Who on the link has which MAC: neighbour unreachability detection (RFC 4861 section 7.3) for ARP and NDP alike.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/base/time.h"
#include "dataplane/base/address.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/base/timing_wheel.h"
#include "dataplane/net/network.h"

namespace lockstep::net {

/// The neighbours of one interface, bounded. Datagrams wait here, a few per neighbour, while it is resolved.
class NeighbourTable {
 public:
  /// What the table makes the link do.
  class Link {
   public:
    virtual ~Link() = default;
    /// Asks for the MAC of `ip`: all stations, or only the one at `at` (a probe).
    virtual void solicit(const IpAddress& ip, const MacAddress* at, Instant now) = 0;
    /// Sends a datagram of the family of `ip` to `to`.
    virtual void transmit(MbufPtr datagram, const IpAddress& ip, const MacAddress& to) = 0;
  };

  static constexpr std::uint32_t kCapacity = 1024;
  static constexpr std::size_t kPendingPerNeighbour = 8;
  static constexpr std::size_t kPendingInAll = 512;
  static constexpr std::uint8_t kAttempts = 3;                  // RFC 4861 section 10: MAX_*_SOLICIT
  static constexpr Duration kRetransmitTimer = seconds(1);      // RFC 4861 section 10, RFC 1122 section 2.3.2.1
  static constexpr Duration kBaseReachableTime = seconds(30);   // RFC 4861 section 10
  static constexpr Duration kDelayFirstProbeTime = seconds(5);  // RFC 4861 section 10

  NeighbourTable(Link& link, NetCounters& counters, Random& random, Instant now);
  NeighbourTable(const NeighbourTable&) = delete;
  NeighbourTable& operator=(const NeighbourTable&) = delete;
  ~NeighbourTable();

  /// A neighbour that is never asked for and never changes.
  void add_static(const IpAddress& ip, const MacAddress& mac);
  /// Sends `datagram` to the neighbour `ip`, at once or when it has answered; drops it when it does not.
  void send(const IpAddress& ip, MbufPtr datagram, Instant now);
  /// `ip` asked for one of our addresses from `mac`: we shall have to answer, so it is remembered.
  void learn(const IpAddress& ip, const MacAddress& mac);
  /// `ip` told its MAC (if it did): an answer to us when `solicited`; `overrides` what is known. A neighbour that is
  /// not known stays so (RFC 4861 section 7.2.5).
  void update(const IpAddress& ip, const std::optional<MacAddress>& mac, bool solicited, bool overrides, Instant now);
  /// Asks again, and gives up.
  void advance(Instant now);
  Instant next() const { return wheel_.next(); }

 private:
  enum class State : std::uint8_t { free, incomplete, reachable, stale, delay, probe, fixed };
  struct Entry {
    IpAddress ip;
    MacAddress mac{};
    State state = State::free;
    std::uint8_t attempts = 0;
    bool used = false;  // since the hand last came by
    std::uint8_t pending_count = 0;
    std::uint32_t next = 0;  // in its bucket, or in the free list
    Instant confirmed;
    Timer timer;
    std::array<MbufPtr, kPendingPerNeighbour> pending;
  };
  static constexpr std::uint32_t kNone = kCapacity;
  static constexpr std::uint32_t kBuckets = 2 * kCapacity;

  std::uint32_t bucket_of(const IpAddress& ip) const;
  Entry* find(const IpAddress& ip);
  Entry* make(const IpAddress& ip);
  void remove(Entry& entry);
  void make_room();
  void hold(Entry& entry, MbufPtr datagram);
  void drop_pending(Entry& entry);
  void release_pending(Entry& entry);
  void ask(Entry& entry, Instant now);

  Link& link_;
  NetCounters& counters_;
  std::uint64_t key_[2];
  Duration reachable_time_;
  TimingWheel wheel_;
  std::unique_ptr<Entry[]> entries_;
  std::vector<std::uint32_t> buckets_;
  std::uint32_t free_ = 0;
  std::uint32_t hand_ = 0;
  std::size_t pending_ = 0;
};

}  // namespace lockstep::net

// A simulated Ethernet: stations exchange frames through a switch that loses, delays, reorders, repeats and damages
// them by seed.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/base/time.h"
#include "dataplane/base/flow_hash.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/io/packet_queue.h"
#include "dataplane/net/network.h"
#include "tests/sim/capture.h"

namespace lockstep::sim {

using Frame = std::vector<std::uint8_t>;

/// What the network does to frames. Probabilities are in thousandths.
struct Impairments {
  std::uint32_t loss = 0;
  std::uint32_t duplicate = 0;
  std::uint32_t reorder = 0;  // such a frame is late by up to `jitter` beyond the delay
  std::uint32_t corrupt = 0;  // one byte behind the Ethernet header, which checksums always notice
  Duration delay;
  Duration jitter = milliseconds(5);
  std::uint64_t bytes_per_second = 0;  // of each station; 0: unlimited
  std::size_t queue_limit = 256;       // frames that wait for their turn on a line with a rate; further ones are lost
};

struct EthernetCounters {
  std::uint64_t sent = 0, delivered = 0, lost = 0, duplicated = 0, reordered = 0, corrupted = 0, no_buffer = 0;
};

class Ethernet;

/// A station's end for one worker. Frames are bytes while they are under way, so that no buffer of one host is seen by
/// another.
class EthernetPort final : public io::PacketQueue {
 public:
  EthernetPort(Ethernet& ethernet, std::size_t station, MbufPools& pools)
      : ethernet_(ethernet), station_(station), pools_(pools) {}
  std::size_t receive(std::span<rte_mbuf*> out) override;
  std::size_t transmit(std::span<rte_mbuf*> frames) override;
  bool has_frames() const { return !inbox_.empty(); }

 private:
  friend class Ethernet;
  Ethernet& ethernet_;
  std::size_t station_;
  MbufPools& pools_;
  std::deque<Frame> inbox_;
};

class Ethernet {
 public:
  Ethernet(const Impairments& impairments, std::uint64_t seed);

  /// Adds a station whose frames are spread over `pools.size()` workers by the rules of software RSS. Returns its
  /// number.
  std::size_t attach(const net::MacAddress& mac, const std::vector<MbufPools*>& pools);
  EthernetPort& port(std::size_t station, std::size_t worker = 0) { return *stations_[station].ports[worker]; }
  /// Whether frames of `flow` reach `worker` of that station.
  bool owns(std::size_t station, std::size_t worker, const FlowTuple& flow) const;
  /// Pulls the station's cable, or plugs it in again. What is under way to it is lost.
  void connect(std::size_t station, bool connected) { stations_[station].connected = connected; }

  /// Delivers what has arrived by `now`. Frames sent from here on are sent at `now`.
  void advance(Instant now);
  Instant next() const { return under_way_.empty() ? Instant::never() : under_way_.begin()->first; }
  const EthernetCounters& counters() const { return counters_; }
  /// Frames as they arrive, damage included.
  void capture(const std::string& path) { capture_.open(path); }

 private:
  friend class EthernetPort;
  struct Station {
    net::MacAddress mac;
    std::vector<std::unique_ptr<EthernetPort>> ports;
    bool connected = true;
    Instant line_free;  // when the last frame has left
  };
  struct UnderWay {
    std::size_t to;
    Frame frame;
  };
  void send(std::size_t from, Frame frame);
  void send_to(std::size_t from, std::size_t to, const Frame& frame);
  void put_under_way(std::size_t to, Frame frame, Instant arrival);
  void deliver(Station& station, Frame frame);
  bool happens(std::uint32_t thousandths) { return random_.below(1000) < thousandths; }
  void damage(Frame& frame);

  Impairments impairments_;
  Random random_;
  FlowHash hash_;
  std::vector<Station> stations_;
  std::multimap<Instant, UnderWay> under_way_;
  Instant now_;
  EthernetCounters counters_;
  Capture capture_;
};

}  // namespace lockstep::sim

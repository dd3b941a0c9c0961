// Two hosts joined by a simulated wire that loses, repeats, reorders, delays and corrupts frames by a seed.
#pragma once

#include <array>
#include <queue>
#include <random>
#include <vector>

#include "tests/unit/dataplane/tcp/host.h"

namespace lockstep::testing {

/// Probabilities are of each frame.
struct Impairments {
  double loss = 0;
  double duplication = 0;
  double reordering = 0;                              // delayed by up to four times `delay` more
  double corruption = 0;                              // one bit turned
  Duration delay = milliseconds(10);                  // one way
  double bytes_per_second = 0;                        // 0: no limit
  std::size_t queue_bytes = std::size_t{256} * 1024;  // frames beyond are dropped, where there is a limit
};

/// What runs on a host: called each turn between input and output.
using Application = std::function<void(tcp::Stack&, Instant)>;

class Wire {
 public:
  Wire(Host& first, Host& second, const Impairments& impairments, std::uint64_t seed)
      : hosts_{&first, &second}, impairments_(impairments), random_(seed) {}

  /// Runs both hosts until `done` or the time `limit`; false at the limit.
  bool run(const std::array<Application, 2>& applications, Instant limit, const std::function<bool()>& done);
  /// Lets time pass up to `until` and throws away what is on the wire then.
  void settle(const std::array<Application, 2>& applications, Instant until);

  Instant now() const { return now_; }
  /// An application wants its turn at `at`.
  void wake(Instant at) { wake_ = std::min(wake_, at); }

 private:
  struct Frame {
    Instant at;
    std::uint64_t order;
    std::size_t to;
    rte_mbuf* mbuf;
    bool operator<(const Frame& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  void turn(std::size_t index, const Application& application);
  void carry(std::size_t to, MbufPtr frame);
  void enqueue(std::size_t to, MbufPtr frame, Instant at);
  bool chance(double probability) { return std::uniform_real_distribution<>(0, 1)(random_) < probability; }

  std::array<Host*, 2> hosts_;
  Impairments impairments_;
  std::mt19937_64 random_;
  std::priority_queue<Frame> frames_;
  std::array<Instant, 2> line_free_;
  std::uint64_t order_ = 0;
  Instant now_;
  Instant wake_ = Instant::never();
};

}  // namespace lockstep::testing

// What is under test: the workers of one Lockstep, on a station of the simulated Ethernet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/engine.h"
#include "dataplane/worker/worker.h"
#include "tests/sim/ethernet.h"
#include "tests/support/scripted_engine.h"

namespace lockstep::sim {

struct ServerSettings {
  std::uint16_t mtu = 1500;
  tcp::Config tcp;
  std::uint32_t buffered_per_connection = 256 * 1024;
  bool scripted = false;  // engines hand jobs back late and in any order
  std::uint16_t lanes = 1;
};

/// At 10.0.0.1 and fd00::1, on station 0.
constexpr unsigned kServerNumber = 1;

class Server {
 public:
  /// One worker for each of `pools`.
  Server(const ServerSettings& settings, Ethernet& ethernet, const std::vector<MbufPools*>& pools, std::uint64_t seed,
         Instant now);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Lets each worker that has something to do take a turn; false when none had.
  bool turn(Instant now);
  Instant next() const;

  /// Publishes a configuration; those that no worker uses any more are destroyed at once.
  void publish(std::unique_ptr<proxy::Snapshot> snapshot);
  void drain(Duration limit);
  bool drained() const;
  /// What the workers told about client connections, one line each.
  const std::string& access_lines() const { return access_lines_; }
  /// All counters that are not zero, of each worker.
  std::string counters();
  std::size_t station() const { return station_; }
  std::size_t snapshots() const { return snapshots_.size(); }
  std::size_t workers() const { return cores_.size(); }
  worker::Worker& worker(std::size_t index);
  /// Sum over the workers.
  template <class F>
  std::uint64_t sum(F&& of) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < cores_.size(); ++i) total += of(worker(i));
    return total;
  }

 private:
  struct Core;
  void post(const worker::Message& message);
  void destroy_unused_snapshots();
  void note(const Event& event);

  std::size_t station_;
  std::vector<std::unique_ptr<Core>> cores_;
  std::vector<std::unique_ptr<proxy::Snapshot>> snapshots_;  // oldest first
  std::string access_lines_;
  bool posted_ = false;
};

}  // namespace lockstep::sim

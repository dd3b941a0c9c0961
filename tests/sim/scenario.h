// One simulated world, made from a seed, run to its end and judged.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/backend.h"
#include "tests/sim/client.h"
#include "tests/sim/server.h"

namespace lockstep::sim {

class Scenario {
 public:
  explicit Scenario(std::uint64_t seed);
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;
  ~Scenario();

  /// Runs to the end. What went wrong, one line each; empty when nothing did.
  std::string run();
  /// Everything that can be observed of a run that has ended; the same for the same seed.
  const std::string& record() const { return record_; }
  /// Writes the frames to a file.
  void capture(const std::string& path) { ethernet_->capture(path); }
  /// The world in a few words.
  std::string describe() const;

 private:
  // plan.cc: what the seed says.
  void plan_network();
  void plan_server();
  void plan_clients();
  void plan_disturbances();
  void excuse_proxied_clients();
  ClientPlan plan_client();
  std::unique_ptr<proxy::Snapshot> make_snapshot();
  std::uint32_t below(std::uint32_t bound) { return random_.below(bound); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  Duration random_time(Duration limit) {
    return milliseconds(below(static_cast<std::uint32_t>(limit.milliseconds()) + 1));
  }
  void at(Instant time, std::function<void()> action) { actions_.emplace(time, std::move(action)); }

  // scenario.cc: how it goes.
  bool run_until(const std::function<bool()>& over, Duration limit);
  void step();
  Instant next() const;
  void turn_clients();
  void kill_clients_for_good();
  bool clients_done() const;
  void check_clients();
  void check_drain();
  void check_counters();
  void check_buffers();
  void complain(const std::string& what) { failures_ += what + "\n"; }

  const std::uint64_t seed_;
  Random random_;
  Instant now_{1'000'000'000};
  std::string failures_;
  std::string description_;
  std::string record_;
  std::vector<MbufPools*> worker_pools_;
  std::uint32_t chargen_bytes_ = 0;
  std::uint64_t epoch_ = 0;
  bool killed_anything_ = false;

  std::optional<Ethernet> ethernet_;
  std::optional<Server> server_;
  std::vector<std::unique_ptr<Backend>> backends_;
  std::optional<Peer> peer_;    // the clients' host
  std::optional<Peer> doomed_;  // the host of clients that vanish
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<std::unique_ptr<Client>> doomed_clients_;
  std::multimap<Instant, std::function<void()>> actions_;
};

}  // namespace lockstep::sim

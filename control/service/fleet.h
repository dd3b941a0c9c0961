// All workers with what they own and share: buffer pools, ports, engines, crypto cores, threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "control/api/view.h"
#include "control/config/config.h"
#include "control/engines.h"
#include "control/log/log.h"
#include "control/service/crypto_cores.h"
#include "control/service/helper.h"
#include "control/snapshot/store.h"
#include "dataplane/base/clock.h"
#include "dataplane/io/port.h"
#include "dataplane/worker/exchange.h"
#include "dataplane/worker/worker.h"

namespace lockstep::service {

/// Our MAC address on a port. DPDK gives both ends of a TAP one address, and a host drops what seems to come from
/// itself: our end takes the next one (a TAP filters nothing).
net::MacAddress station_address(const io::PortInfo& info);

/// Megabytes of buffer memory that the pools of `workers` workers and the queues of `ports` ports need.
std::uint32_t memory_needed_mb(const MbufPoolSizes& sizes, std::size_t workers, std::size_t ports);

/// The environment abstraction layer, started; stopped when the object goes.
class Environment {
 public:
  Environment() = default;
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment();
  /// An empty string, or what is missing and how to provide it.
  std::string start(const config::Config& config, const std::vector<unsigned>& cores, log::Log& log);
  const io::EalInfo& info() const { return info_; }

 private:
  bool running_ = false;
  io::EalInfo info_;
  /// Where the library's messages go; it may speak until the process ends, which is later than the log.
  std::shared_ptr<std::atomic<log::Log*>> log_ = std::make_shared<std::atomic<log::Log*>>(nullptr);
};

class Fleet {
 public:
  /// Opens pools and ports and builds one worker for each of `cores`; nothing runs yet. The environment must have been
  /// started and outlive the fleet. The error says what to do.
  static Result<std::unique_ptr<Fleet>, std::string> create(const config::Config& config,
                                                            const std::vector<unsigned>& cores, log::Log& log);
  /// Stops the workers if they still run.
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Starts the threads of crypto cores and workers. An empty string, or why a thread could not become a worker.
  std::string start();
  /// Makes all workers drain; `limit` from now.
  void drain(Duration limit);
  bool drained() const;
  /// Stops all workers, then the crypto cores, and waits for their threads.
  void stop();

  /// Has all workers and crypto cores throw away what they made ahead, and waits until they have; from any thread.
  /// False when one has not after a second.
  bool drop_made_ahead();
  std::size_t workers() const { return members_.size(); }
  std::size_t crypto_cores() const { return crypto_cores_->count(); }

  /// Workers and crypto cores as the snapshot store sees them.
  std::vector<snapshot::Subscriber> subscribers();
  /// Tells the workers when the wall clock was set, or has drifted from theirs. To be called regularly.
  void follow_wall_clock();
  /// Takes events of all workers, at most `limit`, with their UNIX time; returns how many.
  std::size_t take_events(std::size_t limit, const std::function<void(std::int64_t unix_ns, const Event&)>& each);
  /// Capabilities that the open ports still need.
  std::vector<std::string> capabilities_needed() const;

  /// Current state of workers and ports; from any thread.
  std::vector<api::WorkerView> worker_views() const;
  std::vector<api::CryptoCoreView> crypto_core_views() const { return crypto_cores_->views(); }
  std::vector<api::PortView> port_views() const;
  /// State of all backends on all workers; asks the workers and waits for them a little. From any thread.
  std::vector<proxy::Proxy::BackendStatus> backend_status();

 private:
  struct Member;
  struct Inspection;
  Fleet(const config::Config& config, log::Log& log);
  Duration offset_now() const;
  std::string open_pools(const std::vector<unsigned>& cores);
  std::string open_ports();
  std::string build_workers();
  std::string build_worker(Member& member);
  net::InterfaceConfig interface_of(const config::Port& port, const io::Port& opened) const;
  void run(Member& member);
  /// A worker's mailbox has one producer: all messages go through here.
  bool post(Member& member, const worker::Message& message);
  void post_surely(Member& member, const worker::Message& message);
  /// Asks a worker; nullptr when its mailbox is full.
  std::shared_ptr<Inspection> inspect(Member& member, bool backends);
  void forget_answered();

  const config::Config config_;
  log::Log& log_;
  Clock clock_;
  Duration wall_clock_offset_;                    // from the workers' clock to Unix time
  std::unique_ptr<CryptoCores> crypto_cores_;     // outlives the workers
  std::unique_ptr<Helper> helper_;                // like those
  std::unique_ptr<worker::Exchanges> exchanges_;  // outlive the workers
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<std::unique_ptr<io::Port>> ports_;
  std::mutex post_mutex_;
  std::vector<std::shared_ptr<Inspection>> inspections_;  // sent and perhaps not answered yet
  std::atomic<std::size_t> started_{0};
  bool running_ = false;
};

}  // namespace lockstep::service

// A thread beside the workers for jobs that allocate or take long: the verification of peers' certificate chains.
#pragma once

#include <memory>
#include <thread>

#include "control/engines.h"
#include "dataplane/worker/crypto_core.h"
#include "dataplane/worker/remote_engine.h"

namespace lockstep::service {

/// One for all workers; not pinned, and asleep while nobody verifies anything. Its jobs are served in the order in
/// which they come, by libcrypto.
class Helper {
 public:
  /// The error says what the machine lacks.
  static Result<std::unique_ptr<Helper>, std::string> create(std::size_t workers);
  /// Stops it if it still runs. No worker may exist any more.
  ~Helper();
  Helper(const Helper&) = delete;
  Helper& operator=(const Helper&) = delete;

  /// The engine by which worker `index` reaches the helper; `policy` is how it serves everything else, and `table`,
  /// which then says so, its engines. The result's policy() is what to give to the worker.
  std::unique_ptr<worker::RemoteEngine> connect(std::size_t index, const crypto::Policy& policy,
                                                std::vector<control::EngineLine>& table);

  void start();
  /// Has it finish what is in the rings, and waits for it. The workers' threads must have ended.
  void stop();

  const worker::CryptoCore& core() const { return core_; }

 private:
  Helper(std::size_t workers, Bytes seed);
  static crypto::Policy policy_of(crypto::Engine& engine);

  Random random_;  // libcrypto's engine wants one
  std::unique_ptr<crypto::Engine> engine_;
  worker::CryptoCore core_;
  std::thread thread_;
};

}  // namespace lockstep::service

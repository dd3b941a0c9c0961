// The dedicated crypto cores of the service, with what they own: engines, threads.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "control/api/view.h"
#include "control/config/config.h"
#include "dataplane/worker/crypto_core.h"
#include "dataplane/worker/remote_engine.h"

namespace lockstep::service {

class CryptoCores {
 public:
  /// Has the engines of each of `config`'s crypto cores prove themselves; nothing runs yet. There may be no crypto core
  /// at all. The error says what to do.
  static Result<std::unique_ptr<CryptoCores>, std::string> create(const config::Config& config, std::size_t workers);
  /// Stops them if they still run. No worker may exist any more.
  ~CryptoCores();
  CryptoCores(const CryptoCores&) = delete;
  CryptoCores& operator=(const CryptoCores&) = delete;

  std::size_t count() const { return members_.size(); }
  /// The engine by which worker `index` reaches the crypto cores; `engines` is the worker's own set, whose table then
  /// says which classes go there. nullptr when there is no crypto core.
  std::unique_ptr<worker::RemoteEngine> connect(std::size_t index, control::EngineSet& engines) const;

  /// Starts the threads. An empty string, or why one could not be placed on its core; to be stopped all the same.
  std::string start();
  /// Has them finish what is in the rings, and waits for their threads. The workers' threads must have ended; the
  /// workers find all answers.
  void stop();

  /// Asks all to throw away what they made ahead; from any thread.
  void drop_ahead();
  /// All requests to drop have been carried out; from any thread.
  bool dropped() const;

  /// Current state; from any thread.
  std::vector<api::CryptoCoreView> views() const;

 private:
  struct Member;
  explicit CryptoCores(const config::Config& config);
  std::string add(const config::Config& config, unsigned core, std::size_t workers);
  void run(Member& member);

  worker::JobClasses classes_;
  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<std::size_t> started_{0};
  bool running_ = false;
};

}  // namespace lockstep::service

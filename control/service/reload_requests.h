// Requests to reload, from the admin server's threads to the main thread, which alone may do it.
#pragma once

#include <functional>
#include <future>
#include <mutex>
#include <vector>

#include "control/api/view.h"

namespace lockstep::service {

class ReloadRequests {
 public:
  /// Asks for a reload and waits until it is over; from any thread but the main one.
  api::Reloaded ask() {
    std::future<api::Reloaded> answer;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return refusal();
      answer = waiting_.emplace_back().get_future();
    }
    return answer.get();
  }
  /// Calls `reload` once if anybody asked, and gives the answer to all who did. On the main thread.
  void serve(const std::function<api::Reloaded()>& reload) {
    std::vector<std::promise<api::Reloaded>> asked = take(false);
    if (asked.empty()) return;
    const api::Reloaded answer = reload();
    for (std::promise<api::Reloaded>& each : asked) each.set_value(answer);
  }
  /// Refuses those that wait and all later ones.
  void close() {
    for (std::promise<api::Reloaded>& each : take(true)) each.set_value(refusal());
  }

 private:
  static api::Reloaded refusal() {
    api::Reloaded answer;
    answer.problems.emplace_back("the service is stopping");
    return answer;
  }
  std::vector<std::promise<api::Reloaded>> take(bool close) {
    const std::lock_guard lock(mutex_);
    closed_ = closed_ || close;
    return std::exchange(waiting_, {});
  }

  std::mutex mutex_;
  std::vector<std::promise<api::Reloaded>> waiting_;
  bool closed_ = false;
};

}  // namespace lockstep::service

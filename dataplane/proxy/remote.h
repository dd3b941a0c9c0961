// What a worker's sessions ask of other workers; `worker` implements it.
#pragma once

#include "crypto/job.h"

namespace lockstep::proxy {

class Remote {
 public:
  Remote() = default;
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;
  virtual ~Remote() = default;

  /// Sends a question to the worker `job.core`; it comes out of `take_back`. False, and it stays the caller's, when
  /// there is no such worker or too much is under way to it. Never waits.
  virtual bool ask(crypto::RemoteJob& job) = 0;
  /// Appends the questions that have come back, answered or (engine_failed) not.
  virtual void take_back(crypto::JobList& done) = 0;
  /// Questions that have not come back.
  virtual std::size_t in_flight() const = 0;
};

}  // namespace lockstep::proxy

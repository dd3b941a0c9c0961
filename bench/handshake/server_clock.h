// The clock that the server under measurement reads: it stands still while the clients work, so that what waits or ages
// by time does so as on a server that has nothing else to do.
#pragma once

#include <chrono>
#include <cstdint>

#include "crypto/base/time.h"

namespace lockstep::bench {

/// The monotonic clock, in nanoseconds.
inline std::int64_t steady_nanoseconds() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

class ServerClock {
 public:
  Instant now() const { return {elapsed_ + (running_ ? steady_nanoseconds() - started_ : 0)}; }

  /// Lets the clock run while it lives.
  class Running {
   public:
    explicit Running(ServerClock& clock) : clock_(clock) {
      clock_.started_ = steady_nanoseconds();
      clock_.running_ = true;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      clock_.elapsed_ = clock_.now().ns;
      clock_.running_ = false;
    }

   private:
    ServerClock& clock_;
  };

 private:
  std::int64_t elapsed_ = 1'000'000'000;
  std::int64_t started_ = 0;
  bool running_ = false;
};

}  // namespace lockstep::bench

// Wakes a worker that sleeps; costs the other side a fence and a load while it does not.
#pragma once

#include <atomic>

namespace lockstep::io {

/// One sleeper, any number of ringers. The sleeper calls `prepare`, then looks once more whether there is work, then
/// waits for `descriptor()` to become readable, then calls `finish`. A ringer makes the work visible first, then calls
/// `ring`.
class Doorbell {
 public:
  Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;
  ~Doorbell();

  /// Readable once rung; -1 when the kernel gave none (then the sleeper has to poll).
  int descriptor() const { return descriptor_; }
  void prepare();
  void finish();
  void ring();

 private:
  int descriptor_;
  std::atomic<bool> waiting_{false};
};

}  // namespace lockstep::io

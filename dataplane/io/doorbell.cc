#include "dataplane/io/doorbell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace lockstep::io {

Doorbell::Doorbell() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Doorbell::~Doorbell() {
  if (descriptor_ >= 0) close(descriptor_);
}

void Doorbell::prepare() {
  // Sequentially consistent on both sides: either the sleeper sees the work, or the ringer sees the sleeper.
  waiting_.store(true, std::memory_order_seq_cst);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void Doorbell::finish() {
  waiting_.store(false, std::memory_order_relaxed);
  // Always: a ringer may have been between its two steps at the last finish.
  std::uint64_t count = 0;
  (void)!read(descriptor_, &count, sizeof count);
}

void Doorbell::ring() {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!waiting_.load(std::memory_order_relaxed)) return;
  if (!waiting_.exchange(false, std::memory_order_acq_rel)) return;  // another ringer was first
  const std::uint64_t one = 1;
  (void)!write(descriptor_, &one, sizeof one);
}

}  // namespace lockstep::io

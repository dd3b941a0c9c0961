// The two rings between one worker and one crypto core.
#pragma once

#include <atomic>

#include "crypto/job.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/spsc_ring.h"
#include "dataplane/io/doorbell.h"

namespace lockstep::worker {

/// Jobs of one worker that may be at one crypto core: a burst of the worker's batch. More would only wait there, while
/// the worker has an engine of its own.
constexpr std::size_t kCryptoChannelCapacity = 64;

/// The worker keeps the number of jobs that it has at the core within the capacity of either ring, so that an answer
/// always finds room.
struct CryptoChannel {
  CryptoChannel(io::Doorbell& core_bell, std::size_t capacity)
      : requests(capacity), answers(capacity), bell(core_bell) {}

  SpscRing<crypto::Job*> requests;  // from the worker
  SpscRing<crypto::Job*> answers;   // to the worker
  io::Doorbell& bell;               // of the core; rung by the worker after it has put something in
  /// Set by the core once, before its first turn, and cleared once, after it has touched the rings and the jobs in them
  /// for the last time.
  std::atomic<bool> serving{false};
  // One writer, the worker.
  Counter sent;
  Counter full;  // jobs that found the core full
};

}  // namespace lockstep::worker

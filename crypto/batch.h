// The lane queues of one core: gathers the same step of many connections and decides when it runs.
#pragma once

#include <array>
#include <vector>

#include "crypto/base/histogram.h"
#include "crypto/engine.h"

namespace lockstep::crypto {

/// Most jobs handed to an engine in one call.
constexpr std::size_t kMaxLanes = 64;

/// How one kind is served.
struct KindPolicy {
  Engine* engine = nullptr;       // runs full or flushed batches
  Engine* scalar = nullptr;       // runs fewer than `crossover` jobs; may equal `engine`
  std::uint16_t lanes = 1;        // a batch of this many runs at once (1: never waits)
  std::uint16_t crossover = 0;    // fewer jobs than this go to `scalar` (measured; 0: never)
  std::uint16_t max_per_run = 0;  // most jobs of this kind per run() (0: no limit): bounds the time one turn takes
  Duration budget;                // longest wait for more lanes
};
using Policy = std::array<KindPolicy, kJobKinds>;

/// Counters of one kind: one writer, readable from other threads.
struct KindStats {
  Histogram fill;  // jobs per engine call
  Histogram wait;  // nanoseconds from submit to run
  std::atomic<std::uint64_t> jobs{0};
  std::atomic<std::uint64_t> failed{0};  // status engine_failed
};

/// While engines hold jobs that they finish later, they are polled at least this often.
constexpr Duration kPollInterval = microseconds(20);

/// Flush rule, in order: full lanes; the core is idle; the oldest job's budget is used up. See crypto/README.md.
/// Allocates in the constructor only.
class Batch {
 public:
  /// The engines of `policy` must outlive the batch. A job of a kind without an engine comes back as engine_failed.
  explicit Batch(const Policy& policy);

  /// Takes a job until it comes out of `run`; sets its status to waiting.
  void submit(Job& job, Instant now);
  /// Runs what the flush rule says. `idle`: the last receive was empty and no stage had work. Finished jobs are
  /// appended to `done`; returns how many. To be called again (bounded times) when completions submit further jobs.
  std::size_t run(Instant now, bool idle, JobList& done);
  /// When `run` has to be called at the latest; Instant::never() when nothing waits. A queue that can run at once gives
  /// an instant that has passed.
  Instant deadline() const;
  /// Jobs submitted and not yet handed back, whether queued here or taken by an engine.
  std::size_t in_flight() const { return in_flight_; }
  /// Tells all engines to forget the keys.
  void forget(std::uint64_t record_keys_id);

  const Policy& policy() const { return policy_; }
  const KindStats& stats(JobKind kind) const { return stats_[static_cast<std::size_t>(kind)]; }

 private:
  void run_kind(std::size_t kind, Instant now, bool idle, JobList& finished);
  void call(std::size_t kind, std::size_t count, Engine* engine, Instant now, JobList& finished);
  void hand_back(JobList& finished, JobList& done);

  Policy policy_;
  std::array<JobList, kJobKinds> queues_;
  std::array<KindStats, kJobKinds> stats_;
  std::vector<Engine*> engines_;  // each once
  std::size_t in_flight_ = 0;
  std::size_t queued_ = 0;
  Instant last_run_;
};

}  // namespace lockstep::crypto

// The lane queues of one core: gathers the same step of many connections and decides when it runs.
#pragma once

#include <array>
#include <vector>

#include "crypto/base/histogram.h"
#include "crypto/engine.h"

namespace lockstep::crypto {

/// Most jobs handed to an engine in one call.
constexpr std::size_t kMaxLanes = 64;

/// How one class is served.
struct ClassPolicy {
  Engine* engine = nullptr;       // runs full or flushed batches
  Engine* scalar = nullptr;       // runs fewer than `crossover` jobs; may equal `engine`
  std::uint16_t lanes = 1;        // a batch of this many runs at once (1: never waits)
  std::uint16_t crossover = 0;    // fewer jobs than this go to `scalar` (measured; 0: never)
  std::uint16_t max_per_run = 0;  // most jobs of this class per run() (0: no limit)
  Duration budget{};              // longest wait for more lanes
  Duration cost{};                // of one call of `engine`, measured; counts against Batch's turn limit
  Duration scalar_cost{};         // of one job of `scalar`
};
using Policy = std::array<ClassPolicy, kJobClasses>;

/// Counters of one class: one writer, readable from other threads.
struct ClassStats {
  Histogram fill;                            // jobs per engine call
  Histogram wait;                            // nanoseconds from submit to run
  std::atomic<std::uint64_t> jobs{0};        // handed back
  std::atomic<std::uint64_t> made_ahead{0};  // served from what was made ahead
  std::atomic<std::uint64_t> scalar{0};      // handed to the scalar engine
  std::atomic<std::uint64_t> failed{0};      // status engine_failed
};

/// While engines hold jobs that they finish later, they are polled at least this often.
constexpr Duration kPollInterval = microseconds(20);

/// Flush rule, in order: full lanes; made ahead; the core is idle; the oldest job's budget is used up. See
/// crypto/README.md. Allocates in the constructor only.
class Batch {
 public:
  /// The engines of `policy` must outlive the batch. A job of a class without an engine comes back as engine_failed.
  /// `turn_limit` bounds the sum of costs of the calls of one turn (runs with the same `now`): when it is used up,
  /// classes that have a cost wait for the next turn. At least one call is made in each turn.
  explicit Batch(const Policy& policy, Duration turn_limit = kNoTurnLimit);
  static constexpr Duration kNoTurnLimit = seconds(3600);

  /// Takes a job until it comes out of `run`; sets its status to waiting.
  void submit(Job& job, Instant now);
  /// Runs what the flush rule says. `idle`: the last receive was empty and no stage had work. Finished jobs are
  /// appended to `done`; returns how many. To be called again (bounded times) when completions submit further jobs.
  /// When idle and nothing waits, lets one engine make something ahead instead.
  std::size_t run(Instant now, bool idle, JobList& done);
  /// When `run` has to be called at the latest; Instant::never() when nothing waits. A queue that can run at once, or
  /// an engine that has more to make ahead, gives an instant that has passed.
  Instant deadline() const;
  /// Jobs submitted and not yet handed back, whether queued here or taken by an engine.
  std::size_t in_flight() const { return in_flight_; }
  /// Tells all engines to forget the keys.
  void forget(std::uint64_t record_keys_id);
  /// Tells all engines to throw away what they made ahead.
  void drop_ahead();

  const Policy& policy() const { return policy_; }
  const ClassStats& stats(JobClass job_class) const { return stats_[static_cast<std::size_t>(job_class)]; }

 private:
  void run_class(std::size_t index, Instant now, bool idle, JobList& finished);
  void run_unlaned(std::size_t index, std::size_t left, Instant now, JobList& finished);
  bool call(std::size_t index, std::size_t count, Engine* engine, Instant now, JobList& finished);
  void hand_back(JobList& finished, JobList& done);
  bool may_spend(Duration cost);
  void make_ahead();

  Policy policy_;
  Duration turn_limit_;
  std::array<JobList, kJobClasses> queues_;
  std::array<ClassStats, kJobClasses> stats_;
  std::vector<Engine*> engines_;  // each once
  std::size_t in_flight_ = 0;
  std::size_t queued_ = 0;
  Instant last_run_;
  Duration spent_;           // in this turn
  bool more_ahead_ = false;  // the last idle run made something ahead
};

}  // namespace lockstep::crypto

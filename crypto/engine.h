// What stands behind the batch: something that runs n jobs of one kind.
#pragma once

#include <memory>

#include "crypto/job.h"

namespace lockstep::crypto {

/// One engine instance serves one core and is used from that core only.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  /// Shown in status and doctor: "libcrypto", "ipsec-mb", ...
  virtual const char* name() const = 0;
  /// Whether `run` takes jobs of this class.
  virtual bool supports(JobClass job_class) const = 0;
  /// Runs `jobs`, all of one supported class and status waiting. Each gets its final status and goes to `done`, now or
  /// from a later `poll`. A failing job never disturbs its neighbours.
  virtual void run(std::span<Job* const> jobs, JobList& done) = 0;
  /// Called once before the runs of a turn: hands over jobs that have finished since, goes on with work that is done in
  /// slices, and tells the time to what ages.
  virtual void poll(Instant now, JobList& done) {
    (void)now;
    (void)done;
  }
  /// Jobs taken by `run` and not yet handed back.
  virtual std::size_t in_flight() const { return 0; }
  /// Whether some of them go on in `poll`, in slices, so that the next turn should not wait.
  virtual bool has_slices() const { return false; }

  /// Whether `run` would serve `job` from what was made ahead, so that waiting for more lanes would buy nothing.
  virtual bool made_ahead(const Job& job) const {
    (void)job;
    return false;
  }
  /// `job`, which this engine has lanes for, is done by the scalar engine now: others like it will follow, so that
  /// something may be made ahead for them.
  virtual void foresee(const Job& job) { (void)job; }
  /// Idle time: makes one batch of what can be made ahead of its use. False when there is nothing to make.
  virtual bool make_ahead() { return false; }
  /// Throws away (wipes) all that was made ahead.
  virtual void drop_ahead() {}

  /// Forgets (wipes) what was expanded for RecordKeys::id `id`.
  virtual void forget(std::uint64_t id) { (void)id; }
};

}  // namespace lockstep::crypto

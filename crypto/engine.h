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
  /// Whether `run` takes jobs of this kind.
  virtual bool supports(JobKind kind) const = 0;
  /// Runs `jobs`, all of one supported kind and status waiting. Each gets its final status and goes to `done`, now or
  /// from a later `poll`. A failing job never disturbs its neighbours.
  virtual void run(std::span<Job* const> jobs, JobList& done) = 0;
  /// Hands over jobs that have finished since; goes on with work that is done in slices.
  virtual void poll(JobList& done) { (void)done; }
  /// Jobs taken by `run` and not yet handed back.
  virtual std::size_t in_flight() const { return 0; }
  /// Forgets (wipes) what was expanded for RecordKeys::id `id`.
  virtual void forget(std::uint64_t id) { (void)id; }
};

}  // namespace lockstep::crypto

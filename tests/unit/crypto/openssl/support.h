// Running single jobs on an engine.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "crypto/engine.h"

namespace lockstep::crypto::test {

/// Runs `jobs` in one call; true when all of them came back.
inline bool run_all(Engine& engine, std::span<Job* const> jobs) {
  JobList done;
  for (Job* const job : jobs) job->status = JobStatus::waiting;
  engine.run(jobs, done);
  return done.size() == jobs.size();
}

/// Runs `job` and returns its status.
inline JobStatus run_one(Engine& engine, Job& job) {
  const std::array<Job*, 1> jobs = {&job};
  return run_all(engine, jobs) ? job.status : JobStatus::waiting;
}

inline std::vector<std::uint8_t> copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace lockstep::crypto::test

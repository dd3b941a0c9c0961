#include "crypto/batch.h"

#include <algorithm>
#include <limits>

namespace lockstep::crypto {

namespace {

void increment(std::atomic<std::uint64_t>& word) {
  word.store(word.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// Brings a policy into the form that `run_kind` relies on: a scalar engine where there is an engine, and batches that
// fit into one call and into one run.
void normalise(KindPolicy& policy) {
  if (policy.scalar == nullptr) policy.scalar = policy.engine;
  std::size_t lanes = std::clamp<std::size_t>(policy.lanes, 1, kMaxLanes);
  if (policy.max_per_run != 0) lanes = std::min<std::size_t>(lanes, policy.max_per_run);
  policy.lanes = static_cast<std::uint16_t>(lanes);
}

}  // namespace

Batch::Batch(const Policy& policy) : policy_(policy) {
  engines_.reserve(2 * kJobKinds);
  for (KindPolicy& kind : policy_) {
    normalise(kind);
    for (Engine* const engine : {kind.engine, kind.scalar}) {
      if (engine != nullptr && std::find(engines_.begin(), engines_.end(), engine) == engines_.end())
        engines_.push_back(engine);
    }
  }
}

void Batch::submit(Job& job, Instant now) {
  job.status = JobStatus::waiting;
  job.submitted = now;
  queues_[static_cast<std::size_t>(job.kind)].push(job);
  ++queued_;
  ++in_flight_;
}

std::size_t Batch::run(Instant now, bool idle, JobList& done) {
  last_run_ = now;
  JobList finished;
  for (Engine* const engine : engines_) engine->poll(finished);
  for (std::size_t kind = 0; kind < kJobKinds; ++kind) {
    if (!queues_[kind].empty()) run_kind(kind, now, idle, finished);
  }
  const std::size_t count = finished.size();
  hand_back(finished, done);
  return count;
}

void Batch::run_kind(std::size_t kind, Instant now, bool idle, JobList& finished) {
  const KindPolicy& policy = policy_[kind];
  const JobList& queue = queues_[kind];
  std::size_t left = policy.max_per_run != 0 ? policy.max_per_run : std::numeric_limits<std::size_t>::max();

  if (policy.lanes == 1) {
    while (!queue.empty() && left != 0) {
      const std::size_t count = std::min({queue.size(), left, kMaxLanes});
      call(kind, count, policy.engine, now, finished);
      left -= count;
    }
    return;
  }

  while (queue.size() >= policy.lanes && left >= policy.lanes) {
    call(kind, policy.lanes, policy.engine, now, finished);
    left -= policy.lanes;
  }
  // A queue that still has full lanes was stopped by max_per_run, and goes on with full lanes in the next run.
  if (queue.empty() || queue.size() >= policy.lanes || left == 0) return;
  if (!idle && now - queue.front()->submitted < policy.budget) return;
  const std::size_t count = std::min(queue.size(), left);
  call(kind, count, count < policy.crossover ? policy.scalar : policy.engine, now, finished);
}

void Batch::call(std::size_t kind, std::size_t count, Engine* engine, Instant now, JobList& finished) {
  KindStats& stats = stats_[kind];
  std::array<Job*, kMaxLanes> jobs;
  for (std::size_t i = 0; i < count; ++i) {
    Job* const job = queues_[kind].pop();
    stats.wait.record(static_cast<std::uint64_t>(std::max<std::int64_t>((now - job->submitted).ns, 0)));
    jobs[i] = job;
  }
  queued_ -= count;
  if (engine == nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      jobs[i]->status = JobStatus::engine_failed;
      finished.push(*jobs[i]);
    }
    return;
  }
  stats.fill.record(count);
  engine->run(std::span<Job* const>(jobs.data(), count), finished);
}

void Batch::hand_back(JobList& finished, JobList& done) {
  in_flight_ -= finished.size();
  while (Job* const job = finished.pop()) {
    KindStats& stats = stats_[static_cast<std::size_t>(job->kind)];
    increment(stats.jobs);
    if (job->status == JobStatus::engine_failed) increment(stats.failed);
    done.push(*job);
  }
}

Instant Batch::deadline() const {
  Instant earliest = in_flight_ > queued_ ? last_run_ + kPollInterval : Instant::never();
  for (std::size_t kind = 0; kind < kJobKinds; ++kind) {
    const JobList& queue = queues_[kind];
    if (queue.empty()) continue;
    const bool full = queue.size() >= policy_[kind].lanes;
    const Instant oldest = queue.front()->submitted;
    earliest = std::min(earliest, full ? oldest : oldest + policy_[kind].budget);
  }
  return earliest;
}

void Batch::forget(std::uint64_t record_keys_id) {
  for (Engine* const engine : engines_) engine->forget(record_keys_id);
}

}  // namespace lockstep::crypto

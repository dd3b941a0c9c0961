#include "crypto/batch.h"

#include <algorithm>
#include <limits>

namespace lockstep::crypto {

namespace {

void add(std::atomic<std::uint64_t>& word, std::uint64_t n) {
  word.store(word.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

// Brings a policy into the form that `run_kind` relies on: a scalar engine where there is an engine, and batches that
// fit into one call and into one run.
void normalise(ClassPolicy& policy) {
  if (policy.scalar == nullptr) policy.scalar = policy.engine;
  std::size_t lanes = std::clamp<std::size_t>(policy.lanes, 1, kMaxLanes);
  if (policy.max_per_run != 0) lanes = std::min<std::size_t>(lanes, policy.max_per_run);
  policy.lanes = static_cast<std::uint16_t>(lanes);
}

}  // namespace

Batch::Batch(const Policy& policy, Duration turn_limit) : policy_(policy), turn_limit_(turn_limit) {
  engines_.reserve(2 * kJobClasses);
  for (ClassPolicy& served : policy_) {
    normalise(served);
    for (Engine* const engine : {served.engine, served.scalar}) {
      if (engine != nullptr && std::find(engines_.begin(), engines_.end(), engine) == engines_.end())
        engines_.push_back(engine);
    }
  }
}

void Batch::submit(Job& job, Instant now) {
  job.status = JobStatus::waiting;
  job.submitted = now;
  queues_[static_cast<std::size_t>(job_class(job))].push(job);
  ++queued_;
  ++in_flight_;
}

std::size_t Batch::run(Instant now, bool idle, JobList& done) {
  if (now != last_run_) spent_ = {};  // a new turn
  last_run_ = now;
  more_ahead_ = false;
  JobList finished;
  for (Engine* const engine : engines_) engine->poll(now, finished);
  if (idle && queued_ == 0) make_ahead();
  // The class whose oldest job has waited longest comes first, so that none starves behind the turn limit.
  std::array<std::uint8_t, kJobClasses> order;
  std::size_t waiting = 0;
  for (std::size_t index = 0; index < kJobClasses; ++index) {
    if (queues_[index].empty()) continue;
    std::size_t place = waiting++;
    const Instant oldest = queues_[index].front()->submitted;
    for (; place > 0 && oldest < queues_[order[place - 1]].front()->submitted; --place) order[place] = order[place - 1];
    order[place] = static_cast<std::uint8_t>(index);
  }
  for (std::size_t i = 0; i < waiting; ++i) run_class(order[i], now, idle, finished);
  const std::size_t count = finished.size();
  hand_back(finished, done);
  return count;
}

void Batch::make_ahead() {
  for (Engine* const engine : engines_) more_ahead_ = more_ahead_ || engine->make_ahead();
}

void Batch::run_class(std::size_t index, Instant now, bool idle, JobList& finished) {
  const ClassPolicy& policy = policy_[index];
  const JobList& queue = queues_[index];
  std::size_t left = policy.max_per_run != 0 ? policy.max_per_run : std::numeric_limits<std::size_t>::max();
  if (policy.lanes == 1) return run_unlaned(index, left, now, finished);

  while (queue.size() >= policy.lanes && left >= policy.lanes) {
    if (!call(index, policy.lanes, policy.engine, now, finished)) return;
    left -= policy.lanes;
  }
  // A queue that still has full lanes was stopped by max_per_run, and goes on with full lanes in the next run.
  if (queue.empty() || queue.size() >= policy.lanes || left == 0) return;
  const std::size_t count = std::min(queue.size(), left);
  if (policy.engine != nullptr && policy.engine->made_ahead(*queue.front())) {
    if (call(index, count, policy.engine, now, finished)) add(stats_[index].made_ahead, count);
    return;
  }
  if (!idle && now - queue.front()->submitted < policy.budget) return;
  const bool scalar = count < policy.crossover && policy.engine != policy.scalar;
  if (scalar) policy.engine->foresee(*queue.front());
  if (call(index, count, scalar ? policy.scalar : policy.engine, now, finished) && scalar)
    add(stats_[index].scalar, count);
}

void Batch::run_unlaned(std::size_t index, std::size_t left, Instant now, JobList& finished) {
  while (!queues_[index].empty() && left != 0) {
    const std::size_t count = std::min({queues_[index].size(), left, kMaxLanes});
    if (!call(index, count, policy_[index].engine, now, finished)) return;
    left -= count;
  }
}

bool Batch::may_spend(Duration cost) {
  if (cost.ns != 0 && spent_.ns != 0 && spent_ + cost > turn_limit_) return false;
  spent_ = spent_ + cost;
  return true;
}

/// Hands the `count` oldest jobs of the class to `engine`; false, and nothing done, when the turn has no time left.
bool Batch::call(std::size_t index, std::size_t count, Engine* engine, Instant now, JobList& finished) {
  const ClassPolicy& policy = policy_[index];
  const bool scalar = engine == policy.scalar && engine != policy.engine;
  if (!may_spend(scalar ? policy.scalar_cost * static_cast<std::int64_t>(count) : policy.cost)) return false;
  ClassStats& stats = stats_[index];
  std::array<Job*, kMaxLanes> jobs;
  for (std::size_t i = 0; i < count; ++i) {
    Job* const job = queues_[index].pop();
    stats.wait.record(static_cast<std::uint64_t>(std::max<std::int64_t>((now - job->submitted).ns, 0)));
    jobs[i] = job;
  }
  queued_ -= count;
  if (engine == nullptr) {
    for (std::size_t i = 0; i < count; ++i) {
      jobs[i]->status = JobStatus::engine_failed;
      finished.push(*jobs[i]);
    }
    return true;
  }
  stats.fill.record(count);
  engine->run(std::span<Job* const>(jobs.data(), count), finished);
  return true;
}

void Batch::hand_back(JobList& finished, JobList& done) {
  in_flight_ -= finished.size();
  while (Job* const job = finished.pop()) {
    ClassStats& stats = stats_[static_cast<std::size_t>(job_class(*job))];
    add(stats.jobs, 1);
    if (job->status == JobStatus::engine_failed) add(stats.failed, 1);
    done.push(*job);
  }
}

Instant Batch::deadline() const {
  Instant earliest = in_flight_ > queued_ ? last_run_ + kPollInterval : Instant::never();
  if (more_ahead_ || std::ranges::any_of(engines_, &Engine::has_slices)) earliest = last_run_;
  for (std::size_t index = 0; index < kJobClasses; ++index) {
    const JobList& queue = queues_[index];
    if (queue.empty()) continue;
    const bool full = queue.size() >= policy_[index].lanes;
    const Instant oldest = queue.front()->submitted;
    earliest = std::min(earliest, full ? oldest : oldest + policy_[index].budget);
  }
  return earliest;
}

void Batch::forget(std::uint64_t record_keys_id) {
  for (Engine* const engine : engines_) engine->forget(record_keys_id);
}

void Batch::drop_ahead() {
  for (Engine* const engine : engines_) engine->drop_ahead();
}

}  // namespace lockstep::crypto

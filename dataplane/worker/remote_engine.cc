#include "dataplane/worker/remote_engine.h"

#include <algorithm>

namespace lockstep::worker {

using crypto::Engine;
using crypto::Job;
using crypto::JobList;

RemoteEngine::RemoteEngine(const std::vector<CryptoChannel*>& cores, const crypto::Policy& local,
                           const JobClasses& classes, const char* name)
    : name_(name), local_(local), classes_(classes) {
  cores_.reserve(cores.size());
  for (CryptoChannel* const channel : cores) cores_.emplace_back(*channel);
  const auto add = [](std::vector<Engine*>& to, Engine* engine) {
    if (engine != nullptr && std::ranges::find(to, engine) == to.end()) to.push_back(engine);
  };
  std::vector<Engine*> shared;
  for (std::size_t index = 0; index < crypto::kJobClasses; ++index) {
    crypto::ClassPolicy& served = local_[index];
    if (served.scalar == nullptr) served.scalar = served.engine;
    served.lanes = std::clamp<std::uint16_t>(served.lanes, 1, crypto::kMaxLanes);
    for (Engine* const engine : {served.engine, served.scalar}) add(classes_[index] ? unshared_ : shared, engine);
  }
  std::erase_if(unshared_, [&](Engine* engine) { return std::ranges::find(shared, engine) != shared.end(); });
}

crypto::Policy RemoteEngine::policy() {
  crypto::Policy policy = local_;
  for (std::size_t index = 0; index < crypto::kJobClasses; ++index)
    if (classes_[index]) policy[index] = {.engine = this, .scalar = this};
  return policy;
}

void RemoteEngine::run(std::span<Job* const> jobs, JobList&) {
  const auto job_class = static_cast<std::size_t>(crypto::job_class(*jobs.front()));
  for (Job* const job : jobs) {
    if (Core* const core = choose(job_class); core != nullptr) {
      send(*core, *job, job_class);
      continue;
    }
    wait(*job, job_class);
    for (const Core& core : cores_)
      if (core.jobs == core.channel->requests.capacity()) core.channel->full.add();
  }
  ring_bells();
}

void RemoteEngine::poll(Instant now, JobList& done) {
  for (Core& core : cores_)
    if (core.jobs != 0) take_back(core, done);
  for (Engine* const engine : unshared_) engine->poll(now, done);
  if (waiting_ == 0) return;
  send_waiting();
  if (now == turn_) return;
  turn_ = now;
  run_waiting(done);
}

bool RemoteEngine::has_slices() const {
  return waiting_ != 0 || std::ranges::any_of(unshared_, &Engine::has_slices);
}

void RemoteEngine::drop_ahead() {
  for (Engine* const engine : unshared_) engine->drop_ahead();
}

/// See the class; nullptr when no core has room.
RemoteEngine::Core* RemoteEngine::choose(std::size_t job_class) {
  Core* least = nullptr;
  for (Core& core : cores_) {
    if (!core.channel->serving.load(std::memory_order_acquire)) continue;
    if (core.jobs == core.channel->requests.capacity()) continue;
    if (core.of_class[job_class] < local_[job_class].lanes) return &core;
    if (least == nullptr || core.jobs < least->jobs) least = &core;
  }
  return least;
}

void RemoteEngine::send(Core& core, Job& job, std::size_t job_class) {
  (void)core.channel->requests.push(&job);  // has room: `choose` has counted
  core.channel->sent.add();
  core.ring = true;
  ++core.jobs;
  ++core.of_class[job_class];
  ++away_;
}

void RemoteEngine::ring_bells() {
  for (Core& core : cores_)
    if (std::exchange(core.ring, false)) core.channel->bell.ring();
}

void RemoteEngine::take_back(Core& core, JobList& done) {
  // Read first: what a core did before it stopped is then visible.
  const bool stopped = !core.channel->serving.load(std::memory_order_acquire);
  const auto back = [&](const Job& job) {
    const auto job_class = static_cast<std::size_t>(crypto::job_class(job));
    --core.jobs;
    --core.of_class[job_class];
    --away_;
    return job_class;
  };
  Job* job = nullptr;
  while (core.channel->answers.pop(job)) {
    back(*job);
    done.push(*job);
  }
  // It will not look into this ring again (see CryptoChannel): what is left in it was not begun.
  while (stopped && core.channel->requests.pop(job)) wait(*job, back(*job));
}

void RemoteEngine::wait(Job& job, std::size_t job_class) {
  waiting_of_class_[job_class].push(job);
  ++waiting_;
}

void RemoteEngine::send_waiting() {
  for (std::size_t index = 0; index < crypto::kJobClasses; ++index) {
    JobList& waiting = waiting_of_class_[index];
    // A job leaves the list first: from the ring on, its `next` is the core's.
    for (Core* core = nullptr; !waiting.empty() && (core = choose(index)) != nullptr; --waiting_)
      send(*core, *waiting.pop(), index);
  }
  ring_bells();
}

bool RemoteEngine::any_serving() const {
  return std::ranges::any_of(cores_,
                             [](const Core& core) { return core.channel->serving.load(std::memory_order_acquire); });
}

/// Nobody is left who could do these.
void RemoteEngine::fail(JobList& jobs, JobList& done) {
  while (Job* const job = jobs.pop()) {
    --waiting_;
    job->status = crypto::JobStatus::engine_failed;
    done.push(*job);
  }
}

/// One call of an own engine, so that a turn does not get long. A class with lanes begins a batch, as full as it is.
void RemoteEngine::run_waiting(JobList& done) {
  for (std::size_t i = 0; waiting_ != 0 && i < crypto::kJobClasses; ++i) {
    next_class_ = (next_class_ + 1) % crypto::kJobClasses;
    JobList& waiting = waiting_of_class_[next_class_];
    if (waiting.empty()) continue;
    const crypto::ClassPolicy& local = local_[next_class_];
    if (local.engine == nullptr) {
      if (!any_serving()) fail(waiting, done);
      continue;
    }
    std::array<Job*, crypto::kMaxLanes> jobs;
    const std::size_t count = std::min<std::size_t>(waiting.size(), local.lanes);
    for (std::size_t n = 0; n < count; ++n) jobs[n] = waiting.pop();
    waiting_ -= count;
    done_locally_.add(count);
    (count < local.crossover ? local.scalar : local.engine)->run(std::span<Job* const>(jobs).first(count), done);
    return;
  }
}

}  // namespace lockstep::worker

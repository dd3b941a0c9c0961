#include "crypto/schedule/schedule_engine.h"

#include <new>
#include <type_traits>

namespace lockstep::crypto {

namespace {

Hash hash_of(const Tls13KeyUpdateJob& job) {
  return job.hash;
}
Hash hash_of(const Tls13ResumptionJob& job) {
  return job.hash;
}
template <class AnyJob>
Hash hash_of(const AnyJob& job) {
  return job.transcript->hash();
}

}  // namespace

ScheduleEngine::ScheduleEngine(sha2::Features features) : features_(features), round_(features) {}

const char* ScheduleEngine::name() const {
  if (features_.avx512) return "avx-512 sha2";
  return features_.sha_ni ? "sha-ni" : "portable sha2";
}

bool ScheduleEngine::supports(JobClass job_class) const {
  switch (job_class) {
    case JobClass::transcript:
    case JobClass::tls13_server_flight:
    case JobClass::tls13_key_update:
    case JobClass::tls13_binder:
    case JobClass::tls13_early_data:
    case JobClass::tls13_resumption:
    case JobClass::tls13_client_finished:
    case JobClass::tls12_master_secret:
    case JobClass::tls12_finished:
      return true;
    default:
      return false;
  }
}

void ScheduleEngine::run(std::span<Job* const> jobs, JobList& done) {
  if (jobs.empty()) return;
  JobStatus status = JobStatus::ok;
  switch (jobs.front()->kind) {
    case JobKind::transcript:
      run_together<TranscriptExtension>(jobs);
      break;
    case JobKind::tls13_server_flight:
      run_together<Tls13ServerFlight>(jobs);
      break;
    case JobKind::tls13_key_update:
      run_together<Tls13KeyUpdate>(jobs);
      break;
    case JobKind::tls13_binder:
      run_together<Tls13Binder>(jobs);
      break;
    case JobKind::tls13_early_data:
      run_together<Tls13EarlyData>(jobs);
      break;
    case JobKind::tls13_resumption:
      run_together<Tls13Resumption>(jobs);
      break;
    case JobKind::tls13_client_finished:
      run_together<Tls13ClientFinished>(jobs);
      break;
    case JobKind::tls12_master_secret:
      run_together<Tls12MasterSecret>(jobs);
      break;
    case JobKind::tls12_finished:
      run_together<Tls12Finished>(jobs);
      break;
    default:
      status = JobStatus::engine_failed;
  }
  for (Job* const job : jobs) {
    job->status = status;
    done.push(*job);
  }
}

template <class Schedule>
void ScheduleEngine::run_together(std::span<Job* const> jobs) {
  static_assert(std::is_trivially_destructible_v<Schedule> && alignof(Schedule) <= 64);
  while (!jobs.empty()) {
    const std::size_t count = std::min(jobs.size(), kTogether);
    std::array<Schedule*, kTogether> schedules;
    for (std::size_t i = 0; i < count; ++i) {
      auto& job = static_cast<typename Schedule::JobType&>(*jobs[i]);
      void* const room = scratch_.data() + i * sizeof(Schedule);
      if constexpr (std::is_constructible_v<Schedule, decltype(job)>) {
        schedules[i] = new (room) Schedule(job);
      } else {
        schedules[i] = new (room) Schedule(job, constants(hash_of(job)));
      }
    }
    for (bool more = true; more;) {
      more = false;
      for (std::size_t i = 0; i < count; ++i) more |= schedules[i]->step(round_);
      round_.run();
    }
    wipe(MutableBytes(scratch_).first(count * sizeof(Schedule)));
    jobs = jobs.subspan(count);
  }
}

}  // namespace lockstep::crypto

#include "crypto/schedule/schedule_engine.h"

#include "crypto/base/sha2_compress.h"
#include "crypto/schedule/tls12.h"

namespace lockstep::crypto {

namespace {

void append_and_read(TranscriptJob& job) {
  job.transcript->update(job.append[0]);
  job.transcript->digest(job.digest[0]);
  job.digest[1] = job.digest[0];
  if (job.append[1].empty()) return;
  job.transcript->update(job.append[1]);
  job.transcript->digest(job.digest[1]);
}

}  // namespace

const char* ScheduleEngine::name() const {
  return sha2::has_sha_ni() ? "sha-ni" : "portable sha2";
}

bool ScheduleEngine::supports(JobClass job_class) const {
  switch (job_class) {
    case JobClass::transcript:
    case JobClass::tls13_server_flight:
    case JobClass::tls13_key_update:
    case JobClass::tls12_master_secret:
    case JobClass::tls12_finished:
      return true;
    default:
      return false;
  }
}

void ScheduleEngine::run(std::span<Job* const> jobs, JobList& done) {
  for (Job* const job : jobs) {
    job->status = JobStatus::ok;
    switch (job->kind) {
      case JobKind::transcript:
        append_and_read(static_cast<TranscriptJob&>(*job));
        break;
      case JobKind::tls13_server_flight:
        server_flight(static_cast<Tls13ServerFlightJob&>(*job));
        break;
      case JobKind::tls13_key_update:
        key_update(static_cast<Tls13KeyUpdateJob&>(*job));
        break;
      case JobKind::tls12_master_secret:
        master_secret(static_cast<Tls12MasterSecretJob&>(*job));
        key_block(static_cast<Tls12MasterSecretJob&>(*job));
        break;
      case JobKind::tls12_finished:
        finished(static_cast<Tls12FinishedJob&>(*job));
        break;
      default:
        job->status = JobStatus::engine_failed;
    }
    done.push(*job);
  }
}

void ScheduleEngine::server_flight(Tls13ServerFlightJob& job) const {
  const Tls13Constants& constants = job.transcript->hash() == Hash::sha256 ? sha256_ : sha384_;
  Tls13Scratch scratch;
  handshake_secret(job, constants, scratch);
  handshake_traffic(job, constants, scratch);
  server_finished(job, scratch);
  application_traffic(job, scratch);
}

}  // namespace lockstep::crypto

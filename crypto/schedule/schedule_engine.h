// The engine for everything that is made of hashes: transcripts and key schedules.
#pragma once

#include "crypto/engine.h"
#include "crypto/schedule/tls13.h"

namespace lockstep::crypto {

/// Serves transcript, tls13_server_flight, tls13_key_update, tls12_master_secret and tls12_finished, one job after the
/// other, with the project's own SHA-2. Never fails and keeps no job.
class ScheduleEngine final : public Engine {
 public:
  /// "sha-ni" or "portable sha2", after what this CPU offers for SHA-256.
  const char* name() const override;
  bool supports(JobClass job_class) const override;
  void run(std::span<Job* const> jobs, JobList& done) override;

 private:
  void server_flight(Tls13ServerFlightJob& job) const;

  Tls13Constants sha256_{Hash::sha256};
  Tls13Constants sha384_{Hash::sha384};
};

}  // namespace lockstep::crypto

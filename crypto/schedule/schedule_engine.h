// The engine for everything that is made of hashes: transcripts and key schedules.
#pragma once

#include <algorithm>

#include "crypto/engine.h"
#include "crypto/schedule/tls12.h"
#include "crypto/schedule/tls13.h"
#include "crypto/schedule/transcript.h"

namespace lockstep::crypto {

/// Serves transcripts and the jobs of both versions' key schedules with the project's own SHA-2, taking all jobs of a
/// call through their steps together. Never fails and keeps no job.
class ScheduleEngine final : public Engine {
 public:
  /// `features`: what the engine may use; at most what the processor has.
  explicit ScheduleEngine(sha2::Features features = sha2::processor_features());

  /// "avx-512 sha2", "sha-ni" or "portable sha2", after the best it uses.
  const char* name() const override;
  bool supports(JobClass job_class) const override;
  void run(std::span<Job* const> jobs, JobList& done) override;

 private:
  /// Jobs that go through their steps together: as many as fill all lanes in every round, and no more than the fastest
  /// cache has room for.
  static constexpr std::size_t kTogether = 16;
  static constexpr std::size_t kScratch =
      kTogether * std::max({sizeof(TranscriptExtension), sizeof(Tls13ServerFlight), sizeof(Tls13KeyUpdate),
                            sizeof(Tls13Binder), sizeof(Tls13Resumption), sizeof(Tls13ClientFinished),
                            sizeof(Tls12MasterSecret), sizeof(Tls12Finished)});

  template <class Schedule>
  void run_together(std::span<Job* const> jobs);
  const Tls13Constants& constants(Hash hash) const { return hash == Hash::sha256 ? sha256_ : sha384_; }

  sha2::Features features_;
  HashRound round_;
  Tls13Constants sha256_{Hash::sha256};
  Tls13Constants sha384_{Hash::sha384};
  alignas(64) std::array<std::uint8_t, kScratch> scratch_;  // wiped after each use
};

}  // namespace lockstep::crypto

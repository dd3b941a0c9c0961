// AES-GCM and ChaCha20-Poly1305 records through ipsec-mb's direct calls: they cost less than its jobs, and neither
// algorithm has lanes.
#pragma once

#include <span>

#include "crypto/engine.h"
#include "crypto/record/expanded_keys.h"
#include "crypto/record/ipsec_mb.h"

namespace lockstep::crypto {

/// One run of bytes to be processed; `from` and `to` are the same or do not overlap.
struct RecordPiece {
  const std::uint8_t* from;
  std::uint8_t* to;
  std::size_t size;
};

class AeadRecords {
 public:
  /// `manager` and `keys` must outlive it.
  AeadRecords(const IMB_MGR& manager, ExpandedKeys& keys);
  AeadRecords(const AeadRecords&) = delete;
  AeadRecords& operator=(const AeadRecords&) = delete;
  ~AeadRecords() { wipe_contexts(); }

  /// Finishes all jobs, which are of one kind, seal or open.
  void run(std::span<Job* const> jobs, JobList& done);

 private:
  struct Direction {
    aes_gcm_enc_dec_t whole;
    aes_gcm_enc_dec_update_t update;
    aes_gcm_enc_dec_finalize_t finalize;
  };
  struct Gcm {
    aes_gcm_pre_t expand;
    aes_gcm_init_t start;
    Direction seal;
    Direction open;
  };
  struct Work;

  void prefetch_key(const Job& job) const;
  void finish(Job& job, JobList& done);
  JobStatus seal(SealJob& job);
  JobStatus open(OpenJob& job);
  template <bool kSeal>
  void process(const Work& work, std::uint8_t* tag);
  template <bool kSeal>
  void process_gcm(const Work& work, std::uint8_t* tag);
  template <bool kSeal>
  void process_chacha20(const Work& work, std::uint8_t* tag);
  void wipe_contexts();

  const IMB_MGR& manager_;
  std::array<Gcm, 2> gcm_;
  ExpandedKeys& keys_;
  gcm_context_data gcm_context_{};
  chacha20_poly1305_context_data chacha20_context_{};
};

}  // namespace lockstep::crypto

// Sealing of AES-CBC + HMAC records of many connections in the lanes of ipsec-mb.
#pragma once

#include <memory>

#include "crypto/engine.h"
#include "crypto/record/cbc_batch.h"

namespace lockstep::crypto {

class CbcSeal {
 public:
  /// `wide` has the most lanes, `narrow` is the quickest for few. All must outlive it.
  CbcSeal(IMB_MGR& wide, IMB_MGR& narrow, CbcKeys& keys);
  CbcSeal(const CbcSeal&) = delete;
  CbcSeal& operator=(const CbcSeal&) = delete;

  /// Seals `jobs` (CbcSealJobs). Where long records came with much shorter ones, the long ones are kept for `poll`, so
  /// that the short ones need not wait for them.
  void run(std::span<Job* const> jobs, JobList& done);
  /// Seals what was kept.
  void poll(JobList& done);
  /// How many are kept.
  std::size_t in_flight() const { return kept_.size(); }

 private:
  using Entry = CbcEntry<CbcSealJob>;

  void run_some(std::span<Job* const> jobs, bool may_keep, JobList& done);
  void run_batch(CbcClass cbc_class, std::span<Entry> entries, JobList& done);
  /// False when ipsec-mb did not finish a job.
  bool mac_then_encrypt(CbcSuite suite, std::span<const Entry> entries);
  bool encrypt_then_mac(CbcSuite suite, std::span<const Entry> entries);
  bool make_macs(CbcSuite suite, std::span<const Entry> entries);
  bool encrypt(CbcSuite suite, std::size_t count);

  IMB_MGR& wide_;
  IMB_MGR& narrow_;
  CbcKeys& keys_;
  std::array<IMB_JOB, kCbcBatch> lanes_{};
  JobList kept_;
};

}  // namespace lockstep::crypto

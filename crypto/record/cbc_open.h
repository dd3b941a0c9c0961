// Opening of AES-CBC + HMAC records, so that neither result nor time tells a bad padding from a bad MAC.
#pragma once

#include <memory>

#include "crypto/engine.h"
#include "crypto/record/cbc_batch.h"
#include "crypto/record/record_mac.h"

namespace lockstep::crypto {

class CbcOpen {
 public:
  /// `manager` and `keys` must outlive it.
  CbcOpen(IMB_MGR& manager, CbcKeys& keys);
  CbcOpen(const CbcOpen&) = delete;
  CbcOpen& operator=(const CbcOpen&) = delete;
  /// False when there was no memory.
  bool ready() const { return scratch_ != nullptr; }

  /// Opens `jobs` (CbcOpenJobs), all of them before it returns.
  void run(std::span<Job* const> jobs, JobList& done);

 private:
  /// Records opened together: as many as the widest hash has lanes.
  static constexpr std::size_t kTogether = 16;
  using Entry = CbcEntry<CbcOpenJob>;
  struct Record;
  struct alignas(64) Scratch {
    std::array<std::uint8_t, kMaxCbcFragment> bytes;
  };

  void run_some(std::span<Job* const> jobs, JobList& done);
  void run_batch(CbcClass cbc_class, std::span<const Entry> entries, JobList& done);
  void mac_then_encrypt(CbcSuite suite, std::span<Record> records);
  void encrypt_then_mac(CbcSuite suite, std::span<Record> records);
  bool decrypt(CbcSuite suite, std::span<const Record> records, std::size_t behind);

  IMB_MGR& manager_;
  CbcKeys& keys_;
  std::array<IMB_JOB, kTogether> lanes_{};
  std::unique_ptr<Scratch[]> scratch_;  // for records in several pieces
};

}  // namespace lockstep::crypto

// RSA private operations in lanes, in slices over the turns of the loop.
#pragma once

#include <memory>

#include "crypto/base/random.h"
#include "crypto/engine.h"
#include "crypto/lanes/kernels.h"

namespace lockstep::crypto::lanes {

/// One modulus size's operation of eight lanes, and the jobs that wait for the next. Signatures and premaster secrets
/// share lanes. What does not verify goes to the fallback engine.
class RsaOperation {
 public:
  /// References outlive the operation. `recomputed` counts lanes whose result was wrong.
  RsaOperation(const RsaKernels& kernels, Engine& fallback, Random& random, std::atomic<std::uint64_t>& recomputed);
  ~RsaOperation();
  RsaOperation(const RsaOperation&) = delete;
  RsaOperation& operator=(const RsaOperation&) = delete;

  /// Takes jobs whose keys are prepared for the lanes and whose schemes have padding; begins when nothing is under way.
  void take(std::span<Job* const> jobs);
  /// One slice of what is under way; hands over what is finished, and begins with what waits.
  void step(JobList& done);
  /// Jobs taken and not yet handed over.
  std::size_t in_flight() const { return waiting_.size() + lanes_used_; }

 private:
  struct Lanes;
  void begin();
  void load(std::size_t lane, Job& job);
  void finish(JobList& done);
  void hand_over(std::size_t lane, bool in_range, JobList& done);

  const RsaKernels& kernels_;
  Engine& fallback_;
  Random& random_;
  std::atomic<std::uint64_t>& recomputed_;
  std::unique_ptr<Lanes> lanes_;
  JobList waiting_;
  std::size_t lanes_used_ = 0;
  std::uint8_t in_range_ = 0;
};

}  // namespace lockstep::crypto::lanes

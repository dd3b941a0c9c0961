// CBC jobs sorted into batches that run together.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "crypto/record/cbc_keys.h"

namespace lockstep::crypto {

/// What has to be the same for records to run together.
struct CbcClass {
  CbcSuite suite;
  bool encrypt_then_mac;
};
constexpr std::size_t kCbcClasses = 2 * kCbcSuites;
constexpr std::size_t class_index(const CbcRecordKeys& keys) {
  return 2 * static_cast<std::size_t>(keys.suite) + (keys.encrypt_then_mac ? 1 : 0);
}
constexpr CbcClass class_at(std::size_t index) {
  return {static_cast<CbcSuite>(index / 2), index % 2 != 0};
}

/// One record of a batch.
template <class AnyJob>
struct CbcEntry {
  AnyJob* job;
  std::size_t size;  // of all its pieces
};

/// Calls `run_batch(class, entries)` for the jobs of each class, at most `most` at a time, the longest first. `jobs`
/// are at most kCbcBatch.
template <class AnyJob, std::size_t most, class RunBatch>
void for_each_batch(std::span<const CbcEntry<AnyJob>> jobs, RunBatch run_batch) {
  std::uint32_t classes = 0;
  for (const CbcEntry<AnyJob>& entry : jobs) classes |= 1U << class_index(*entry.job->keys);
  for (std::size_t index = 0; index < kCbcClasses; ++index) {
    if ((classes >> index & 1U) == 0) continue;
    std::array<CbcEntry<AnyJob>, kCbcBatch> chosen;
    std::size_t count = 0;
    for (const CbcEntry<AnyJob>& entry : jobs)
      if (class_index(*entry.job->keys) == index) chosen[count++] = entry;
    const std::span<CbcEntry<AnyJob>> all(chosen.data(), count);
    const auto longer = [](const CbcEntry<AnyJob>& a, const CbcEntry<AnyJob>& b) { return a.size > b.size; };
    if (!std::is_sorted(all.begin(), all.end(), longer)) std::sort(all.begin(), all.end(), longer);
    for (std::size_t at = 0; at < count; at += most)
      run_batch(class_at(index), all.subspan(at, std::min(most, count - at)));
  }
}

}  // namespace lockstep::crypto

// Expanded keys for a batch of CBC records, all of them valid until the batch is done.
#pragma once

#include <memory>
#include <span>

#include "crypto/record/expanded_keys.h"

namespace lockstep::crypto {

/// Most CBC records processed together.
constexpr std::size_t kCbcBatch = 64;

class CbcKeys {
 public:
  /// `manager` and `cache` must outlive it.
  CbcKeys(const IMB_MGR& manager, ExpandedKeys& cache);
  CbcKeys(const CbcKeys&) = delete;
  CbcKeys& operator=(const CbcKeys&) = delete;
  /// False when there was no memory.
  bool ready() const { return spare_ != nullptr; }

  /// Starts fetching what `find` will read, for all of `keys` at once.
  void prefetch(std::span<const CbcRecordKeys* const> keys) const;
  /// The expanded form of `keys`, valid until `release`. At most kCbcBatch calls may come before that.
  const CbcKey& find(const CbcRecordKeys& keys);
  /// Ends the batch: wipes what the cache had no room for.
  void release();

 private:
  void expand(const CbcRecordKeys& keys, CbcKey& expanded) const;

  const IMB_MGR& manager_;
  ExpandedKeys& cache_;
  std::unique_ptr<CbcKey[]> spare_;  // for records whose set of the cache is taken by others of the batch
  std::size_t spares_used_ = 0;
  std::uint32_t found_ = 0;
};

}  // namespace lockstep::crypto

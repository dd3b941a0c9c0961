// Memory for secrets that wait: never swapped, never in a core dump, never in a child process.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::crypto::lanes {

/// An anonymous mapping that is locked (mlock), left out of core dumps (MADV_DONTDUMP) and found full of zeros by a
/// child after fork (MADV_WIPEONFORK). Wiped and unmapped when it goes.
class LockedMemory {
 public:
  /// At least `size` bytes of zeros, aligned to a page. Where the kernel refuses any of the promises there is no
  /// memory: `data()` is nullptr.
  explicit LockedMemory(std::size_t size);
  LockedMemory(const LockedMemory&) = delete;
  LockedMemory& operator=(const LockedMemory&) = delete;
  ~LockedMemory();

  void* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lockstep::crypto::lanes

#include "crypto/lanes/locked_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "crypto/base/secret.h"

namespace lockstep::crypto::lanes {

LockedMemory::LockedMemory(std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  size_ = (size + page - 1) / page * page;
  void* const mapped = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return;
  if (mlock(mapped, size_) != 0 || madvise(mapped, size_, MADV_DONTDUMP) != 0 ||
      madvise(mapped, size_, MADV_WIPEONFORK) != 0) {
    munmap(mapped, size_);
    return;
  }
  data_ = mapped;
}

LockedMemory::~LockedMemory() {
  if (data_ == nullptr) return;
  wipe(MutableBytes(static_cast<std::uint8_t*>(data_), size_));
  munmap(data_, size_);
}

}  // namespace lockstep::crypto::lanes

// A fixed number of objects of one type, in memory taken once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace lockstep::tls {

/// Hands out objects by pointer; they stay where they are until released. Not thread-safe.
template <class T>
class Pool {
 public:
  /// The memory is first touched when an object needs it.
  explicit Pool(std::uint32_t capacity) : slots_(new Slot[capacity]), capacity_(capacity) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() = default;

  /// Constructs a T; nullptr when all are in use.
  template <class... Arguments>
  T* make(Arguments&&... arguments) {
    if (free_ == nullptr && fresh_ == capacity_) return nullptr;
    Slot* const slot = free_ != nullptr ? std::exchange(free_, free_->next) : &slots_[fresh_++];
    ++in_use_;
    return ::new (static_cast<void*>(slot->storage)) T(std::forward<Arguments>(arguments)...);
  }
  /// Destroys an object of this pool.
  void release(T* object) {
    object->~T();
    // The storage is the first member of its slot.
    put_back(*std::launder(reinterpret_cast<Slot*>(object)));
    --in_use_;
  }
  std::uint32_t in_use() const { return in_use_; }

 private:
  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];
    Slot* next;
  };
  void put_back(Slot& slot) {
    slot.next = free_;
    free_ = &slot;
  }

  std::unique_ptr<Slot[]> slots_;
  Slot* free_ = nullptr;
  std::uint32_t capacity_;
  std::uint32_t fresh_ = 0;  // slots from here on were never used
  std::uint32_t in_use_ = 0;
};

}  // namespace lockstep::tls

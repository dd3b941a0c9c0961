// A fixed number of objects of one type, found by index and generation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace lockstep {

/// Names an object of a slab; a stale handle never finds the slot's next tenant.
struct Handle {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;  // 0: names nothing
  bool operator==(const Handle&) const = default;
  explicit operator bool() const { return generation != 0; }
};

/// Objects of `T` in memory taken once at construction. Not thread-safe.
template <class T>
class Slab {
 public:
  explicit Slab(std::uint32_t capacity) : slots_(new Slot[capacity]), capacity_(capacity) {
    for (std::uint32_t i = 0; i < capacity; ++i) slots_[i].next_free = i + 1;
  }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (std::uint32_t i = 0; i < capacity_; ++i)
      if (slots_[i].used) object(slots_[i])->~T();
  }

  /// Constructs a T; a null handle when the slab is full.
  template <class... Arguments>
  Handle make(Arguments&&... arguments) {
    if (free_ == capacity_) return {};
    Slot& slot = slots_[free_];
    const Handle handle{free_, slot.generation};
    free_ = slot.next_free;
    ::new (static_cast<void*>(slot.storage)) T(std::forward<Arguments>(arguments)...);
    slot.used = true;
    ++size_;
    return handle;
  }
  /// The object, or nullptr when the handle is stale.
  T* find(Handle handle) {
    if (handle.index >= capacity_) return nullptr;
    Slot& slot = slots_[handle.index];
    return slot.used && slot.generation == handle.generation ? object(slot) : nullptr;
  }
  /// Destroys the object; its handle becomes stale.
  void erase(Handle handle) {
    T* const found = find(handle);
    if (found == nullptr) return;
    found->~T();
    Slot& slot = slots_[handle.index];
    slot.used = false;
    if (++slot.generation == 0) slot.generation = 1;
    slot.next_free = free_;
    free_ = handle.index;
    --size_;
  }
  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return capacity_; }
  /// Calls f(handle, object) for each live object; f may erase that object.
  template <class F>
  void for_each(F&& f) {
    for (std::uint32_t i = 0; i < capacity_; ++i)
      if (slots_[i].used) f(Handle{i, slots_[i].generation}, *object(slots_[i]));
  }

 private:
  struct Slot {
    alignas(T) unsigned char storage[sizeof(T)];
    std::uint32_t generation = 1;
    std::uint32_t next_free = 0;
    bool used = false;
  };
  static T* object(Slot& slot) { return std::launder(reinterpret_cast<T*>(slot.storage)); }

  std::unique_ptr<Slot[]> slots_;
  std::uint32_t capacity_;
  std::uint32_t free_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace lockstep

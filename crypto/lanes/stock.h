// A bounded stock of secrets made ahead, each to be used once.
#pragma once

#include <type_traits>

#include "crypto/base/secret.h"
#include "crypto/base/time.h"
#include "crypto/lanes/locked_memory.h"

namespace lockstep::crypto::lanes {

/// A ring of `T`, plain data, in locked memory. An item is wiped here before whoever took it can use it. The count lies
/// in that memory too, so that a child process finds nothing.
template <class T>
class Stock {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Room for `capacity` items; none at all where the kernel gives no locked memory.
  explicit Stock(std::size_t capacity) : memory_(sizeof(Shelf) + capacity * sizeof(Item)) {
    if (capacity != 0 && memory_.data() != nullptr) capacity_ = capacity;
  }

  std::size_t size() const { return capacity_ == 0 ? 0 : shelf().count; }
  std::size_t room() const { return capacity_ - size(); }

  /// Moves the oldest item to `out`; false when there is none.
  bool take(T& out) {
    if (size() == 0) return false;
    out = items()[shelf().oldest].value;
    remove_oldest();
    return true;
  }
  /// Keeps a copy of `value`; false when there is no room.
  bool add(const T& value, Instant now) {
    if (room() == 0) return false;
    Shelf& ring = shelf();
    items()[(ring.oldest + ring.count) % capacity_] = {value, now};
    ++ring.count;
    return true;
  }
  /// Wipes what was made before `limit`; returns how many.
  std::size_t expire(Instant limit) {
    std::size_t expired = 0;
    for (; size() != 0 && items()[shelf().oldest].made < limit; ++expired) remove_oldest();
    return expired;
  }
  /// Wipes all; returns how many.
  std::size_t drop() {
    std::size_t dropped = 0;
    for (; size() != 0; ++dropped) remove_oldest();
    return dropped;
  }

 private:
  struct Item {
    T value;
    Instant made;
  };
  struct alignas(64) Shelf {
    std::size_t oldest;
    std::size_t count;
  };

  Shelf& shelf() const { return *static_cast<Shelf*>(memory_.data()); }
  Item* items() const { return reinterpret_cast<Item*>(static_cast<std::uint8_t*>(memory_.data()) + sizeof(Shelf)); }
  void remove_oldest() {
    Shelf& ring = shelf();
    wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(&items()[ring.oldest]), sizeof(Item)));
    ring.oldest = (ring.oldest + 1) % capacity_;
    --ring.count;
  }

  LockedMemory memory_;
  std::size_t capacity_ = 0;
};

}  // namespace lockstep::crypto::lanes

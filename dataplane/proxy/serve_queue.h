// Connections that want to be served, each at most once, in the order they asked.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/base/slab.h"

namespace lockstep::proxy {

/// A first-in first-out queue of handles of one slab. It never fills: it has a place for each slot, and a slot's new
/// tenant takes over the place of the one before.
class ServeQueue {
 public:
  explicit ServeQueue(std::uint32_t capacity) : ring_(capacity), generations_(capacity) {}

  /// Queues `handle` unless it is queued already.
  void push(Handle handle) {
    const bool queued = generations_[handle.index] != 0;
    generations_[handle.index] = handle.generation;
    if (queued) return;
    ring_[(head_ + size_) % ring_.size()] = handle.index;
    ++size_;
  }
  /// The longest waiting handle, which may have become stale; nullopt when the queue is empty.
  std::optional<Handle> pop() {
    if (size_ == 0) return std::nullopt;
    const std::uint32_t index = ring_[head_];
    head_ = (head_ + 1) % ring_.size();
    --size_;
    const Handle handle{index, generations_[index]};
    generations_[index] = 0;
    return handle;
  }
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

 private:
  std::vector<std::uint32_t> ring_;         // slot indices
  std::vector<std::uint32_t> generations_;  // by slot; 0: not queued
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace lockstep::proxy

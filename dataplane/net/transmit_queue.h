// Frames that wait for a port, as one contiguous row.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

#include "dataplane/base/mbuf.h"

namespace lockstep::net {

/// A bounded queue that owns its frames. Twice the capacity is reserved, so that moving the row to the front costs O(1)
/// per frame.
class TransmitQueue {
 public:
  explicit TransmitQueue(std::size_t capacity) : slots_(2 * capacity), capacity_(capacity) {}
  TransmitQueue(const TransmitQueue&) = delete;
  TransmitQueue& operator=(const TransmitQueue&) = delete;
  ~TransmitQueue() {
    for (rte_mbuf* frame : waiting()) rte_pktmbuf_free(frame);
  }

  /// False, and the frame is freed, when the queue is full.
  bool push(MbufPtr frame) {
    if (last_ - first_ == capacity_) return false;
    if (last_ == slots_.size()) {
      std::copy(slots_.begin() + static_cast<std::ptrdiff_t>(first_), slots_.end(), slots_.begin());
      last_ -= first_;
      first_ = 0;
    }
    slots_[last_++] = frame.release();
    return true;
  }
  /// The frames, oldest first.
  std::span<rte_mbuf*> waiting() { return std::span(slots_).subspan(first_, last_ - first_); }
  /// Forgets the first `count` frames, which somebody else owns now.
  void release(std::size_t count) {
    first_ += count;
    if (first_ == last_) first_ = last_ = 0;
  }

 private:
  std::vector<rte_mbuf*> slots_;
  std::size_t capacity_;
  std::size_t first_ = 0;
  std::size_t last_ = 0;
};

}  // namespace lockstep::net

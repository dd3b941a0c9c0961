// The worker's nodes for ranges of sequence numbers, shared by reassembly and scoreboards.
#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/base/mbuf.h"
#include "dataplane/tcp/sequence.h"

namespace lockstep::tcp {

/// A range in an ascending list of disjoint ranges that do not touch. `data` holds the bytes where there are any.
struct RangeNode {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  RangeNode* next = nullptr;
  Chain data;
};

/// A fixed number of nodes, so that ranges of all connections together are bounded.
class RangePool {
 public:
  /// Nodes that one list may have in any case, and while the pool is more than half full of free ones.
  static constexpr std::uint32_t kFewRanges = 64;
  static constexpr std::uint32_t kManyRanges = 512;

  explicit RangePool(std::uint32_t capacity) : nodes_(new RangeNode[capacity]), capacity_(capacity) {
    for (std::uint32_t i = 0; i < capacity; ++i) give(&nodes_[i]);
  }

  /// A node of [start, end) without data for a list that has `count`; nullptr when it may not have more.
  RangeNode* take(std::uint32_t start, std::uint32_t end, RangeNode* next, std::uint32_t count) {
    RangeNode* const node = free_;
    if (node == nullptr || count >= (free_count_ > capacity_ / 2 ? kManyRanges : kFewRanges)) return nullptr;
    free_ = node->next;
    --free_count_;
    node->start = start;
    node->end = end;
    node->next = next;
    return node;
  }
  void give(RangeNode* node) {
    node->data.clear();
    node->next = free_;
    free_ = node;
    ++free_count_;
  }

 private:
  std::unique_ptr<RangeNode[]> nodes_;
  RangeNode* free_ = nullptr;
  std::uint32_t free_count_ = 0;
  std::uint32_t capacity_;
};

}  // namespace lockstep::tcp

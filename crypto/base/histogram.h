// A histogram with one bucket per power of two: one writer, readable from other threads.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace lockstep {

/// Bucket i counts values v with bit_width(v) == i, that is 2^(i-1) <= v < 2^i (bucket 0: v == 0).
class Histogram {
 public:
  static constexpr std::size_t kBuckets = 40;

  /// Counts `value`; to be called by the owner only.
  void record(std::uint64_t value) {
    const std::size_t width = static_cast<std::size_t>(std::bit_width(value));
    add(counts_[width < kBuckets ? width : kBuckets - 1], 1);
    add(sum_, value);
  }
  std::uint64_t bucket(std::size_t index) const { return counts_[index].load(std::memory_order_relaxed); }
  std::uint64_t sum() const { return sum_.load(std::memory_order_relaxed); }
  std::uint64_t count() const {
    std::uint64_t total = 0;
    for (const auto& bucket : counts_) total += bucket.load(std::memory_order_relaxed);
    return total;
  }

 private:
  static void add(std::atomic<std::uint64_t>& word, std::uint64_t n) {
    word.store(word.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::array<std::atomic<std::uint64_t>, kBuckets> counts_{};
  std::atomic<std::uint64_t> sum_{0};
};

}  // namespace lockstep

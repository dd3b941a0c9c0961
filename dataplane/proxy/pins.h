// Which configuration epochs are still referred to.
#pragma once

#include <cstdint>
#include <deque>

namespace lockstep::proxy {

/// Counts references by epoch. The current epoch is always held; `begin` may allocate, nothing else does.
class Pins {
 public:
  /// Makes `epoch` the current one; epochs grow.
  void begin(std::uint64_t epoch) {
    entries_.push_back({epoch, 0});
    forget_unused();
  }
  /// Takes a reference to the current epoch and returns it.
  std::uint64_t take() {
    ++entries_.back().count;
    return entries_.back().epoch;
  }
  /// Takes another reference to an epoch that is referred to.
  void share(std::uint64_t epoch) {
    for (Entry& entry : entries_)
      if (entry.epoch == epoch) ++entry.count;
  }
  /// Gives back a reference taken before.
  void drop(std::uint64_t epoch) {
    for (Entry& entry : entries_)
      if (entry.epoch == epoch) --entry.count;
    forget_unused();
  }
  /// The oldest epoch with a reference, or the current one; 0 before the first.
  std::uint64_t oldest() const { return entries_.empty() ? 0 : entries_.front().epoch; }

 private:
  struct Entry {
    std::uint64_t epoch;
    std::uint32_t count;
  };
  void forget_unused() {
    while (entries_.size() > 1 && entries_.front().count == 0) entries_.pop_front();
  }
  std::deque<Entry> entries_;  // by epoch; few: control refuses a reload while many old epochs live
};

}  // namespace lockstep::proxy

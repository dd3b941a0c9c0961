// Who still uses which snapshot: publishes new ones, frees old ones when the last worker has let go.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/proxy/snapshot.h"

namespace lockstep::snapshot {

/// A worker as the store sees it.
struct Subscriber {
  /// Hands over a snapshot; false when the mailbox is full.
  std::function<bool(const proxy::Snapshot&)> post;
  /// The oldest epoch the worker still uses; 0 before its first snapshot.
  std::function<std::uint64_t()> oldest_pinned;
};

/// Owns all snapshots that live. Used by one thread.
class Store {
 public:
  /// Old snapshots that may live beside the current one: a worker that never lets go stops reloads, not the service.
  static constexpr std::size_t kMaxOld = 4;

  explicit Store(std::vector<Subscriber> subscribers);

  /// The epoch that the next snapshot has to carry.
  std::uint64_t next_epoch() const { return last_epoch_ + 1; }
  /// An empty string, or why a snapshot that is published now would be refused. Keeps this class's other promises:
  /// frees what no worker uses any more.
  std::string refusal();
  /// Makes `snapshot` current and sends it to all workers. An empty string, or why it is refused; then nothing changes.
  std::string publish(std::unique_ptr<proxy::Snapshot> snapshot);
  /// Sends to workers whose mailbox was full, and frees what no worker uses any more. To be called regularly.
  void maintain();

  /// nullptr before the first.
  const proxy::Snapshot* current() const { return live_.empty() ? nullptr : live_.back().get(); }
  /// Snapshots that live beside the current one.
  std::size_t old() const { return live_.empty() ? 0 : live_.size() - 1; }
  /// All workers have been sent the current snapshot.
  bool delivered() const;

 private:
  std::vector<Subscriber> subscribers_;
  std::vector<std::uint64_t> sent_;                     // epoch last posted, per subscriber
  std::vector<std::unique_ptr<proxy::Snapshot>> live_;  // oldest first
  std::uint64_t last_epoch_ = 0;
};

}  // namespace lockstep::snapshot

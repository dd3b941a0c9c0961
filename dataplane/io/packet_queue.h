// Where a worker gets its frames and puts them: a port's queue, a ring from another worker, or a simulated network.
#pragma once

#include <cstddef>
#include <span>

#include "dataplane/base/mbuf.h"

namespace lockstep::io {

/// One worker's end of one port. Used by that worker only.
class PacketQueue {
 public:
  virtual ~PacketQueue() = default;
  /// Fills `out` with frames (ownership passes) and returns how many.
  virtual std::size_t receive(std::span<rte_mbuf*> out) = 0;
  /// Takes over the first n frames and returns n; the rest stays the caller's.
  virtual std::size_t transmit(std::span<rte_mbuf*> frames) = 0;
  /// Hands over what transmit still gathers (rings between workers); end of a turn.
  virtual void flush() {}
  /// Whether the last receive or flush moved frames on behalf of other workers: a turn that did is not an idle one.
  virtual bool served_others() const { return false; }
  /// Whether frames of other workers wait that the port did not take: they have to be offered again soon.
  virtual bool backlog() const { return false; }

  /// For a worker about to sleep: the descriptors (at most two) that become readable when there is something for
  /// `receive` or `flush`. Writes them to `out` and returns how many; 0 when the queue has to be polled.
  virtual std::size_t wait_descriptors(std::span<int> out) const {
    (void)out;
    return 0;
  }
  /// The worker is going to wait on them; false when there is something already and it must not.
  virtual bool prepare_wait() { return true; }
  /// It is awake again. Follows every prepare_wait, whatever that returned.
  virtual void finish_wait() {}
};

/// Most descriptors a queue gives to wait_descriptors.
constexpr std::size_t kWaitDescriptors = 2;

}  // namespace lockstep::io

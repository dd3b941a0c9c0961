// What the peer has selectively acknowledged (RFC 2018, RFC 6675 section 4).
#pragma once

#include <cstdint>

#include "dataplane/tcp/range_pool.h"
#include "dataplane/tcp/sequence.h"

namespace lockstep::tcp {

/// The SACKed ranges above SND.UNA. Bounded: a range that finds no node is forgotten, which costs at most a needless
/// retransmission.
class Scoreboard {
 public:
  /// Segments that must have arrived above a hole before it counts as lost (RFC 6675 section 2, DupThresh).
  static constexpr std::uint32_t kDuplicateThreshold = 3;

  bool empty() const { return head_ == nullptr; }
  /// SACKed bytes.
  std::uint32_t bytes() const { return bytes_; }

  /// Notes that the peer holds `block`, which the caller has checked to lie within SND.UNA and SND.NXT. Returns the
  /// bytes that were not known before.
  std::uint32_t add(SequenceRange block, RangePool& pool);
  /// Forgets what lies below `una`.
  void acknowledge(std::uint32_t una, RangePool& pool);
  void clear(RangePool& pool);

  /// As much as three duplicate ACKs tell (RFC 8985 section 6.2, step 4).
  bool many(std::uint32_t mss) const {
    return count_ >= kDuplicateThreshold || bytes_ > (kDuplicateThreshold - 1) * mss;
  }

  /// Everything not SACKed below this number is lost (RFC 6675 section 4, IsLost); `una` when nothing is.
  std::uint32_t lost_edge(std::uint32_t una, std::uint32_t mss) const;
  /// SACKed bytes within `range`.
  std::uint32_t sacked(SequenceRange range) const;
  /// The first part of `range` that is not SACKed; empty when there is none.
  SequenceRange hole(SequenceRange range) const;

 private:
  RangeNode* head_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t bytes_ = 0;
};

}  // namespace lockstep::tcp

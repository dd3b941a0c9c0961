// Segments that arrived before the bytes in front of them (RFC 9293 section 3.10.7.4, seventh; RFC 2018 section 4).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/base/mbuf.h"
#include "dataplane/tcp/header.h"
#include "dataplane/tcp/range_pool.h"

namespace lockstep::tcp {

/// The out-of-order bytes of one connection. Where segments overlap with different bytes, those which came first
/// stay, whatever the order: the stream has one reading. Bounded in ranges by the pool, in memory by the caller.
class Reassembly {
 public:
  enum class Outcome : std::uint8_t {
    kept,       // some bytes were new
    duplicate,  // all bytes were here already
    full,       // no range or buffer is left: some bytes were dropped
  };

  bool empty() const { return head_ == nullptr; }
  /// Buffer memory held, bytes.
  std::uint32_t memory() const { return memory_; }
  std::uint32_t ranges() const { return count_; }

  /// Keeps `data`, whose first byte is `sequence`. `duplicate` becomes the first part that was here already, for D-SACK
  /// (RFC 2883), or empty.
  Outcome insert(std::uint32_t sequence, Chain&& data, RangePool& pool, MbufPools& mbufs, SequenceRange& duplicate);

  /// Appends to `out` the bytes of `data`, which start at `next`, together with all kept bytes that follow without a
  /// gap. Returns the sequence number after the last byte appended.
  std::uint32_t deliver(std::uint32_t next, Chain&& data, Chain& out, RangePool& pool, MbufPools& mbufs);

  /// Fills `blocks` with SACK blocks, the one with the newest segment first (RFC 2018 section 4); returns how many.
  std::size_t sack_blocks(std::span<SequenceRange> blocks) const;

  void clear(RangePool& pool);

 private:
  RangeNode* place(RangeNode* previous, RangeNode* next, std::uint32_t sequence, Chain&& data, RangePool& pool);
  void remember(std::uint32_t sequence);
  const RangeNode* containing(std::uint32_t sequence) const;
  std::uint32_t pop_front(std::uint32_t next, Chain& out, RangePool& pool);

  RangeNode* head_ = nullptr;
  std::uint32_t count_ = 0;
  std::uint32_t memory_ = 0;
  std::array<std::uint32_t, kMaximumSackBlocks> recent_{};  // a sequence number of each of the newest ranges
  std::uint8_t recent_count_ = 0;
};

}  // namespace lockstep::tcp

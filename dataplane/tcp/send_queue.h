// The bytes of one connection from SND.UNA on: unacknowledged, then unsent. Segments share them, nothing is copied but
// small payloads.
#pragma once

#include <cstdint>

#include "dataplane/base/mbuf.h"
#include "dataplane/tcp/sequence.h"

namespace lockstep::tcp {

class SendQueue {
 public:
  /// Remembers the piece where the last segment was cut, so that sending from a long queue does not walk it each time.
  struct Cursor {
    rte_mbuf* piece = nullptr;
    std::uint32_t start = 0;  // sequence number of the piece's first byte
  };

  /// `sequence` is the number of the first byte to be appended; the queue is empty.
  void start(std::uint32_t sequence) { start_ = sequence; }
  /// Sequence number of the first byte held.
  std::uint32_t start() const { return start_; }
  /// Sequence number after the last byte.
  std::uint32_t end() const { return start_ + chain_.size(); }
  std::uint32_t size() const { return chain_.size(); }
  std::uint32_t memory() const { return chain_.memory(); }

  void append(Chain&& data) { chain_.append(std::move(data)); }
  /// Drops bytes below `sequence`, which is not beyond end().
  void acknowledge(std::uint32_t sequence);
  void clear();

  /// Appends up to `length` bytes from `sequence` on to the header in `segment` (a single piece). Returns how many:
  /// fewer when they lie in too many pieces, 0 when nothing could be attached.
  std::uint32_t attach(std::uint32_t sequence, std::uint32_t length, bool retransmission, rte_mbuf& segment,
                       MbufPools& pools);

 private:
  void seek(Cursor& cursor, std::uint32_t sequence) const;

  Chain chain_;
  std::uint32_t start_ = 0;
  Cursor first_;  // of new data
  Cursor again_;  // of retransmissions
};

}  // namespace lockstep::tcp

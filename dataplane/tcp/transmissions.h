// When what is in flight was sent, and what that says about losses (RFC 8985).
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "crypto/base/time.h"
#include "dataplane/tcp/sequence.h"

namespace lockstep::tcp {

/// Times of transmissions that went out in the order of their sequence numbers, in a few entries. Segments sent within
/// `grain` of each other share one, which errs on the side of patience: they count as lost by the time of the last of
/// them, and as delivered by that of the first.
class TransmitLog {
 public:
  struct Entry {
    std::uint32_t end = 0;  // sequence number after the last byte
    Instant first;
    Instant last;
  };

  void clear() { count_ = 0; }
  /// What lies between the previous end and `end` was sent.
  void add(std::uint32_t end, Instant now, Duration grain);
  /// Forgets what lies below `una`.
  void acknowledge(std::uint32_t una);
  /// The entry of the byte before `end`; nullptr when it is not known.
  const Entry* find(std::uint32_t end) const;

  const Entry* begin() const { return entries_.data(); }
  const Entry* end() const { return entries_.data() + count_; }

 private:
  static constexpr std::size_t kEntries = 8;
  std::array<Entry, kEntries> entries_;
  std::size_t count_ = 0;
};

/// All that is known about a connection's transmissions while something is in flight.
struct Transmissions {
  // First transmissions, and how far they are known to have arrived; the same for retransmissions of this recovery.
  TransmitLog fresh;
  TransmitLog again;
  std::uint32_t fresh_delivered = 0;
  std::uint32_t again_delivered = 0;
  // What arrives late from here on proves reordering; below it may be a retransmission.
  std::uint32_t proof_from = 0;
  // RACK.xmit_ts and RACK.rtt: of the segment sent last of those that arrived.
  Instant delivered_at;
  Duration round_trip;
  // Everything not SACKed below `twice_edge` was lost when it was sent again; below `twice_high` it went out once more,
  // the last of it at `twice_at`.
  std::uint32_t twice_edge = 0;
  std::uint32_t twice_high = 0;
  Instant twice_at;

  Transmissions* next = nullptr;  // in the pool

  /// A recovery begins at `una`: nothing was sent again yet.
  void start_recovery(std::uint32_t una);
  /// The segment of `entry` arrived.
  void delivered(const TransmitLog::Entry& entry, Instant now);
  struct Overdue {
    std::uint32_t edge = 0;           // what lies below is lost unless SACKed
    Instant next = Instant::never();  // when more of it will be, if nothing comes
  };
  /// RFC 8985 section 6.2, step 5: what of `log`, from `from` on, was sent before something that arrived, and
  /// `reordering` longer ago than that takes. `known`: how far the log's segments arrived.
  Overdue overdue(const TransmitLog& log, std::uint32_t from, std::uint32_t known, Duration reordering,
                  Instant now) const;
};

/// A worker's Transmissions: connections borrow one while something is in flight.
class TransmissionsPool {
 public:
  explicit TransmissionsPool(std::uint32_t capacity);
  /// nullptr when all are in use.
  Transmissions* take(std::uint32_t una);
  void give(Transmissions* transmissions);

 private:
  std::unique_ptr<Transmissions[]> all_;
  Transmissions* free_ = nullptr;
};

}  // namespace lockstep::tcp

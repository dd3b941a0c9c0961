// Endless periodic text in shared buffers: bulk answers cost a reference, not a copy.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/mbuf.h"

namespace lockstep::proxy {

/// A periodic sequence of bytes laid out once in a few record buffers, of which any part is lent by reference.
class Pattern {
 public:
  /// Lays out `count` bytes, of which byte i is `byte_at(i)`, a function with period `period`; `count` is a multiple of
  /// the period and at most MbufPools::kRecordRoom. Without buffers in `pools` nothing will ever be lent.
  Pattern(MbufPools& pools, std::uint32_t period, std::uint32_t count, std::uint8_t (*byte_at)(std::uint32_t));

  /// Appends up to `count` bytes, beginning with byte `position` of the sequence, to `out`, as far as one reference
  /// goes. Returns how many; 0 when a pool is empty.
  std::uint32_t append(std::uint64_t position, std::uint32_t count, MbufPools& pools, Chain& out);

 private:
  /// An mbuf counts its references in 16 bits, and TCP refers again to each piece of what is lent here, in segments; so
  /// few references are given out per buffer, and there is more than one buffer.
  static constexpr std::uint16_t kMaxReferences = 2048;
  std::array<MbufPtr, 4> buffers_;
  std::uint32_t period_;
  std::uint32_t count_;
};

/// The body of GET /bytes/N: byte i is 'a' + i % 26.
std::uint8_t letter_at(std::uint32_t i);
constexpr std::uint32_t kLetterPeriod = 26;

/// RFC 864's rotating pattern: lines of 72 of the 95 printing characters, each line begins one character further, CR
/// LF.
std::uint8_t rotating_at(std::uint32_t i);
constexpr std::uint32_t kRotatingLine = 74;
constexpr std::uint32_t kRotatingPeriod = 95 * kRotatingLine;

/// The patterns of one worker.
struct Patterns {
  explicit Patterns(MbufPools& pools);
  Pattern letters;
  Pattern rotating;
};

}  // namespace lockstep::proxy

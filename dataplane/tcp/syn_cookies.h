// SYN cookies: the answer to a SYN carries all that has to be remembered of it (RFC 4987 section 3.6).
#pragma once

#include <array>
#include <optional>

#include "crypto/base/time.h"
#include "dataplane/base/flow_hash.h"
#include "dataplane/tcp/header.h"

namespace lockstep::tcp {

/// Makes the initial sequence numbers of answers that leave no state behind, and knows them again. A number is 28 bits
/// of a keyed hash over flow, the peer's initial number and the options, one bit for the key, and three for the MSS;
/// the other options are in the lowest six bits of the timestamp, so that a peer without timestamps has none of them.
/// Each key serves for kPeriod and is believed for as long again. Constant time and memory.
class SynCookies {
 public:
  static constexpr Duration kPeriod = seconds(32);
  static constexpr std::uint32_t kStampMask = 0x3f;

  explicit SynCookies(Random& random);

  /// The initial sequence number to answer `syn` with.
  std::uint32_t make(const FlowTuple& flow, const Header& syn, Instant now);
  /// The timestamp to answer `syn` with: at most 127 ms behind `clock`, never ahead of it.
  static std::uint32_t stamp(std::uint32_t clock, const Header& syn);

  /// Whether a number made lately may come back. While none was made, no segment is looked at.
  bool expected(Instant now) const;
  /// The SYN that `segment`, the first one of a connection, tells of: sequence number and options, the MSS rounded
  /// down. nullopt when its acknowledgment is of no number made for this flow in the last two periods.
  std::optional<Header> take(const FlowTuple& flow, const Header& segment, Instant now) const;

 private:
  struct Key {
    FlowHash hash;
    std::uint64_t period = 0;  // which one it serves for; 0: none
  };
  static std::uint64_t period(Instant now);

  Random& random_;
  std::array<Key, 2> keys_;  // by the lowest bit of their period
};

}  // namespace lockstep::tcp

// How much each source has of something, in bounded memory.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/base/flow_hash.h"

namespace lockstep::tcp {

/// Counts by source: an IPv4 address, or the /64 that an IPv6 address lies in, since a host may have as many of those
/// as it likes. Sources that meet in a counter, which nobody outside can bring about, share it.
class SourceCounts {
 public:
  explicit SourceCounts(Random& random) : hash_(random) {}

  std::uint32_t of(const IpAddress& source) const { return counts_[slot(source)]; }
  void add(const IpAddress& source) { ++counts_[slot(source)]; }
  void subtract(const IpAddress& source) { --counts_[slot(source)]; }

 private:
  static constexpr std::size_t kCounters = 4096;

  std::size_t slot(const IpAddress& source) const {
    std::array<std::uint8_t, 16> prefix = source.bytes();
    if (!source.is_v4())
      for (std::size_t i = 8; i < prefix.size(); ++i) prefix[i] = 0;
    return hash_(SocketAddress{IpAddress::v6(prefix), 0}, SocketAddress{}) % kCounters;
  }

  FlowHash hash_;
  std::array<std::uint32_t, kCounters> counts_{};
};

}  // namespace lockstep::tcp

// What routers said about the MTU of paths (RFC 1191 section 6.3, RFC 8201 section 5.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "crypto/base/time.h"
#include "dataplane/base/flow_hash.h"

namespace lockstep::tcp {

/// Remembers a fixed number of destinations for ten minutes each; of those that meet in a place, which nobody outside
/// can bring about, the newest stays.
class PathMtus {
 public:
  static constexpr Duration kLifetime = seconds(600);

  explicit PathMtus(Random& random) : hash_(random) {}

  /// Datagrams to `destination` may have `mtu` bytes, until kLifetime from now.
  void learn(const IpAddress& destination, std::uint16_t mtu, Instant now) {
    entries_[slot(destination)] = {destination, mtu, now + kLifetime};
  }
  /// nullopt when nothing is known.
  std::optional<std::uint16_t> find(const IpAddress& destination, Instant now) const {
    const Entry& entry = entries_[slot(destination)];
    return entry.destination == destination && now < entry.until ? std::optional(entry.mtu) : std::nullopt;
  }

 private:
  static constexpr std::size_t kEntries = 1024;
  struct Entry {
    IpAddress destination;
    std::uint16_t mtu = 0;
    Instant until;
  };
  std::size_t slot(const IpAddress& destination) const {
    return hash_(SocketAddress{destination, 0}, SocketAddress{}) % kEntries;
  }

  FlowHash hash_;
  std::array<Entry, kEntries> entries_;
};

}  // namespace lockstep::tcp

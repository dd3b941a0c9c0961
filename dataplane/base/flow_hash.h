// A keyed hash of a flow, the same for both directions: which worker a connection belongs to.
#pragma once

#include <cstdint>

#include "crypto/base/random.h"
#include "dataplane/base/address.h"

namespace lockstep {

/// SipHash-1-3 (Aumasson and Bernstein, 2012) over the two endpoints, the smaller first. The key is random for each
/// run, so that nobody outside can choose addresses and ports that all meet on one core. All cores share one FlowHash.
class FlowHash {
 public:
  explicit FlowHash(Random& random) : key_{random.u64(), random.u64()} {}

  /// The hash of a packet between `a` and `b`, in whichever direction it goes.
  std::uint64_t operator()(const SocketAddress& a, const SocketAddress& b) const;
  std::uint64_t operator()(const FlowTuple& flow) const { return (*this)(flow.local, flow.remote); }
  /// The hash of a flow and 8 bytes of data: an authenticator of both for whoever has the key.
  std::uint64_t operator()(const FlowTuple& flow, std::uint64_t data) const;

 private:
  std::uint64_t key_[2];
};

/// Maps a hash evenly to [0, count) without a division (Lemire, 2019); count must not be 0.
inline std::uint32_t share_of(std::uint64_t hash, std::uint32_t count) {
  return static_cast<std::uint32_t>((hash >> 32U) * count >> 32U);
}

}  // namespace lockstep

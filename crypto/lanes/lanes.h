// What the kernels' contracts share. A kernel does the same operation in eight lanes at once; its inputs and outputs
// are plain arrays, lane by lane, and no lane disturbs another whatever is in it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::crypto::lanes {

constexpr std::size_t kLanes = 8;

/// A condition per lane: bit i for lane i.
using LaneMask = std::uint8_t;
constexpr LaneMask kAllLanes = 0xff;

/// Whether this processor (and its operating system) can run the `ifma` instances: AVX512F, DQ, BW, VL and IFMA.
bool ifma_available();

}  // namespace lockstep::crypto::lanes

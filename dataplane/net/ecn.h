// What routers may say about congestion in the IP header (RFC 3168 section 5).
#pragma once

#include <cstdint>

namespace lockstep::net {

/// The ECN field: the two lowest bits of the traffic class.
enum class Ecn : std::uint8_t {
  not_capable = 0,  // Not-ECT
  capable_1 = 1,    // ECT(1)
  capable = 2,      // ECT(0)
  congestion = 3,   // CE
};
constexpr std::uint8_t kEcnMask = 3;

}  // namespace lockstep::net

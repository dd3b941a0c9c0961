// The live line of the demo.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/api/view.h"

namespace lockstep::service {

/// Sums that the line is made from.
struct LiveTotals {
  std::uint64_t connections = 0;
  std::uint64_t accepted = 0;
  std::uint64_t handshakes = 0;
  std::uint64_t failed = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t busy_ns = 0;
};
LiveTotals live_totals(const std::vector<api::WorkerView>& workers);

/// One line about the `seconds` between two moments.
std::string live_line(const LiveTotals& before, const LiveTotals& now, double seconds);

}  // namespace lockstep::service

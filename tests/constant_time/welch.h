// Welch's t-test on cycle counts, cropped at percentiles of both classes together (Reparaz, Balasch, Verbauwhede: "Dude, is my
// code constant time?", section 3): the tail of a distribution belongs to interrupts and other programs.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace lockstep::constant_time {

using Samples = std::vector<double>;

/// What is kept of the samples, the fastest share.
constexpr std::array<double, 8> kCrops = {0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.995, 1.0};

struct Comparison {
  double t = 0;            // Welch's statistic, positive if the first class is slower
  double difference = 0;   // of the means, in cycles
  double error = 0;        // its standard error
  double crop = 1;         // the share that was kept
};

/// The statistic over the samples of each class that are at most `limit`; zeros if either has fewer than ten.
inline Comparison welch(const Samples& a, const Samples& b, double limit) {
  const auto moments = [limit](const Samples& samples) {
    double count = 0;
    double mean = 0;
    double squares = 0;
    for (const double sample : samples) {
      if (sample > limit) continue;
      count += 1;
      const double step = sample - mean;
      mean += step / count;
      squares += step * (sample - mean);
    }
    return std::array<double, 3>{count, mean, count > 1 ? squares / (count - 1) : 0};
  };
  const auto [count_a, mean_a, variance_a] = moments(a);
  const auto [count_b, mean_b, variance_b] = moments(b);
  if (count_a < 10 || count_b < 10) return {};
  Comparison result;
  result.difference = mean_a - mean_b;
  // Counters have steps: classes of one value each differ by something or by nothing.
  result.error = std::max(std::sqrt(variance_a / count_a + variance_b / count_b), 1e-3);
  result.t = result.difference / result.error;
  return result;
}

/// The limits at kCrops of both classes together.
inline std::array<double, kCrops.size()> crop_limits(const Samples& a, const Samples& b) {
  Samples all(a);
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  std::array<double, kCrops.size()> limits{};
  for (std::size_t i = 0; i < kCrops.size(); ++i)
    limits[i] = all[std::min(all.size() - 1, static_cast<std::size_t>(kCrops[i] * static_cast<double>(all.size())))];
  return limits;
}

/// The comparison at the crop at which |t| is greatest.
inline Comparison compare(const Samples& a, const Samples& b) {
  const auto limits = crop_limits(a, b);
  Comparison greatest;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    Comparison here = welch(a, b, limits[i]);
    here.crop = kCrops[i];
    if (std::fabs(here.t) >= std::fabs(greatest.t)) greatest = here;
  }
  return greatest;
}

/// The smallest standard error of all crops: what an effect has to stand out from.
inline double smallest_error(const Samples& a, const Samples& b) {
  double smallest = 0;
  for (const double limit : crop_limits(a, b)) {
    const double error = welch(a, b, limit).error;
    if (error > 0 && (smallest == 0 || error < smallest)) smallest = error;
  }
  return smallest;
}

}  // namespace lockstep::constant_time

// A t-test on cycle counts whose slowest samples are left out: the tail of a distribution belongs to interrupts and
// other programs. As in Reparaz, Balasch, Verbauwhede: "Dude, is my code constant time?" (2017), but each class is
// cropped at its own percentile, with Yuen's standard error (K. Yuen: "The two-sample trimmed t for unequal population
// variances", Biometrika 61, 1974): at a common limit, a class that is slower by more than its spread would keep its
// strays only, and look faster.
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
  double t = 0;           // the statistic, positive if the first class is slower
  double difference = 0;  // of the cropped means, in cycles
  double error = 0;       // its standard error
};

struct Cropped {
  double mean = 0;
  double squared_error = 0;
};

/// Mean of the lowest `share` of `sorted`, and its squared error by the variance of what is left when the others are
/// put at the limit (winsorized).
inline Cropped crop(const Samples& sorted, double share) {
  const auto count = static_cast<double>(sorted.size());
  const double kept = std::floor(share * count);
  const double limit = sorted[static_cast<std::size_t>(kept) - 1];
  double sum = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(kept); ++i) sum += sorted[i];
  const double winsorized_mean = (sum + (count - kept) * limit) / count;
  double squares = (count - kept) * (limit - winsorized_mean) * (limit - winsorized_mean);
  for (std::size_t i = 0; i < static_cast<std::size_t>(kept); ++i)
    squares += (sorted[i] - winsorized_mean) * (sorted[i] - winsorized_mean);
  return {sum / kept, squares / (kept * (kept - 1))};
}

/// The comparisons at all of kCrops; both classes have ten samples or more.
inline std::array<Comparison, kCrops.size()> compare_all(Samples a, Samples b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  std::array<Comparison, kCrops.size()> all{};
  for (std::size_t i = 0; i < kCrops.size(); ++i) {
    const Cropped first = crop(a, kCrops[i]);
    const Cropped second = crop(b, kCrops[i]);
    Comparison& here = all[i];
    here.difference = first.mean - second.mean;
    // Counters have steps: classes of one value each have an error all the same.
    here.error = std::max(std::sqrt(first.squared_error + second.squared_error), 1e-3);
    here.t = here.difference / here.error;
  }
  return all;
}

/// The comparison at the crop at which |t| is greatest.
inline Comparison compare(const Samples& a, const Samples& b) {
  const auto all = compare_all(a, b);
  return *std::max_element(all.begin(), all.end(),
                           [](const Comparison& x, const Comparison& y) { return std::fabs(x.t) < std::fabs(y.t); });
}

/// The smallest standard error of all crops: what an effect has to stand out from.
inline double smallest_error(const Samples& a, const Samples& b) {
  const auto all = compare_all(a, b);
  return std::min_element(all.begin(), all.end(),
                          [](const Comparison& x, const Comparison& y) { return x.error < y.error; })
      ->error;
}

}  // namespace lockstep::constant_time

// Time as a value. Nothing below `worker` reads a clock: the current instant is an argument.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace lockstep {

/// A span of time in nanoseconds; may be negative.
struct Duration {
  std::int64_t ns = 0;
  auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration other) const { return {ns + other.ns}; }
  constexpr Duration operator-(Duration other) const { return {ns - other.ns}; }
  constexpr Duration operator*(std::int64_t factor) const { return {ns * factor}; }
  constexpr Duration operator/(std::int64_t divisor) const { return {ns / divisor}; }
  constexpr std::int64_t milliseconds() const { return ns / 1'000'000; }
};
constexpr Duration nanoseconds(std::int64_t n) {
  return {n};
}
constexpr Duration microseconds(std::int64_t n) {
  return {n * 1'000};
}
constexpr Duration milliseconds(std::int64_t n) {
  return {n * 1'000'000};
}
constexpr Duration seconds(std::int64_t n) {
  return {n * 1'000'000'000};
}
constexpr Duration hours(std::int64_t n) {
  return seconds(n * 3600);
}

/// A point on the monotonic clock, in nanoseconds since the clock's own start.
struct Instant {
  std::int64_t ns = 0;
  auto operator<=>(const Instant&) const = default;
  constexpr Instant operator+(Duration d) const { return {ns + d.ns}; }
  constexpr Instant operator-(Duration d) const { return {ns - d.ns}; }
  constexpr Duration operator-(Instant other) const { return {ns - other.ns}; }
  /// Later than every real instant: "no deadline".
  static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }
};

}  // namespace lockstep

// Sequence numbers compare modulo 2^32 (RFC 9293 section 3.4).
#pragma once

#include <cstdint>

namespace lockstep::tcp {

/// True when `a` comes before `b`.
constexpr bool before(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::int32_t>(a - b) < 0;
}
/// True when `a` comes after `b`.
constexpr bool after(std::uint32_t a, std::uint32_t b) {
  return before(b, a);
}
constexpr std::uint32_t earlier(std::uint32_t a, std::uint32_t b) {
  return before(a, b) ? a : b;
}
constexpr std::uint32_t later(std::uint32_t a, std::uint32_t b) {
  return after(a, b) ? a : b;
}

/// Sequence numbers from `start` up to, not including, `end`.
struct SequenceRange {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  bool empty() const { return start == end; }
  bool operator==(const SequenceRange&) const = default;
};

}  // namespace lockstep::tcp

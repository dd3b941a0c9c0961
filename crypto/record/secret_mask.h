// Masks from comparisons of secrets: all ones for true, all zeros for false, without a branch.
#pragma once

#include <cstdint>

namespace lockstep::crypto {

/// `value`, of which the compiler knows nothing from here on, so that it cannot make a branch of what follows.
inline std::uint64_t opaque(std::uint64_t value) {
  asm volatile("" : "+r"(value));
  return value;
}
/// All ones when a < b; both under 2^63.
inline std::uint64_t mask_less(std::uint64_t a, std::uint64_t b) {
  return opaque(std::uint64_t{0} - ((a - b) >> 63U));
}
/// All ones when a == b.
inline std::uint64_t mask_equal(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t difference = a ^ b;
  return opaque(((difference | (std::uint64_t{0} - difference)) >> 63U) - 1);
}
/// `a` where the mask has ones, else `b`.
inline std::uint64_t select(std::uint64_t mask, std::uint64_t a, std::uint64_t b) {
  return b ^ (mask & (a ^ b));
}

}  // namespace lockstep::crypto

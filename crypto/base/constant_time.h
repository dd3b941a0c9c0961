// Comparisons and selections whose time does not depend on the data.
#pragma once

#include "crypto/base/bytes.h"

namespace lockstep {

/// True when both views have the same length and content; time depends on the lengths only.
inline bool equal_constant_time(Bytes a, Bytes b) {
  if (a.size() != b.size()) return false;
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<std::uint8_t>(a[i] ^ b[i]);
  asm volatile("" : "+r"(difference));
  return difference == 0;
}

}  // namespace lockstep

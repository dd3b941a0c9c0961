#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes {

bool ifma_available() {
  // gcc's and clang's test includes that the operating system saves the registers (XCR0).
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512ifma") && __builtin_cpu_supports("bmi2");
}

}  // namespace lockstep::crypto::lanes

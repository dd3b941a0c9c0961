// The instruction classes whose shadow the self-test examines, as functions from three vectors to one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::constant_time {

constexpr std::size_t kOperandBytes = 3 * 64;
constexpr std::size_t kResultBytes = 64;

struct Operation {
  const char* name;
  void (*run)(const std::uint8_t* operands, std::uint8_t* result);
};

/// Ends with a null name. `spread` went through taint_ir.py, `plain` is MemorySanitizer alone.
extern const Operation kSpreadOperations[];
extern const Operation kPlainOperations[];

}  // namespace lockstep::constant_time

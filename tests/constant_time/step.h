// A step of a worker that decides by a secret, as the timing test sees it: inputs that differ in what an attacker may
// not learn, and one call.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "tests/constant_time/subject.h"

namespace lockstep::constant_time {

/// One sort of input.
struct Variant {
  const char* name;
  /// The variant it may not be told from by time: an earlier one, or itself.
  std::size_t reference = 0;
};

/// What careless code would add, and the two variants it tells apart.
struct PlantedLeak {
  const char* name;
  std::size_t slower;
  std::size_t faster;
};

/// The step itself is the product's own code; the leak lives here only.
class Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;

  virtual const char* name() const = 0;
  virtual std::span<const Variant> variants() const = 0;
  virtual PlantedLeak planted() const = 0;
  /// Puts an input of the variant, chosen by `number`, where `run` reads it: in the same way for all.
  virtual void prepare(std::size_t variant, std::uint64_t number) = 0;
  /// The step, timed.
  virtual void run() = 0;
  /// The planted leak, on the same input, timed behind `run`.
  virtual void leak() = 0;
  /// Whether the step ended as it has to for the variant; not timed.
  virtual bool ended_well(std::size_t variant) const = 0;
};

using Steps = std::vector<std::unique_ptr<Step>>;

/// Add the steps of one file each. What this processor cannot run is left out.
void add_premaster_steps(Steps& steps);
void add_record_steps(Steps& steps);
void add_session_steps(Steps& steps);
void add_ticket_steps(Steps& steps);

/// Compares as nobody should: stops at the first byte that differs.
__attribute__((noinline)) inline bool equal_with_early_exit(const std::uint8_t* a, const std::uint8_t* b,
                                                            std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
    asm volatile("" : : : "memory");
  }
  return true;
}

}  // namespace lockstep::constant_time

// What the fuzzers share: the way from libFuzzer to a function, and how a script of steps is taken from its bytes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "crypto/base/bytes.h"

/// Defines libFuzzer's entry points for `function(Bytes)`. A failed expectation is a crash.
#define LOCKSTEP_FUZZER(function)                                                     \
  extern "C" int LLVMFuzzerInitialize(int*, char***) {                                \
    GTEST_FLAG_SET(break_on_failure, true);                                           \
    return 0;                                                                         \
  }                                                                                   \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    function(lockstep::Bytes(data, size));                                            \
    return 0;                                                                         \
  }

namespace lockstep::fuzz {

/// Bytes of a fuzzer's input; zeros behind their end. Steps have two bytes of length each, so that mutations of one
/// leave the others alone.
class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}

  std::uint8_t byte() {
    Bytes& from = in_step_ ? step_ : bytes_;
    if (from.empty()) return 0;
    const std::uint8_t value = from.front();
    from = from.subspan(1);
    return value;
  }
  std::uint8_t below(std::uint8_t bound) { return static_cast<std::uint8_t>(byte() % bound); }

  /// Goes to the next step; false at the end.
  bool next_step() {
    in_step_ = false;
    if (bytes_.empty()) return false;
    const std::size_t size = byte() * std::size_t{256} + byte();
    step_ = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(step_.size());
    in_step_ = true;
    return true;
  }
  /// What is left of the step.
  std::vector<std::uint8_t> rest_of_step() {
    std::vector<std::uint8_t> rest(step_.begin(), step_.end());
    step_ = {};
    return rest;
  }

 private:
  Bytes bytes_;
  Bytes step_;
  bool in_step_ = false;
};

}  // namespace lockstep::fuzz

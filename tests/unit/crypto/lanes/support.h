// What the tests of the kernels share.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "crypto/base/random.h"
#include "crypto/lanes/lanes.h"

namespace lockstep::crypto::lanes::test {

/// Random cross-checks to make where a million is wanted: a hundredth of it, unless LOCKSTEP_LANES_CHECKS names the
/// number that stands for the million.
inline std::size_t checks(std::size_t wanted_of_a_million = 1'000'000) {
  const char* const chosen = std::getenv("LOCKSTEP_LANES_CHECKS");
  const std::size_t million = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 10'000;
  return million * wanted_of_a_million / 1'000'000;
}

/// An instance of a kernel, as a test's parameter.
template <class Kernels>
struct Instance {
  const char* name;
  const Kernels* kernels;
  /// Whether this processor runs it.
  bool runs;
};

template <class Kernels>
void PrintTo(const Instance<Kernels>& instance, std::ostream* out) {
  *out << instance.name;
}

}  // namespace lockstep::crypto::lanes::test

/// Instantiates a suite whose parameter is an Instance for the ifma and the portable instance; SetUp has to skip where
/// `runs` is false.
#define LOCKSTEP_BOTH_INSTANCES(Suite, Kernels, kIfma, kPortable)                                                      \
  INSTANTIATE_TEST_SUITE_P(                                                                                            \
      Instances, Suite,                                                                                                \
      testing::Values(::lockstep::crypto::lanes::test::Instance<Kernels>{"Ifma", &(kIfma),                             \
                                                                         ::lockstep::crypto::lanes::ifma_available()}, \
                      ::lockstep::crypto::lanes::test::Instance<Kernels>{"Portable", &(kPortable), true}),             \
      [](const auto& suite) { return std::string(suite.param.name); })

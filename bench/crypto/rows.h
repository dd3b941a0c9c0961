// The rows of bench_crypto: how an operation and its peer in libcrypto become benchmarks.
//
// What both sides do is the same, or in libcrypto's favour: contexts, keys and what does not change between operations
// are made before; both make their random numbers within the measured time; signatures are over a digest that is ready
// (Ed25519: over the message) and come out as they stand on the wire (ECDSA: DER); verification begins with that form.
// Further differences stand at each operation.
#pragma once

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

#include "crypto/lanes/lanes.h"

namespace lockstep::bench {

/// Calls `operation` as often as the benchmark wants; each call counts as `items` operations.
template <class Operation>
void measure(benchmark::State& state, Operation& operation, std::size_t items) {
  for (auto unused : state) {
    if (!operation.run()) {
      state.SkipWithError("the operation failed");
      return;
    }
    benchmark::ClobberMemory();
  }
  if (!operation.check()) state.SkipWithError("a result is wrong");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * items));
}

/// Registers `<name>/openssl`.
template <class Openssl>
void add_openssl(const std::string& name) {
  benchmark::RegisterBenchmark((name + "/openssl").c_str(), [](benchmark::State& state) {
    Openssl operation;
    measure(state, operation, 1);
  });
}

/// Registers one row of the lanes with `lanes` of them filled.
template <class Lockstep>
void add_lanes(const std::string& name, std::size_t lanes) {
  benchmark::RegisterBenchmark(name.c_str(), [lanes](benchmark::State& state) {
    if (!crypto::lanes::ifma_available()) {
      state.SkipWithError("this processor has no AVX512-IFMA");
      return;
    }
    // On the heap: tables and wide registers' worth of state need no place on the stack.
    const auto operation = std::make_unique<Lockstep>(lanes);
    measure(state, *operation, lanes);
  });
}

/// Registers `<name>/openssl`, `<name>/lockstep` (all lanes filled) and `<name>/lockstep/lanes:N`, N = 1 to 8, where
/// the other lanes hold dummies. `Openssl` and `Lockstep` (made with the number of lanes) prepare themselves in their
/// constructor; run() does the operation, in all lanes, and says whether it succeeded; check() says whether the last
/// results were right.
template <class Openssl, class Lockstep>
void add_rows(const std::string& name) {
  add_openssl<Openssl>(name);
  add_lanes<Lockstep>(name + "/lockstep", crypto::lanes::kLanes);
  for (std::size_t lanes = 1; lanes <= crypto::lanes::kLanes; ++lanes)
    add_lanes<Lockstep>(name + "/lockstep/lanes:" + std::to_string(lanes), lanes);
}

void add_key_exchange();
void add_signatures();
void add_rsa();
void add_verification();

}  // namespace lockstep::bench

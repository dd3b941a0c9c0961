// The rows of bench_handshake.
#pragma once

#include <benchmark/benchmark.h>

#include "bench/handshake/scenario.h"

namespace lockstep::bench {

/// Where the making of what is made ahead counts.
enum class Pools : std::uint8_t {
  refilled,   // within the measured time: pools are full again at the end of every group, as they were at its start
  prefilled,  // outside; its cost is shown beside, as refill_us
};

/// Handshakes through libssl, 32 of them together.
void measure_openssl(benchmark::State& state, const ScenarioName& names);

/// Handshakes through sessions, batch and the product's engines, `in_flight` together. Besides the time: microseconds
/// per handshake of each stage (`<stage>_us`), jobs in each call of an engine (`fill_<class>`, of the classes that have
/// lanes), and the part of the key pairs and nonce pairs asked for that had been made ahead (`ahead_<what>`).
void measure_lockstep(benchmark::State& state, const ScenarioName& names, std::size_t in_flight, Pools pools);

}  // namespace lockstep::bench

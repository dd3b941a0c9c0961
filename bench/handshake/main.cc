// bench_handshake: what a handshake costs the server's processor, through Lockstep and through libssl.
//
// The time that counts is the thread's processor time (cpu_time in the results) while the server works: Google
// Benchmark's timer stands still while the clients do. One iteration is one handshake, from the creation of the
// server's connection to its end.
#include <string>

#include "bench/handshake/rows.h"
#include "bench/support/context.h"

namespace lockstep::bench {
namespace {

template <class Function>
void add_row(const std::string& name, const Function& function) {
  benchmark::RegisterBenchmark(name.c_str(), function)->Unit(benchmark::kMicrosecond);
}

void add_scenario(const ScenarioName& names) {
  const std::string name = names.name;
  add_row(name + "/openssl", [&names](benchmark::State& state) { measure_openssl(state, names); });
  for (const Pools pools : {Pools::refilled, Pools::prefilled}) {
    for (const std::size_t in_flight : {1U, 8U, 32U, 256U}) {
      add_row(
          name + (pools == Pools::refilled ? "/lockstep" : "/pooled") + "/inflight:" + std::to_string(in_flight),
          [&names, in_flight, pools](benchmark::State& state) { measure_lockstep(state, names, in_flight, pools); });
    }
  }
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
  for (const auto& names : lockstep::bench::kScenarios) lockstep::bench::add_scenario(names);
  return lockstep::bench::run(argc, argv);
}

// bench_handshake: what a handshake costs the server's processor, through Lockstep and through libssl.
//
// The time that counts is the thread's processor time (cpu_time in the results) while the server works: Google
// Benchmark's timer stands still while the clients do. One iteration is one handshake, from the creation of the
// server's connection to its end; `inflight` of them go together, libssl's 32.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>

#include "bench/handshake/clients.h"
#include "bench/handshake/lockstep_server.h"
#include "bench/handshake/openssl_server.h"
#include "bench/support/context.h"
#include "bench/support/keys.h"
#include "control/engines.h"
#include "crypto/base/random.h"

namespace lockstep::bench {
namespace {

constexpr std::size_t kOpensslInFlight = 32;
constexpr std::array<std::size_t, 4> kInFlight = {1, 8, 32, 256};
constexpr std::size_t kHandshakesForStages = 512;

/// The product's engines, made once: their self-tests take long.
struct Engines {
  Engines() {
    auto made = control::make_engines(random, {});
    require(made.ok(), "making the engines");
    set = std::move(made.value());
  }
  Random random = [] {
    std::array<std::uint8_t, 32> seed;
    require(fill_from_kernel(seed), "getrandom");
    return Random(seed);
  }();
  control::EngineSet set;
};

Engines& engines() {
  static Engines made;
  return made;
}

const Scenario& scenario(const ScenarioName& names) {
  static std::array<std::unique_ptr<Scenario>, kScenarios.size()> made;
  std::unique_ptr<Scenario>& slot = made[static_cast<std::size_t>(&names - kScenarios.data())];
  if (slot == nullptr) slot = std::make_unique<Scenario>(names);
  return *slot;
}

/// One group outside the loop warms up; the loop's timer runs only in the measured sections.
void measure(benchmark::State& state, const Scenario& with, Server& server, std::size_t in_flight) {
  run_handshakes(with, server, in_flight, [](const auto& work) { work(); });
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(in_flight))) {
    state.PauseTiming();
    run_handshakes(with, server, in_flight, [&state](const auto& work) {
      state.ResumeTiming();
      work();
      state.PauseTiming();
    });
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations());
}

/// Microseconds of each stage per handshake, medians of groups in a pass of their own, since looking takes time too.
void add_stages(benchmark::State& state, const Scenario& with, std::size_t in_flight) {
  StageTimes times;
  TimedEngines timed(times);
  LockstepServer server(with.lockstep_server, timed.wrap(engines().set.policy), engines().random, in_flight, &times);
  std::array<std::vector<double>, kStages> samples;
  const std::size_t groups = std::max<std::size_t>(kHandshakesForStages / in_flight, 5);
  for (std::size_t group = 0; group < groups; ++group) {
    times.clear();
    run_handshakes(with, server, in_flight, [&times](const auto& work) {
      const std::int64_t before = steady_nanoseconds();
      work();
      times.add_section(steady_nanoseconds() - before);
    });
    for (std::size_t i = 0; i < kStages; ++i)
      samples[i].push_back(static_cast<double>(times.of(static_cast<Stage>(i))) / 1e3 / static_cast<double>(in_flight));
  }
  for (std::size_t i = 0; i < kStages; ++i) {
    const auto middle = samples[i].begin() + static_cast<std::ptrdiff_t>(groups / 2);
    std::nth_element(samples[i].begin(), middle, samples[i].end());
    state.counters[std::string(kStageNames[i]) + "_us"] = *middle;
  }
}

/// Jobs per call of an engine, by what lanes are for.
void add_fill(benchmark::State& state, const crypto::Batch& batch) {
  for (const crypto::JobKind kind : {crypto::JobKind::key_share, crypto::JobKind::derive, crypto::JobKind::sign}) {
    const Histogram& fill = batch.stats(kind).fill;
    if (fill.count() != 0)
      state.counters[std::string("fill_") + crypto::name(kind)] =
          static_cast<double>(fill.sum()) / static_cast<double>(fill.count());
  }
}

void openssl_handshakes(benchmark::State& state, const ScenarioName& names) {
  const Scenario& with = scenario(names);
  OpensslServer server(with.openssl_server.get(), kOpensslInFlight);
  measure(state, with, server, kOpensslInFlight);
}

void lockstep_handshakes(benchmark::State& state, const ScenarioName& names, std::size_t in_flight) {
  const Scenario& with = scenario(names);
  LockstepServer server(with.lockstep_server, engines().set.policy, engines().random, in_flight);
  measure(state, with, server, in_flight);
  add_fill(state, server.batch());
  add_stages(state, with, in_flight);
}

void add_scenario(const ScenarioName& names) {
  const std::string name = names.name;
  benchmark::RegisterBenchmark((name + "/openssl").c_str(), [&names](benchmark::State& state) {
    openssl_handshakes(state, names);
  })->Unit(benchmark::kMicrosecond);
  for (const std::size_t in_flight : kInFlight) {
    benchmark::RegisterBenchmark(
        (name + "/lockstep/inflight:" + std::to_string(in_flight)).c_str(),
        [&names, in_flight](benchmark::State& state) { lockstep_handshakes(state, names, in_flight); })
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
  for (const auto& names : lockstep::bench::kScenarios) lockstep::bench::add_scenario(names);
  return lockstep::bench::run(argc, argv);
}

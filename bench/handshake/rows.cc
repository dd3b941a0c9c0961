#include "bench/handshake/rows.h"

#include <algorithm>
#include <memory>
#include <string>

#include "bench/handshake/clients.h"
#include "bench/handshake/lockstep_server.h"
#include "bench/handshake/openssl_server.h"
#include "bench/support/keys.h"
#include "control/engines.h"
#include "crypto/base/random.h"

namespace lockstep::bench {
namespace {

using crypto::JobClass;

constexpr std::size_t kOpensslInFlight = 32;
// Stages are looked at in samples of this many handshakes or more: pools are not refilled after each.
constexpr std::size_t kSample = 64;
constexpr std::size_t kSamples = 5;
constexpr std::array kClassesWithLanes = {
    JobClass::key_share_x25519, JobClass::key_share_p256, JobClass::derive_x25519,
    JobClass::derive_p256,      JobClass::sign_p256,      JobClass::rsa_2048,
};

/// The product's engines, made once: their self-tests take long.
struct Engines {
  Engines() {
    auto made = control::make_engines(random, {});
    require(made.ok(), made.ok() ? "" : made.error().c_str());
    set = std::move(made.value());
  }
  Random random = [] {
    std::array<std::uint8_t, 32> seed;
    require(fill_from_kernel(seed), "getrandom");
    return Random(seed);
  }();
  control::EngineSet set;
  ServerClock clock;
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

void unmeasured(const std::function<void()>& work) {
  work();
}

/// Lets the benchmark's timer run for the server's sections only; `end_group` is called outside of them.
void measure(benchmark::State& state, const Scenario& with, Server& server, std::size_t in_flight, SSL_SESSION* session,
             const std::function<void(const Section&)>& end_group) {
  const Section measured = [&state](const auto& work) {
    state.ResumeTiming();
    work();
    state.PauseTiming();
  };
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(in_flight))) {
    state.PauseTiming();
    run_handshakes(with, server, in_flight, measured, session);
    end_group(measured);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations());
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What the handshakes of a scenario resume; nullptr where they are full ones.
UniqueSession session_of(const Scenario& with, Server& server) {
  return with.resumed == Resumed::nothing ? nullptr : make_session(with, server);
}

/// How many sessions our server remembers by their identifiers.
std::uint32_t remembered(const Scenario& with) {
  return with.resumed == Resumed::by_identifier ? 1000 : 0;
}

/// Medians of samples in a pass of their own, since looking takes time too.
void add_stages(benchmark::State& state, const Scenario& with, std::size_t in_flight) {
  StageTimes times;
  TimedEngines timed(times);
  LockstepServer server(with.lockstep_server, timed.wrap(engines().set.policy), engines().random, engines().clock,
                        in_flight, remembered(with), &times);
  const Section watched = [&times](const auto& work) {
    const std::int64_t before = thread_nanoseconds();
    work();
    times.add_section(thread_nanoseconds() - before);
  };
  const UniqueSession session = session_of(with, server);
  run_handshakes(with, server, in_flight, unmeasured, session.get());
  server.fill_pools();
  std::array<std::vector<double>, kStages> samples;
  for (std::size_t sample = 0; sample < kSamples; ++sample) {
    times.clear();
    std::size_t handshakes = 0;
    for (; handshakes < kSample; handshakes += in_flight) {
      run_handshakes(with, server, in_flight, watched, session.get());
      watched([&server] { server.fill_pools(); });
    }
    for (std::size_t i = 0; i < kStages; ++i)
      samples[i].push_back(static_cast<double>(times.of(static_cast<Stage>(i))) / 1e3 /
                           static_cast<double>(handshakes));
  }
  for (std::size_t i = 0; i < kStages; ++i) state.counters[std::string(kStageNames[i]) + "_us"] = median(samples[i]);
}

void add_fill(benchmark::State& state, const crypto::Batch& batch) {
  for (const JobClass job_class : kClassesWithLanes) {
    const Histogram& fill = batch.stats(job_class).fill;
    if (fill.count() != 0)
      state.counters[std::string("fill_") + crypto::name(job_class)] =
          static_cast<double>(fill.sum()) / static_cast<double>(fill.count());
  }
}

/// How many of what is made ahead was there when it was asked for, and how many were not.
struct Asked {
  explicit Asked(const std::string& what) {
    for (const control::EngineCounter& counter : engines().set.counters) {
      const std::uint64_t value = counter.value->load(std::memory_order_relaxed);
      if (counter.name == what + "_taken") taken = value;
      if (counter.name == what + "_missed") missed = value;
    }
  }
  std::uint64_t taken = 0;
  std::uint64_t missed = 0;
};

/// Counts from its making to `add`.
class AskedSince {
 public:
  explicit AskedSince(std::string what) : what_(std::move(what)), before_(what_) {}
  void add(benchmark::State& state) const {
    const Asked now(what_);
    const auto taken = static_cast<double>(now.taken - before_.taken);
    const auto missed = static_cast<double>(now.missed - before_.missed);
    if (taken + missed != 0) state.counters["ahead_" + what_] = taken / (taken + missed);
  }

 private:
  std::string what_;
  Asked before_;
};

}  // namespace

void measure_openssl(benchmark::State& state, const ScenarioName& names) {
  const Scenario& with = scenario(names);
  OpensslServer server(with.openssl_server.get(), kOpensslInFlight);
  const UniqueSession session = session_of(with, server);
  run_handshakes(with, server, kOpensslInFlight, unmeasured, session.get());
  measure(state, with, server, kOpensslInFlight, session.get(), [](const Section&) {});
}

void measure_lockstep(benchmark::State& state, const ScenarioName& names, std::size_t in_flight, Pools pools) {
  const Scenario& with = scenario(names);
  LockstepServer server(with.lockstep_server, engines().set.policy, engines().random, engines().clock, in_flight,
                        remembered(with));
  // The first handshakes show the engines the key that pools are to be for.
  const UniqueSession session = session_of(with, server);
  run_handshakes(with, server, in_flight, unmeasured, session.get());
  server.fill_pools();
  const AskedSince key_pairs("key_pairs");
  const AskedSince nonce_pairs("nonce_pairs");
  measure(state, with, server, in_flight, session.get(), [&server, pools](const Section& measured) {
    const auto fill = [&server] { server.fill_pools(); };
    pools == Pools::refilled ? measured(fill) : fill();
  });
  add_fill(state, server.batch());
  key_pairs.add(state);
  nonce_pairs.add(state);
  add_stages(state, with, in_flight);
}

}  // namespace lockstep::bench

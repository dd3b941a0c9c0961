// Record protection beside OpenSSL's and beside bare ipsec-mb: <Suite>/<Seal|Open>/<contender>/<bytes>. One item is one
// record; framing, nonce or IV are made inside the measured time by every contender.
#include <benchmark/benchmark.h>

#include <ctime>
#include <string>

#include "bench/record/contender.h"

namespace lockstep::bench {
namespace {

constexpr std::array kSuites = {
    Suite{"Aes128Gcm", false, crypto::Aead::aes_128_gcm, {}},
    Suite{"Aes256Gcm", false, crypto::Aead::aes_256_gcm, {}},
    Suite{"Chacha20Poly1305", false, crypto::Aead::chacha20_poly1305, {}},
    Suite{"Aes128CbcSha1", true, {}, crypto::CbcSuite::aes_128_sha1},
    Suite{"Aes128CbcSha256", true, {}, crypto::CbcSuite::aes_128_sha256},
    Suite{"Aes256CbcSha384", true, {}, crypto::CbcSuite::aes_256_sha384},
};
constexpr std::array<std::size_t, 5> kSizes = {64, 256, 1400, 4096, 16384};
constexpr std::size_t kManyConnections = 50'000;

using Make = std::unique_ptr<Contender> (*)(const Suite&, std::size_t, std::size_t);

void report(benchmark::State& state, std::size_t bytes, std::size_t batches = 1) {
  const auto records =
      static_cast<std::int64_t>(static_cast<std::size_t>(state.iterations()) * batches * Contender::kBatch);
  state.SetItemsProcessed(records);
  state.SetBytesProcessed(records * static_cast<std::int64_t>(bytes));
}

void seal(benchmark::State& state, const Suite& suite, Make make, std::size_t bytes, std::size_t connections) {
  const std::unique_ptr<Contender> contender = make(suite, bytes, connections);
  if (!contender->ready()) return state.SkipWithError("not on this machine");
  // Every connection has sealed before, so that keys are expanded where they are kept.
  bool good = true;
  for (std::size_t i = 0; i < connections; i += Contender::kBatch) good &= contender->seal();
  for (auto _ : state) good &= contender->seal();
  if (!good) state.SkipWithError("a record was not sealed");
  report(state, bytes);
}

/// Processor time of this thread in seconds.
double processor_time() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Records are opened in place, so they are put back between the measured times. Several batches are opened in one
/// measured time, so that reading the clock does not count.
void open(benchmark::State& state, const Suite& suite, Make make, std::size_t bytes) {
  const std::size_t copies = bytes < 16384 ? 16384 / bytes : 1;
  const std::unique_ptr<Contender> contender = make(suite, bytes, Contender::kBatch);
  if (!contender->ready()) return state.SkipWithError("not on this machine");
  bool good = contender->seal();
  contender->keep(copies);
  for (auto _ : state) {
    contender->restore();
    const double start = processor_time();
    good &= contender->open_copies();
    state.SetIterationTime(processor_time() - start);
  }
  if (!good) state.SkipWithError("a record was not opened");
  report(state, bytes, copies);
}

struct Named {
  const char* name;
  Make make;
};
constexpr std::array kBoth = {Named{"openssl", make_openssl}, Named{"lockstep", make_lockstep}};
constexpr Named kDirect = {"ipsec_mb_direct", make_ipsec_mb_direct};

/// <Suite>/<operation>/<contender>/<bytes>
std::string name_of(const Suite& suite, const char* operation, const Named& contender, std::size_t bytes) {
  std::string name = suite.name;
  return name.append("/")
      .append(operation)
      .append("/")
      .append(contender.name)
      .append("/")
      .append(std::to_string(bytes));
}

void add_seal(const Suite& suite, const Named& contender, std::size_t bytes) {
  benchmark::RegisterBenchmark(name_of(suite, "Seal", contender, bytes).c_str(), seal, suite, contender.make, bytes,
                               Contender::kBatch);
}

void add_all() {
  for (const Suite& suite : kSuites) {
    for (const std::size_t bytes : kSizes) {
      for (const Named& contender : kBoth) add_seal(suite, contender, bytes);
      add_seal(suite, kDirect, bytes);
      for (const Named& contender : kBoth)
        benchmark::RegisterBenchmark(name_of(suite, "Open", contender, bytes).c_str(), open, suite, contender.make,
                                     bytes)
            ->UseManualTime();
    }
  }
  constexpr std::size_t kBytes = 1400;
  for (const Named& contender : {kBoth[0], kBoth[1], kDirect}) {
    std::string name = name_of(kSuites[0], "Seal", contender, kBytes);
    name.append("/connections:").append(std::to_string(kManyConnections));
    benchmark::RegisterBenchmark(name.c_str(), seal, kSuites[0], contender.make, kBytes, kManyConnections);
  }
}

}  // namespace
}  // namespace lockstep::bench

int main(int argc, char** argv) {
  lockstep::bench::add_all();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

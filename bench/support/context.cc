#include "bench/support/context.h"

#include <benchmark/benchmark.h>
#include <openssl/crypto.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace lockstep::bench {
namespace {

// What the engines and the libraries beside them choose their code by.
constexpr std::array kFeatures = {"adx",  "avx2",      "avx512f", "avx512ifma", "avx512vl",  "bmi2",
                                  "gfni", "pclmulqdq", "sha_ni",  "vaes",       "vpclmulqdq"};

#ifdef __clang__
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "gcc " __VERSION__;
#endif

/// The value of the first line of /proc/cpuinfo with this name; empty when there is none.
std::string cpu_info(const std::string& name) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, name.size(), name) != 0) continue;
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 <= line.size()) return line.substr(colon + 2);
  }
  return {};
}

bool has_feature(const std::string& flags, const std::string& feature) {
  std::istringstream words(flags);
  for (std::string word; words >> word;) {
    if (word == feature) return true;
  }
  return false;
}

std::string features(const std::string& flags) {
  std::string found;
  for (const char* const feature : kFeatures) {
    if (has_feature(flags, feature)) found += (found.empty() ? "" : " ") + std::string(feature);
  }
  return found;
}

}  // namespace

int pin() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return -1;
  int last = -1;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) last = core;
  }
  if (last < 0) return -1;
  CPU_ZERO(&allowed);
  CPU_SET(last, &allowed);
  return sched_setaffinity(0, sizeof allowed, &allowed) == 0 ? last : -1;
}

void add_context() {
  const std::string flags = cpu_info("flags");
  benchmark::AddCustomContext("cpu_model", cpu_info("model name"));
  benchmark::AddCustomContext("cpu_family_model", cpu_info("cpu family") + "/" + cpu_info("model\t"));
  benchmark::AddCustomContext("cpu_features", features(flags));
  benchmark::AddCustomContext("hypervisor", has_feature(flags, "hypervisor") ? "yes" : "no");
  benchmark::AddCustomContext("compiler", kCompiler);
  benchmark::AddCustomContext("flags", LOCKSTEP_BENCH_FLAGS);
  benchmark::AddCustomContext("lockstep", LOCKSTEP_VERSION);
  benchmark::AddCustomContext("libcrypto", OpenSSL_version(OPENSSL_VERSION));
}

int run(int argc, char** argv) {
  const int core = pin();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  add_context();
  benchmark::AddCustomContext("core", core < 0 ? "not pinned" : std::to_string(core));
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace lockstep::bench

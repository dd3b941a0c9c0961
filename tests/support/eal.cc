#include "tests/support/eal.h"

#include <rte_eal.h>
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace lockstep::testing {

namespace {

/// One logical core that floats over all processors this process may use, so that parallel tests do not meet on the
/// first.
std::string floating_core() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  std::string processors;
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &allowed)) processors += (processors.empty() ? "" : ",") + std::to_string(i);
  return "0@(" + processors + ")";
}

void stop_eal() {
  const std::string runtime_directory = rte_eal_get_runtime_dir();
  rte_eal_cleanup();
  rmdir(runtime_directory.c_str());
}

}  // namespace

void start_eal(unsigned megabytes) {
  static bool started = false;
  if (started) return;
  started = true;
  std::vector<std::string> words = {"test",
                                    "--no-huge",
                                    "-m",
                                    std::to_string(megabytes),
                                    "--no-pci",
                                    "--no-telemetry",
                                    "--no-shconf",
                                    "--file-prefix",
                                    "lockstep-test-" + std::to_string(getpid()),
                                    "--lcores",
                                    floating_core(),
                                    "--log-level",
                                    "lib.*:error",
                                    "--log-level",
                                    "lib.eal:error"};
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  if (rte_eal_init(static_cast<int>(words.size()), arguments.data()) < 0) {
    std::fputs("cannot start DPDK's environment abstraction layer\n", stderr);
    std::_Exit(1);
  }
  std::atexit(stop_eal);
}

}  // namespace lockstep::testing

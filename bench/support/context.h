// What every benchmark program does before it measures: stay on one core, and say what it runs on.
#pragma once

#include <string>

namespace lockstep::bench {

/// Puts the calling thread on one core: the only one it may use already (taskset), else the last of those it may use.
/// Returns the core's number, or -1 when the kernel refuses.
int pin();

/// Adds to the benchmark's context: the processor and those of its features that engines choose by, hypervisor, core,
/// compiler, flags, and the versions of Lockstep and libcrypto. Reports print it under the table.
void add_context();

/// A main function's body: pins, adds the context, runs the benchmarks registered so far. Returns the exit status.
int run(int argc, char** argv);

}  // namespace lockstep::bench

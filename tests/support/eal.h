// DPDK's environment abstraction layer for tests: once per process, without hugepages, devices or files.
#pragma once

namespace lockstep::testing {

/// Starts the environment abstraction layer; later calls do nothing. Ends the process with a message when it cannot be
/// started. `megabytes`: memory for all pools of the process (touched only as it is used). Any number of test processes
/// may run at the same time.
void start_eal(unsigned megabytes = 512);

}  // namespace lockstep::testing

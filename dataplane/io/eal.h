// Starting DPDK's environment abstraction layer, and giving worker threads a place in it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/result.h"

namespace lockstep::io {

enum class Hugepages : std::uint8_t { automatic, required, never };

struct EalOptions {
  std::vector<unsigned> cores;  // of the workers; the layer's own threads stay off them where the machine has others
  Hugepages hugepages = Hugepages::automatic;
  std::uint32_t memory_mb = 0;     // 0: what the pools need, as computed by the caller
  std::vector<std::string> pci;    // addresses to probe; none: PCI is not scanned
  std::vector<std::string> vdevs;  // "net_tap0,iface=lockstep0"
  /// Called with each warning and error of the library, one line without its newline, from any thread until the
  /// process ends. Not set: standard error.
  std::function<void(std::string_view)> log;
};

struct EalInfo {
  bool hugepages = false;
  std::string explanation;  // one sentence for the log: which memory and why
};

/// Starts the layer once per process; the library cannot be started a second time, whether or not the first start
/// succeeded. With hugepages it runs in memory only (--in-memory), so that no file with secrets outlives the process;
/// without, its memory is anonymous and private. The calling thread becomes the main lcore and keeps its processor
/// affinity. Unused real-time signals and SIGIO are ignored from then on (see README.md). The error says what is
/// missing and how to provide it.
Result<EalInfo, std::string> start_eal(const EalOptions& options);
/// Releases everything; after all ports are closed.
void stop_eal();

/// Free hugepages of `kilobytes` size (2048 or 1048576), as the kernel reports them.
std::uint64_t free_hugepages(std::uint32_t kilobytes);

/// Pins the calling thread to `core` and registers it, so that it has its own cache in front of each buffer pool. To be
/// called first thing on a worker's thread; the thread is unregistered when it ends, which must be before stop_eal. The
/// value is the thread's lcore id; the error says what to change.
Result<unsigned, std::string> register_worker_thread(unsigned core);

}  // namespace lockstep::io

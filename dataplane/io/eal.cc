#include "dataplane/io/eal.h"

#include <pthread.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>

namespace lockstep::io {

namespace {

constexpr std::uint32_t kDefaultMemoryMb = 512;
constexpr std::uint32_t kSmallPage = 2048;     // kilobytes
constexpr std::uint32_t kLargePage = 1048576;  // kilobytes

/// What net_tap says at every start on a kernel without the multiq scheduler, which it wants for flow rules that we do
/// not use, and without a second process to share its queues with.
bool is_harmless(std::string_view line) {
  for (const char* const part : {"Specified qdisc kind is unknown", "multiq qdisc", "Disabling rte flow support",
                                 "Failed to send start req to secondary", "Failed to send stop req to secondary"})
    if (line.find(part) != std::string_view::npos) return true;
  return false;
}

/// Where the library's log goes: line by line to the caller, and the last lines are kept for the error of a start that
/// failed.
class LogSink {
 public:
  static LogSink& instance() {
    static auto* const sink = new LogSink;  // never destroyed: the library may log until the process ends
    return *sink;
  }
  void open(std::function<void(std::string_view)> receiver) {
    receiver_ = std::move(receiver);
    cookie_io_functions_t functions{};
    functions.write = [](void* cookie, const char* text, std::size_t size) {
      static_cast<LogSink*>(cookie)->write({text, size});
      return static_cast<ssize_t>(size);
    };
    FILE* const stream = fopencookie(this, "w", functions);
    if (stream == nullptr) return;
    (void)setvbuf(stream, nullptr, _IOLBF, 0);
    rte_openlog_stream(stream);
  }
  /// The last lines, joined by "; ".
  std::string recent() {
    const std::lock_guard lock(mutex_);
    return recent_;
  }

 private:
  void write(std::string_view text) {
    const std::lock_guard lock(mutex_);
    for (const char c : text) {
      if (c != '\n') {
        if (line_.size() < kLongestLine) line_ += c;
        continue;
      }
      emit();
      line_.clear();
    }
  }
  void emit() {
    if (line_.empty() || is_harmless(line_)) return;
    recent_ += (recent_.empty() ? "" : "; ") + line_;
    if (recent_.size() > kLongestLine) recent_.erase(0, recent_.size() - kLongestLine);
    if (receiver_) {
      receiver_(line_);
    } else {
      (void)std::fprintf(stderr, "%s\n", line_.c_str());
    }
  }

  static constexpr std::size_t kLongestLine = 1000;
  std::mutex mutex_;
  std::function<void(std::string_view)> receiver_;
  std::string line_;
  std::string recent_;
};

std::uint64_t read_number(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  file >> value;
  return file ? value : 0;
}

std::string hugepage_remedy(std::uint32_t megabytes) {
  const std::uint32_t pages = (megabytes + 1) / 2;
  return "reserve them with 'echo " + std::to_string(pages) +
         " > /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages', or set hugepages = \"automatic\"";
}

/// Whether hugepages shall be used, and the sentence that says why.
Result<EalInfo, std::string> choose_memory(Hugepages wish, std::uint32_t megabytes) {
  const std::string wanted = std::to_string(megabytes) + " MB";
  if (wish == Hugepages::never) return EalInfo{false, wanted + " of ordinary memory, as configured"};
  const std::uint64_t small = free_hugepages(kSmallPage) * 2;
  const std::uint64_t large = free_hugepages(kLargePage) * 1024;
  if (small + large >= megabytes) {
    return EalInfo{true, wanted + " of hugepages (" + std::to_string(small + large) +
                             " MB are free), in memory only: nothing is left behind"};
  }
  const std::string missing = std::to_string(small + large) + " MB of hugepages are free and " + wanted + " are needed";
  if (wish == Hugepages::required) return Failure{missing + ": " + hugepage_remedy(megabytes)};
  return EalInfo{false, wanted + " of ordinary memory, since only " + missing};
}

/// The processors this process may use, "0,1,5", without `except` where others remain.
std::string processors(const cpu_set_t& allowed, const std::vector<unsigned>& except) {
  std::string all;
  std::string others;
  for (unsigned i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &allowed)) continue;
    all += (all.empty() ? "" : ",") + std::to_string(i);
    if (std::find(except.begin(), except.end(), i) != except.end()) continue;
    others += (others.empty() ? "" : ",") + std::to_string(i);
  }
  return others.empty() ? all : others;
}

std::vector<std::string> arguments_of(const EalOptions& options, bool hugepages, std::uint32_t megabytes,
                                      const cpu_set_t& allowed) {
  std::vector<std::string> words = {
      "lockstep",    "--no-telemetry", "-m",       std::to_string(megabytes),
      "--log-level", "*:warning",      "--lcores", "0@(" + processors(allowed, options.cores) + ")"};
  if (hugepages) {
    words.emplace_back("--in-memory");
  } else {
    // The library refuses --in-memory without hugepages; these two come to the same.
    words.insert(words.end(), {"--no-huge", "--no-shconf", "--file-prefix", "lockstep-" + std::to_string(getpid())});
  }
  if (options.pci.empty()) words.emplace_back("--no-pci");
  for (const std::string& address : options.pci) words.insert(words.end(), {"-a", address});
  for (const std::string& device : options.vdevs) words.insert(words.end(), {"--vdev", device});
  return words;
}

/// net_tap has the kernel send a real-time signal for each frame unless all of them are in use, and falls back to
/// SIGIO, which ends the process, when their queue overflows. Polling and waiting on the descriptor need neither.
void ignore_tap_signals() {
  for (int number = SIGRTMIN; number <= SIGRTMAX + 1; ++number) {
    const int one = number <= SIGRTMAX ? number : SIGIO;
    struct sigaction action{};
    if (sigaction(one, nullptr, &action) != 0 || action.sa_handler != SIG_DFL) continue;
    action.sa_handler = SIG_IGN;
    (void)sigaction(one, &action, nullptr);
  }
}

std::string start_remedy(const EalOptions& options, bool hugepages) {
  std::string remedy;
  if (hugepages) remedy += "; try hugepages = \"never\" to find out whether memory is the reason";
  if (!options.vdevs.empty()) remedy += "; check the spelling and the arguments of the virtual devices";
  if (!options.pci.empty()) remedy += "; check that each PCI device is bound to vfio-pci (dpdk-devbind.py --status)";
  if (geteuid() != 0) remedy += "; the program may need to be started as root";
  return remedy;
}

}  // namespace

std::uint64_t free_hugepages(std::uint32_t kilobytes) {
  const std::string folder = "/sys/kernel/mm/hugepages/hugepages-" + std::to_string(kilobytes) + "kB/";
  const std::uint64_t free = read_number(folder + "free_hugepages");
  const std::uint64_t promised = read_number(folder + "resv_hugepages");  // to mappings that did not touch them yet
  return free > promised ? free - promised : 0;
}

Result<EalInfo, std::string> start_eal(const EalOptions& options) {
  const std::uint32_t megabytes = options.memory_mb != 0 ? options.memory_mb : kDefaultMemoryMb;
  auto memory = choose_memory(options.hugepages, megabytes);
  if (!memory) return memory;

  LogSink& sink = LogSink::instance();
  sink.open(options.log);
  ignore_tap_signals();
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  (void)sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<std::string> words = arguments_of(options, memory.value().hugepages, megabytes, allowed);
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int result = rte_eal_init(static_cast<int>(words.size()), arguments.data());
  const int error = rte_errno;
  (void)pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed);
  if (result < 0) {
    return Failure{std::string("the packet library (DPDK) does not start: ") + rte_strerror(error) + ": " +
                   sink.recent() + start_remedy(options, memory.value().hugepages)};
  }
  return memory;
}

void stop_eal() {
  const std::string runtime_directory = rte_eal_get_runtime_dir();
  rte_eal_cleanup();
  (void)rmdir(runtime_directory.c_str());  // made by the library, and empty
}

Result<unsigned, std::string> register_worker_thread(unsigned core) {
  cpu_set_t one;
  CPU_ZERO(&one);
  if (core < CPU_SETSIZE) CPU_SET(core, &one);
  const int error = pthread_setaffinity_np(pthread_self(), sizeof one, &one);
  if (error != 0) {
    char text[128];
    return Failure{"core " + std::to_string(core) + " cannot be used: " + strerror_r(error, text, sizeof text) +
                   "; name a core that exists and that this process may use (taskset -cp $$)"};
  }
  if (rte_thread_register() != 0) {
    return Failure{std::string("cannot register a worker with the packet library: ") + rte_strerror(rte_errno) +
                   "; configure fewer cores"};
  }
  struct Registration {
    ~Registration() { rte_thread_unregister(); }
  };
  static thread_local const Registration registration;
  (void)registration;
  return rte_lcore_id();
}

}  // namespace lockstep::io

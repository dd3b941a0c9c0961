#include "control/service/privileges.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <thread>

namespace lockstep::service {
namespace {

std::string system_error(const char* what) {
  return std::string(what) + ": " + std::generic_category().message(errno);
}

struct CapabilityState {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
};

/// Capabilities belong to threads, and the kernel lets a thread change only its own: each of the other threads is sent
/// a signal whose handler does it. Written before the signals are sent.
CapabilityState wanted;            // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<int> threads_done{0};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

bool apply_to_this_thread() {
  __user_cap_header_struct header = wanted.header;
  return syscall(SYS_capset, &header, wanted.data.data()) == 0;
}

void on_signal(int) {
  const int saved = errno;
  if (apply_to_this_thread()) threads_done.fetch_add(1);
  errno = saved;
}

std::vector<pid_t> other_threads() {
  std::vector<pid_t> threads;
  DIR* const directory = opendir("/proc/self/task");
  if (directory == nullptr) return threads;
  const auto self = static_cast<pid_t>(syscall(SYS_gettid));
  while (const dirent* entry = readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const auto thread = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
    if (thread > 0 && thread != self) threads.push_back(thread);
  }
  closedir(directory);
  return threads;
}

/// Returns how many threads did not answer.
int apply_to_other_threads() {
  const int signal_number = SIGRTMAX - 1;
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  if (sigaction(signal_number, &action, &before) != 0) return -1;
  threads_done = 0;
  int sent = 0;
  for (const pid_t thread : other_threads())
    if (syscall(SYS_tgkill, getpid(), thread, signal_number) == 0) ++sent;
  for (int waited_ms = 0; threads_done < sent && waited_ms < 1000; ++waited_ms)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  sigaction(signal_number, &before, nullptr);
  return sent - threads_done;
}

void set_wanted(const std::vector<std::string>& keep) {
  wanted = CapabilityState{};
  for (const std::string& name : keep) {
    cap_value_t value = 0;
    if (cap_from_name(name.c_str(), &value) != 0) continue;
    const auto word = static_cast<std::size_t>(CAP_TO_INDEX(value));
    wanted.data[word].effective |= CAP_TO_MASK(value);
    wanted.data[word].permitted |= CAP_TO_MASK(value);
  }
  // What this process does not have it cannot keep.
  CapabilityState have;
  if (syscall(SYS_capget, &have.header, have.data.data()) != 0) return;
  for (std::size_t i = 0; i < 2; ++i) {
    wanted.data[i].effective &= have.data[i].permitted;
    wanted.data[i].permitted &= have.data[i].permitted;
  }
}

}  // namespace

std::string harden_process() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) return system_error("cannot switch core dumps off");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return system_error("cannot make the process undumpable");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return system_error("cannot set no_new_privs");
  return {};
}

std::string lock_memory() {
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  rlimit now{};
  getrlimit(RLIMIT_MEMLOCK, &now);
  // With a limit, MCL_FUTURE would make later allocations fail once the capability to ignore it is gone.
  const bool future = now.rlim_cur == RLIM_INFINITY || setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0;
  if (mlockall(MCL_CURRENT | MCL_ONFAULT | (future ? MCL_FUTURE : 0)) != 0)
    return system_error("memory may be swapped, because it cannot be locked") +
           "; raise RLIMIT_MEMLOCK or switch swap off";
  return future ? "all memory is locked" : "memory of now is locked, later memory is not (RLIMIT_MEMLOCK)";
}

std::vector<std::string> capabilities_needed(const std::string& driver) {
  // AF_XDP: the program is taken off the interface when the port is closed.
  if (driver.find("af_xdp") != std::string::npos) return {"cap_net_admin", "cap_bpf", "cap_sys_admin"};
  // Bifurcated drivers talk to the kernel's verbs for as long as they live.
  if (driver.find("mlx") != std::string::npos) return {"cap_net_admin", "cap_net_raw", "cap_ipc_lock"};
  return {};
}

Result<User, std::string> find_user(const std::string& name) {
  if (name.empty()) return User{};
  const passwd* const entry = getpwnam(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any other thread of ours
  if (entry == nullptr) return Failure{"there is no user " + name + "; create it or change \"user\" in [general]"};
  return User{true, entry->pw_uid, entry->pw_gid};
}

Result<std::string, std::string> drop_privileges(const User& user, const std::vector<std::string>& keep) {
  set_wanted(keep);
  if (user.change && geteuid() != user.id) {
    // glibc changes all threads; the kernel drops their capabilities when the last id stops being root's.
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return Failure{system_error("cannot keep capabilities")};
    if (setgroups(0, nullptr) != 0 || setresgid(user.group, user.group, user.group) != 0 ||
        setresuid(user.id, user.id, user.id) != 0)
      return Failure{system_error("cannot become the configured user")};
    // Changing ids makes a process dumpable by the system's default again.
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Failure{system_error("cannot make the process undumpable")};
  }
  if (!apply_to_this_thread()) return Failure{system_error("cannot drop capabilities")};
  const int left = user.change ? 0 : apply_to_other_threads();
  std::string remains = effective_capabilities();
  if (left != 0) remains += " (and what threads of libraries had)";
  return remains;
}

std::string effective_capabilities() {
  CapabilityState have;
  if (syscall(SYS_capget, &have.header, have.data.data()) != 0) return "unknown";
  std::string names;
  int count = 0, known = 0;
  for (cap_value_t value = 0; value <= CAP_LAST_CAP; ++value) {
    if (!CAP_IS_SUPPORTED(value)) continue;
    ++known;
    if ((have.data[static_cast<std::size_t>(CAP_TO_INDEX(value))].effective & CAP_TO_MASK(value)) == 0) continue;
    ++count;
    const std::unique_ptr<char, int (*)(void*)> name(cap_to_name(value), cap_free);
    names += (names.empty() ? "" : ",") + std::string(name.get());
  }
  if (count == 0) return "none";
  return count == known ? "all" : names;
}

}  // namespace lockstep::service

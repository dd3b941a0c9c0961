#include "control/certs/passphrase.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <system_error>

namespace lockstep::certs {
namespace {

std::int64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

/// How the program starts: output to `output`, nothing else open, signals as a shell would give them, and a process
/// group of its own.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    // What it complains about might hold the passphrase, and our standard error is a log.
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

enum class Reading : std::uint8_t { done, timeout, too_long, failed };

/// Reads until the other end is closed.
Reading read_all(int fd, MutableBytes buffer, std::size_t& size, std::int64_t deadline_ms) {
  for (;;) {
    pollfd ready{fd, POLLIN, 0};
    const std::int64_t left = deadline_ms - monotonic_ms();
    if (left <= 0) return Reading::timeout;
    const int polled = poll(&ready, 1, static_cast<int>(left));
    if (polled < 0 && errno != EINTR) return Reading::failed;
    if (polled <= 0) continue;
    if (size == buffer.size()) return Reading::too_long;
    const ssize_t n = read(fd, buffer.data() + size, buffer.size() - size);
    if (n == 0) return Reading::done;
    if (n < 0 && errno != EINTR) return Reading::failed;
    if (n > 0) size += static_cast<std::size_t>(n);
  }
}

/// The exit status; -1 when it did not end by itself in time.
int wait_for(pid_t process, std::int64_t deadline_ms) {
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(process, &status, WNOHANG);
    if (ended == process) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (ended < 0 && errno != EINTR) return -1;
    if (monotonic_ms() > deadline_ms) return -1;
    const timespec pause{0, 2'000'000};
    nanosleep(&pause, nullptr);
  }
}

void end_group(pid_t process) {
  kill(-process, SIGKILL);
  while (waitpid(process, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<Passphrase, std::string> Passphrase::ask(const std::vector<std::string>& command, int timeout_ms) {
  const std::string& program = command.front();
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return Failure{std::string("cannot make a pipe for passphrase_command")};
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  pid_t process = -1;
  int error = 0;
  {
    const SpawnSettings settings(ends[1]);
    error =
        posix_spawn(&process, program.c_str(), settings.actions(), settings.attributes(), arguments.data(), environ);
  }
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return Failure{"cannot run " + program + " (" + std::generic_category().message(error) +
                   "); name a program that the user of the service may run"};
  }
  Passphrase passphrase;
  const std::int64_t deadline = monotonic_ms() + timeout_ms;
  const Reading reading = read_all(ends[0], passphrase.bytes_->writable(), passphrase.size_, deadline);
  close(ends[0]);
  const int status = reading == Reading::done ? wait_for(process, deadline) : -1;
  if (reading == Reading::too_long || status < 0) end_group(process);
  if (reading == Reading::too_long)
    return Failure{program + " wrote more than a passphrase has room for; have it write the passphrase alone"};
  if (status != 0)
    return Failure{program +
                   (status < 0 ? " did not end in " + std::to_string(timeout_ms / 1000) + " s"
                               : " failed with status " + std::to_string(status)) +
                   "; run it by hand as the user of the service to see why"};
  while (passphrase.size_ > 0 && (passphrase.text().back() == '\n' || passphrase.text().back() == '\r'))
    --passphrase.size_;
  if (passphrase.size_ == 0)
    return Failure{program + " wrote no passphrase; have it write the passphrase to its standard output"};
  return passphrase;
}

}  // namespace lockstep::certs

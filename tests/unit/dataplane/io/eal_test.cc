// Each start happens in a child process, since the library can be started once per process only.
#include "dataplane/io/eal.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <thread>

#include "dataplane/base/mbuf.h"

namespace lockstep::io {
namespace {

/// A child process that runs `body` and tells what it returns.
class Child {
 public:
  explicit Child(const std::function<std::string()>& body) {
    EXPECT_EQ(pipe(answer_), 0);
    EXPECT_EQ(pipe(permission_), 0);
    pid_ = fork();
    if (pid_ != 0) {
      close(answer_[1]);
      close(permission_[0]);
      return;
    }
    close(answer_[0]);
    close(permission_[1]);
    const std::string text = body() + "\n";
    (void)!write(answer_[1], text.data(), text.size());
    char byte = 0;
    (void)!read(permission_[0], &byte, 1);
    _exit(0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    close(permission_[1]);
    close(answer_[0]);
    int status = 0;
    waitpid(pid_, &status, 0);
    EXPECT_EQ(status, 0);
  }
  /// What the body returned; the child lives on until this object ends.
  std::string answer() {
    std::string text;
    char byte = 0;
    while (read(answer_[0], &byte, 1) == 1 && byte != '\n') text += byte;
    return text;
  }

 private:
  int answer_[2] = {-1, -1};
  int permission_[2] = {-1, -1};
  pid_t pid_ = -1;
};

EalOptions small() {
  EalOptions options;
  options.cores = {0};
  options.memory_mb = 64;
  options.log = [](std::string_view) {};
  return options;
}

/// "ok: <explanation>", or "error: <error>".
std::string outcome(const EalOptions& options) {
  const auto started = start_eal(options);
  return started ? "ok: " + started.value().explanation : "error: " + started.error();
}

/// Hugepages of 2 MB for as long as this object lives; none when the kernel does not give them.
class ReservedHugepages {
 public:
  explicit ReservedHugepages(int count) : before_(read_count()) { write_count(before_ + count); }
  ReservedHugepages(const ReservedHugepages&) = delete;
  ReservedHugepages& operator=(const ReservedHugepages&) = delete;
  ~ReservedHugepages() { write_count(before_); }

 private:
  static constexpr const char* kFile = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
  static int read_count() {
    int count = 0;
    std::ifstream(kFile) >> count;
    return count;
  }
  static void write_count(int count) { std::ofstream(kFile) << count; }
  int before_;
};

bool starts_with(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

TEST(Eal, StartsWithoutHugepagesAndSaysWhy) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  EXPECT_EQ(Child([&] { return outcome(options); }).answer(), "ok: 64 MB of ordinary memory, as configured");
}

TEST(Eal, RequiredHugepagesThatAreMissingAreAnErrorWithTheCommandThatProvidesThem) {
  EalOptions options = small();
  options.memory_mb = 3U << 20U;
  options.hugepages = Hugepages::required;
  const std::string error = Child([&] { return outcome(options); }).answer();
  EXPECT_TRUE(starts_with(error, "error: ")) << error;
  EXPECT_NE(error.find("echo 1572864 > /sys/kernel/mm/hugepages"), std::string::npos) << error;
}

TEST(Eal, TakesOrdinaryMemoryWhenHugepagesDoNotSuffice) {
  EalOptions options = small();
  options.memory_mb = free_hugepages(2048) * 2 + free_hugepages(1048576) * 1024 < 300 ? 300 : 0;
  if (options.memory_mb == 0) GTEST_SKIP() << "this machine has hugepages reserved";
  EXPECT_TRUE(
      starts_with(Child([&] { return outcome(options); }).answer(), "ok: 300 MB of ordinary memory, since only "));
}

TEST(Eal, SeveralProcessesRunAtTheSameTimeWithHugepages) {
  const ReservedHugepages reserved(96);
  if (free_hugepages(2048) < 96) GTEST_SKIP() << "the kernel does not give 96 hugepages";
  const EalOptions options = small();
  const auto start = [&] {
    std::string text = outcome(options);
    const auto pools = MbufPools::create("test", {1024, 16, 1024});
    return text + (pools.ok() ? "" : "; " + pools.error());
  };
  Child first(start);
  const std::string answer = first.answer();
  EXPECT_TRUE(starts_with(answer, "ok: 64 MB of hugepages")) << answer;
  Child second(start);
  EXPECT_TRUE(starts_with(second.answer(), "ok: 64 MB of hugepages"));
}

TEST(Eal, SeveralProcessesRunAtTheSameTimeWithoutHugepages) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  Child first([&] { return outcome(options); });
  EXPECT_TRUE(starts_with(first.answer(), "ok: "));
  Child second([&] { return outcome(options); });
  EXPECT_TRUE(starts_with(second.answer(), "ok: "));
}

TEST(Eal, ABadDeviceIsAnErrorWithTheReasonAndARemedy) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  options.vdevs = {"net_nonsense0"};
  const std::string error = Child([&] { return outcome(options); }).answer();
  EXPECT_TRUE(starts_with(error, "error: ")) << error;
  EXPECT_NE(error.find("net_nonsense0"), std::string::npos) << error;
  EXPECT_NE(error.find("virtual devices"), std::string::npos) << error;
}

TEST(Eal, TheLibrarysWarningsComeLineByLineToTheReceiver) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  options.vdevs = {"net_nonsense0"};
  const std::string lines = Child([&] {
                              std::string all;
                              options.log = [&](std::string_view line) { all += "[" + std::string(line) + "]"; };
                              (void)start_eal(options);
                              return all;
                            }).answer();
  EXPECT_NE(lines.find("net_nonsense0"), std::string::npos) << lines;
  EXPECT_EQ(lines.find("[]"), std::string::npos);
}

TEST(Eal, TheCallersThreadKeepsItsProcessors) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  EXPECT_EQ(Child([&] {
              cpu_set_t before;
              cpu_set_t after;
              CPU_ZERO(&before);
              CPU_ZERO(&after);
              sched_getaffinity(0, sizeof before, &before);
              (void)start_eal(options);
              sched_getaffinity(0, sizeof after, &after);
              return std::string(CPU_EQUAL(&before, &after) ? "kept" : "changed");
            }).answer(),
            "kept");
}

TEST(Eal, NothingIsLeftBehindAfterTheEnd) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  EXPECT_EQ(Child([&] {
              (void)start_eal(options);
              const std::string folder = "/var/run/dpdk/lockstep-" + std::to_string(getpid());
              stop_eal();
              return std::string(access(folder.c_str(), F_OK) == 0 ? "left" : "gone");
            }).answer(),
            "gone");
}

TEST(Eal, AWorkerThreadIsPinnedAndHasItsOwnLcore) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  EXPECT_EQ(Child([&] {
              (void)start_eal(options);
              std::string text;
              std::thread([&] {
                const auto lcore = register_worker_thread(0);
                if (!lcore) {
                  text = lcore.error();
                  return;
                }
                cpu_set_t set;
                CPU_ZERO(&set);
                sched_getaffinity(0, sizeof set, &set);
                text = (lcore.value() == 1 && CPU_COUNT(&set) == 1 && CPU_ISSET(0, &set)) ? "pinned" : "not pinned";
              }).join();
              return text;
            }).answer(),
            "pinned");
}

TEST(Eal, ACoreThatDoesNotExistIsNamed) {
  EalOptions options = small();
  options.hugepages = Hugepages::never;
  const std::string error = Child([&] {
                              (void)start_eal(options);
                              std::string text;
                              std::thread([&] {
                                const auto lcore = register_worker_thread(1000);
                                text = lcore ? "pinned" : lcore.error();
                              }).join();
                              return text;
                            }).answer();
  EXPECT_NE(error.find("core 1000"), std::string::npos) << error;
}

}  // namespace
}  // namespace lockstep::io

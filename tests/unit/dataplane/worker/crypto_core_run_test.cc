// A crypto core on a thread of its own, with the real clock: how it idles and wakes.
#include <chrono>
#include <ctime>
#include <thread>

#include "dataplane/base/clock.h"
#include "tests/unit/dataplane/worker/crypto_core_bench.h"

namespace lockstep::worker::test {
namespace {

using std::chrono::milliseconds;

class RunningCore {
 public:
  explicit RunningCore(Idle idle) : core_(1, 16, idle) {
    thread_ = std::thread([this] {
      pthread_getcpuclockid(pthread_self(), &cpu_clock_);
      core_.core.run();
    });
    while (!core_.core.channel(0).serving.load(std::memory_order_acquire)) std::this_thread::yield();
    std::this_thread::sleep_for(milliseconds(20));
  }
  RunningCore(const RunningCore&) = delete;
  RunningCore& operator=(const RunningCore&) = delete;
  ~RunningCore() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    core_.core.stop();
    thread_.join();
  }
  CryptoCore& core() { return core_.core; }
  /// The part of a processor that the core uses during `time`.
  double load(milliseconds time) {
    const double begin = cpu_seconds();
    std::this_thread::sleep_for(time);
    return (cpu_seconds() - begin) / std::chrono::duration<double>(time).count();
  }

 private:
  double cpu_seconds() const {
    timespec time{};
    clock_gettime(cpu_clock_, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }
  Core core_;
  std::thread thread_;
  clockid_t cpu_clock_{};
};

TEST(RunningCryptoCore, SleepsWhenIdleAndIsWokenByAJob) {
  RunningCore running(Idle::sleep);
  EXPECT_LT(running.load(milliseconds(300)), 0.05);
  EXPECT_GT(running.core().counters().sleeps.value(), 0U);
  const Clock clock;
  Side side({&running.core()}, 0);
  // Sleeps last up to 100 ms: twenty jobs without being woken would take about a second.
  const Instant begin = clock.now();
  for (int i = 0; i < 20; ++i) {
    side.submit(clock.now());
    side.run(clock.now(), false);
    while (side.run(clock.now(), false) == 0) std::this_thread::yield();
    std::this_thread::sleep_for(milliseconds(2));
  }
  EXPECT_LT(clock.now() - begin, lockstep::milliseconds(500));
  EXPECT_EQ(side.remote.done_locally().value(), 0U);
}

TEST(RunningCryptoCore, IsWokenToDropWhatWasMadeAhead) {
  RunningCore running(Idle::sleep);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) {
    running.core().drop_ahead();
    while (!running.core().has_dropped()) std::this_thread::yield();
    std::this_thread::sleep_for(milliseconds(2));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(250));
}

TEST(RunningCryptoCore, NeverSleepsWhenToldToPoll) {
  RunningCore running(Idle::poll);
  EXPECT_GT(running.load(milliseconds(100)), 0.2);
  EXPECT_EQ(running.core().counters().sleeps.value(), 0U);
}

TEST(RunningCryptoCore, EndsAtOnceWhenStopped) {
  RunningCore running(Idle::sleep);
  const auto begin = std::chrono::steady_clock::now();
  running.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(50));
  EXPECT_TRUE(running.core().finished());
  EXPECT_FALSE(running.core().channel(0).serving.load());
  const CryptoCoreCounters& counters = running.core().counters();
  EXPECT_GT(counters.idle_nanoseconds.value(), 15'000'000U) << "the sleep is idle time";
}

}  // namespace
}  // namespace lockstep::worker::test

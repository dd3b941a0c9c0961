#include "dataplane/io/doorbell.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <thread>

namespace lockstep::io {
namespace {

bool readable(const Doorbell& bell, int milliseconds = 0) {
  pollfd one{bell.descriptor(), POLLIN, 0};
  return poll(&one, 1, milliseconds) == 1;
}

TEST(Doorbell, RingsOnlyForASleeper) {
  Doorbell bell;
  bell.ring();
  EXPECT_FALSE(readable(bell));
  bell.prepare();
  EXPECT_FALSE(readable(bell));
  bell.ring();
  EXPECT_TRUE(readable(bell));
}

TEST(Doorbell, IsQuietAfterFinish) {
  Doorbell bell;
  bell.prepare();
  bell.ring();
  bell.finish();
  EXPECT_FALSE(readable(bell));
  bell.ring();
  EXPECT_FALSE(readable(bell));
}

TEST(Doorbell, LosesNoWorkBetweenThreads) {
  Doorbell bell;
  std::atomic<int> work{0};
  constexpr int kRounds = 20000;
  std::thread ringer([&] {
    for (int i = 0; i < kRounds; ++i) {
      work.fetch_add(1, std::memory_order_release);
      bell.ring();
      if (i % 7 == 0) std::this_thread::yield();
    }
  });
  int done = 0;
  bool lost = false;
  while (done < kRounds && !lost) {
    bell.prepare();
    if (work.load(std::memory_order_acquire) == done) lost = !readable(bell, 5000) && work.load() != done;
    bell.finish();
    done = work.load(std::memory_order_acquire);
  }
  ringer.join();
  EXPECT_FALSE(lost);
}

}  // namespace
}  // namespace lockstep::io

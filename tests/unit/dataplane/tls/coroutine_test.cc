// What the handshakes' coroutine type promises.
#include "dataplane/tls/coroutine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace lockstep::tls::test {
namespace {

struct Context {
  FrameStorage frame;
  bool held_secret = false;
  FrameStorage& storage() { return frame; }
  Bytes frame_bytes() const {
    return Bytes(reinterpret_cast<const std::uint8_t*>(&frame), std::min(frame.last_size(), FrameStorage::kSize));
  }
  std::ptrdiff_t secret_bytes() const {
    const Bytes bytes = frame_bytes();
    return std::count(bytes.begin(), bytes.end(), 0xa5);
  }
};

Coroutine keeps_a_secret(Context& context) {
  std::array<std::uint8_t, 100> secret;
  secret.fill(0xa5);
  const std::suspend_always pause;
  co_await pause;
  context.held_secret = secret[99] == 0xa5;
  co_return Error::bad_finished;
}

Coroutine is_too_large(Context& context) {
  std::array<std::uint8_t, FrameStorage::kSize> much;
  much.fill(1);
  const std::suspend_always pause;
  co_await pause;
  context.held_secret = much[7] == 1;
  co_return Error::none;
}

TEST(Coroutine, StartsSuspendedAndReturnsAnError) {
  Context context;
  Coroutine coroutine = keeps_a_secret(context);
  ASSERT_TRUE(coroutine);
  EXPECT_LT(context.secret_bytes(), 50) << "the frame holds addresses too, in which such a byte may occur";
  coroutine.resume();
  EXPECT_FALSE(coroutine.done());
  coroutine.resume();
  ASSERT_TRUE(coroutine.done());
  EXPECT_EQ(coroutine.outcome(), Error::bad_finished);
  EXPECT_TRUE(context.held_secret);
}

TEST(Coroutine, WipesItsFrameWhereverItEnds) {
  for (const int resumes : {0, 1, 2}) {
    Context context;
    Coroutine coroutine = keeps_a_secret(context);
    for (int i = 0; i < resumes; ++i) coroutine.resume();
    if (resumes == 1) {
      EXPECT_GE(context.secret_bytes(), 100);
    }
    coroutine.destroy();
    const Bytes bytes = context.frame_bytes();
    EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) << resumes;
  }
}

TEST(Coroutine, IsNothingWhenItsFrameDoesNotFit) {
  Context context;
  const Coroutine coroutine = is_too_large(context);
  EXPECT_FALSE(coroutine);
}

}  // namespace
}  // namespace lockstep::tls::test

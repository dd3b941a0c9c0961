#include <gtest/gtest.h>

#include "dataplane/tls/core.h"

namespace lockstep::tls {
namespace {

class EarlyDataWindowTest : public ::testing::Test {
 protected:
  static constexpr Instant kNow{seconds(100).ns};

  static HelloId hello(std::uint32_t number) {
    HelloId id;
    for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(number >> 8 * i);
    return id;
  }

  Random random_ = Random::from_number(1);
  EarlyDataWindow window_{100, random_};
};

TEST_F(EarlyDataWindowTest, AdmitsEachHelloOnce) {
  for (std::uint32_t i = 0; i < 100; ++i)
    EXPECT_EQ(window_.admit(hello(i), kNow + seconds(5), kNow), EarlyData::accepted);
  for (std::uint32_t i = 0; i < 100; ++i)
    EXPECT_EQ(window_.admit(hello(i), kNow + seconds(5), kNow), EarlyData::replayed);
}

TEST_F(EarlyDataWindowTest, ComparesAllOfTheHello) {
  HelloId other = hello(1);
  other.bytes.back() ^= 1;
  EXPECT_EQ(window_.admit(hello(1), kNow, kNow), EarlyData::accepted);
  EXPECT_EQ(window_.admit(other, kNow, kNow), EarlyData::accepted);
  EXPECT_EQ(window_.admit(other, kNow, kNow), EarlyData::replayed);
}

TEST_F(EarlyDataWindowTest, RefusesWhenItIsFullAndForgetsNothing) {
  for (std::uint32_t i = 0; i < 100; ++i) window_.admit(hello(i), kNow + seconds(5), kNow);
  EXPECT_EQ(window_.admit(hello(100), kNow + seconds(5), kNow), EarlyData::window_full);
  EXPECT_EQ(window_.admit(hello(0), kNow + seconds(5), kNow), EarlyData::replayed);
  EXPECT_EQ(window_.admit(hello(100), kNow + seconds(5), kNow + seconds(5)), EarlyData::window_full);
  EXPECT_EQ(window_.admit(hello(100), kNow + seconds(9), kNow + seconds(5) + nanoseconds(1)), EarlyData::accepted);
}

TEST_F(EarlyDataWindowTest, TakesNothingThatIsTooLateEvenWhenForgotten) {
  const Instant until = kNow + seconds(5);
  EXPECT_EQ(window_.admit(hello(1), until, kNow), EarlyData::accepted);
  EXPECT_EQ(window_.admit(hello(1), until, until), EarlyData::replayed) << "to the last nanosecond";
  EXPECT_EQ(window_.admit(hello(1), until, until + nanoseconds(1)), EarlyData::stale);
  EXPECT_EQ(window_.size(), 0U);
}

TEST_F(EarlyDataWindowTest, KeepsWhatLivesLongerBehindWhatIsOver) {
  EXPECT_EQ(window_.admit(hello(1), kNow + seconds(1), kNow), EarlyData::accepted);
  EXPECT_EQ(window_.admit(hello(2), kNow + seconds(9), kNow), EarlyData::accepted);
  EXPECT_EQ(window_.admit(hello(3), kNow + seconds(2), kNow), EarlyData::accepted);
  EXPECT_EQ(window_.admit(hello(2), kNow + seconds(9), kNow + seconds(5)), EarlyData::replayed);
  EXPECT_EQ(window_.size(), 2U);
}

TEST_F(EarlyDataWindowTest, GoesRoundAgainAndAgain) {
  Instant now = kNow;
  for (std::uint32_t i = 0; i < 1000; ++i, now = now + milliseconds(100)) {
    EXPECT_EQ(window_.admit(hello(i), now + seconds(9), now), EarlyData::accepted) << i;
    EXPECT_EQ(window_.admit(hello(i - i % 50), now + seconds(9), now), EarlyData::replayed) << i;
  }
}

TEST_F(EarlyDataWindowTest, WithoutRoomAdmitsNothing) {
  EarlyDataWindow none(0, random_);
  EXPECT_EQ(none.admit(hello(1), kNow, kNow), EarlyData::window_full);
}

TEST_F(EarlyDataWindowTest, HellosAreSpreadOverAllCores) {
  std::array<int, 3> counts{};
  std::array<std::uint8_t, 32> binder;
  for (int i = 0; i < 3000; ++i) {
    random_.fill(binder);
    const std::uint16_t owner = owner_of_hello(binder, 3);
    ASSERT_LT(owner, 3);
    EXPECT_EQ(owner, owner_of_hello(binder, 3));
    ++counts[owner];
  }
  for (const int count : counts) EXPECT_GT(count, 850);
}

}  // namespace
}  // namespace lockstep::tls

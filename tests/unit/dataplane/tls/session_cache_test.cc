#include "dataplane/tls/session_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace lockstep::tls {
namespace {

class SessionCacheTest : public ::testing::Test {
 protected:
  static constexpr Instant kNow{1'000};
  static constexpr Instant kLater = kNow + seconds(100);

  SessionId store(SessionCache& cache, std::uint16_t mark, Instant expires = kLater) {
    const SessionId id = SessionId::make(7, random_);
    SessionState state;
    state.issued = mark;
    EXPECT_TRUE(cache.store(id, state, expires));
    return id;
  }
  /// The mark of what is found; -1 for nothing.
  static std::int64_t find(const SessionCache& cache, const SessionId& id, Instant now = kNow) {
    CachedSession found;
    SessionState state;
    if (!cache.find(id, now, found) || !state.read(found.view())) return -1;
    return state.issued;
  }

  std::array<std::uint8_t, 32> seed_{1};
  Random random_{seed_};
};

TEST_F(SessionCacheTest, FindsWhatItWasGiven) {
  SessionCache cache(100);
  std::vector<SessionId> ids;
  for (std::uint16_t i = 0; i < 100; ++i) ids.push_back(store(cache, i));
  for (std::uint16_t i = 0; i < 100; ++i) EXPECT_EQ(find(cache, ids[i]), i);
  EXPECT_EQ(find(cache, SessionId::make(7, random_)), -1);
}

TEST_F(SessionCacheTest, TheOldestGivesWayToTheHundredAndFirst) {
  SessionCache cache(100);
  std::vector<SessionId> ids;
  for (std::uint16_t i = 0; i <= 100; ++i) ids.push_back(store(cache, i));
  EXPECT_EQ(find(cache, ids[0]), -1);
  EXPECT_EQ(find(cache, ids[1]), 1);
  EXPECT_EQ(find(cache, ids[100]), 100);
  EXPECT_EQ(cache.size(), 100);
}

TEST_F(SessionCacheTest, ASessionIsNotFoundOnceItsTimeIsUp) {
  SessionCache cache(2);
  const SessionId id = store(cache, 1, kNow + seconds(10));
  EXPECT_EQ(find(cache, id, kNow + seconds(10) - nanoseconds(1)), 1);
  EXPECT_EQ(find(cache, id, kNow + seconds(10)), -1);
}

TEST_F(SessionCacheTest, ASessionIsGoneWithinAMinuteAfterItsTime) {
  SessionCache cache(5000);
  for (std::uint16_t i = 0; i < 5000; ++i) store(cache, i, kNow + seconds(i % 2 == 0 ? 1 : 1000));
  Instant now = kNow + seconds(1);
  for (int second = 0; second < 60; ++second) cache.age(now = now + SessionCache::kAgeInterval);
  EXPECT_EQ(cache.size(), 2500);
}

TEST_F(SessionCacheTest, AForgottenSessionIsNotFoundAndItsNeighboursAre) {
  SessionCache cache(50);
  std::vector<SessionId> ids;
  for (std::uint16_t i = 0; i < 50; ++i) ids.push_back(store(cache, i));
  for (std::uint16_t i = 0; i < 50; i += 2) cache.forget(ids[i]);
  cache.forget(ids[0]);
  for (std::uint16_t i = 0; i < 50; ++i) EXPECT_EQ(find(cache, ids[i]), i % 2 == 0 ? -1 : i);
  for (std::uint16_t i = 50; i < 100; ++i) ids.push_back(store(cache, i));
  for (std::uint16_t i = 50; i < 100; ++i) EXPECT_EQ(find(cache, ids[i]), i);
}

TEST_F(SessionCacheTest, AStateWithNamesTooLongIsNotRemembered) {
  SessionCache cache(4);
  const std::string name(CachedSession::kCapacity, 'n');
  SessionState state;
  state.server_name = {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()};
  EXPECT_FALSE(cache.store(SessionId::make(7, random_), state, kLater));
  EXPECT_EQ(cache.size(), 0);
}

TEST_F(SessionCacheTest, OfNoCapacityRemembersNothing) {
  SessionCache cache(0);
  const SessionId id = SessionId::make(7, random_);
  EXPECT_FALSE(cache.store(id, SessionState(), kLater));
  EXPECT_EQ(find(cache, id), -1);
  cache.forget(id);
  cache.age(kNow);
}

TEST_F(SessionCacheTest, AnIdentifierNamesItsCore) {
  EXPECT_EQ(SessionId::make(0x1234, random_).core(), 0x1234);
  SessionId id;
  EXPECT_FALSE(id.read(Bytes(seed_).first(31)));
  EXPECT_TRUE(id.read(seed_));
  EXPECT_EQ(id.core(), 0x100);
}

}  // namespace
}  // namespace lockstep::tls

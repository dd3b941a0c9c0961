#include "dataplane/tls/client_sessions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace lockstep::tls {
namespace {

class ClientSessionsTest : public ::testing::Test {
 protected:
  static constexpr Instant kNow{1'000};
  static constexpr ServerKey kServer{{1, 2, 3}, 7};

  // A session whose ticket is one byte.
  static void keep(ClientSessions& sessions, std::uint8_t ticket, const ServerKey& server = kServer,
                   Duration lifetime = seconds(100)) {
    ClientSession* const session = sessions.make();
    ASSERT_NE(session, nullptr);
    session->server = server;
    session->received = kNow;
    session->expires = kNow + lifetime;
    session->message[0] = ticket;
    session->ticket = Bytes(session->message).first(1);
    sessions.keep(session);
  }
  // The ticket that is taken; -1: none.
  static int take(ClientSessions& sessions, const ServerKey& server = kServer, Instant now = kNow) {
    ClientSession* const session = sessions.take(server, now);
    if (session == nullptr) return -1;
    const int ticket = session->ticket[0];
    sessions.release(session);
    return ticket;
  }
};

TEST_F(ClientSessionsTest, GiveTheNewestFirstAndEachOnce) {
  ClientSessions sessions(10, 1);
  keep(sessions, 1);
  keep(sessions, 2);
  EXPECT_EQ(take(sessions), 2);
  EXPECT_EQ(take(sessions), 1);
  EXPECT_EQ(take(sessions), -1);
  EXPECT_EQ(sessions.in_use(), 0U);
}

TEST_F(ClientSessionsTest, AreNotMixedUp) {
  ClientSessions sessions(10, 1);
  keep(sessions, 1);
  ServerKey other_server = kServer;
  other_server.server = 8;
  ServerKey other_scope = kServer;
  other_scope.scope[15] = 1;
  EXPECT_EQ(take(sessions, other_server), -1);
  EXPECT_EQ(take(sessions, other_scope), -1);
  EXPECT_EQ(take(sessions), 1);
}

TEST_F(ClientSessionsTest, AreNotGivenOnceTheirTimeIsUp) {
  ClientSessions sessions(10, 1);
  keep(sessions, 1, kServer, seconds(100));
  keep(sessions, 2, kServer, seconds(10));
  EXPECT_EQ(take(sessions, kServer, kNow + seconds(10)), 1);
  EXPECT_EQ(take(sessions, kServer, kNow + seconds(9)), 2);
}

TEST_F(ClientSessionsTest, OfOneBusyServerDoNotDriveOutThoseOfAnother) {
  ClientSessions sessions(100, 1);
  ServerKey busy = kServer;
  busy.server = 8;
  keep(sessions, 1);
  for (int i = 0; i < 300; ++i) keep(sessions, static_cast<std::uint8_t>(i), busy);
  EXPECT_EQ(take(sessions), 1);
}

TEST_F(ClientSessionsTest, GiveWayToTicketsThatAreBeingReceived) {
  ClientSessions sessions(2, 1);
  keep(sessions, 1);
  keep(sessions, 2);
  std::array<ClientSession*, 3> made{};
  for (ClientSession*& one : made) one = sessions.make();
  EXPECT_EQ(std::ranges::count(made, nullptr), 0);
  EXPECT_EQ(sessions.size(), 0U);
  EXPECT_EQ(sessions.make(), nullptr);
  for (ClientSession* const one : made) sessions.release(one);
}

TEST_F(ClientSessionsTest, OfNoTimeAreNotKept) {
  ClientSessions sessions(10, 1);
  keep(sessions, 1, kServer, {});
  EXPECT_EQ(sessions.in_use(), 0U);
}

TEST_F(ClientSessionsTest, OfOneServerAreTheNewestFew) {
  ClientSessions sessions(100, 1);
  ServerKey other = kServer;
  other.server = 8;
  keep(sessions, 200, other);
  for (std::uint8_t i = 0; i <= ClientSessions::kMaxPerServer; ++i) keep(sessions, i);
  EXPECT_EQ(sessions.size(), ClientSessions::kMaxPerServer + 1);
  for (std::uint8_t i = ClientSessions::kMaxPerServer; i > 0; --i) EXPECT_EQ(take(sessions), i);
  EXPECT_EQ(take(sessions), -1);
  EXPECT_EQ(take(sessions, other), 200);
}

TEST_F(ClientSessionsTest, TheOldestOfAllGivesWay) {
  ClientSessions sessions(10, 1);
  for (std::uint8_t i = 0; i <= 10; ++i) {
    ServerKey server = kServer;
    server.server = i;
    keep(sessions, i, server);
  }
  EXPECT_EQ(sessions.size(), 10U);
  for (std::uint8_t i = 0; i <= 10; ++i) {
    ServerKey server = kServer;
    server.server = i;
    EXPECT_EQ(take(sessions, server), i == 0 ? -1 : i);
  }
}

TEST_F(ClientSessionsTest, TheSameTicketIsKeptOnce) {
  ClientSessions sessions(10, 1);
  keep(sessions, 1);
  keep(sessions, 2);
  keep(sessions, 1);
  EXPECT_EQ(sessions.size(), 2U);
  EXPECT_EQ(take(sessions), 1);
  EXPECT_EQ(take(sessions), 2);
  EXPECT_EQ(take(sessions), -1);
}

TEST_F(ClientSessionsTest, AreWipedWithinAMinuteAfterTheirTime) {
  ClientSessions sessions(1000, 1);
  for (std::uint32_t i = 0; i < 300; ++i) {
    ServerKey server = kServer;
    server.server = i;
    keep(sessions, 1, server, seconds(10));
  }
  for (int i = 0; i < 60; ++i) sessions.age(kNow + seconds(9));
  EXPECT_EQ(sessions.size(), 300U);
  for (int i = 0; i < 60; ++i) sessions.age(kNow + seconds(10 + i));
  EXPECT_EQ(sessions.size(), 0U);
  EXPECT_EQ(sessions.in_use(), 0U);
}

TEST_F(ClientSessionsTest, HaveNoRoomWhereThereIsNone) {
  ClientSessions sessions(0, 10);
  EXPECT_EQ(sessions.make(), nullptr);
  EXPECT_EQ(take(sessions), -1);
  sessions.age(kNow);
}

}  // namespace
}  // namespace lockstep::tls

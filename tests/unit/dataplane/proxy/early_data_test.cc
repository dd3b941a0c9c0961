// Early data on its way: the far side has it, and answers it, before the handshake is over.
#include <gtest/gtest.h>

#include "tests/unit/dataplane/proxy/client.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::proxy::test {
namespace {

constexpr std::uint16_t kBackend = 8080;

class EarlyData : public ::testing::Test {
 protected:
  ServiceConfig with_early_data(ServiceConfig service) {
    auto config = std::make_shared<tls::ServerConfig>(*builtin_service(Builtin::echo, Mode::tls).tls);
    config->ticket_keys = keys_;
    config->max_early_data = 16384;
    service.tls = config;
    return service;
  }
  std::shared_ptr<SSL_SESSION> first_visit() {
    TlsStream client(world_);
    client.send("hello");
    EXPECT_TRUE(world_.until([&] { return client.received == "hello"; }));
    client.close();
    EXPECT_TRUE(world_.until([&] { return world_.lines.size() == 1; }));
    return client.session();
  }
  // Half a handshake with early data, and nothing more.
  TlsStream& send_early_and_fall_silent(SSL_SESSION* session) {
    client_ = std::make_unique<TlsStream>(world_, TLS1_3_VERSION, kPort, session);
    client_->send_early("early");
    client_->silent = true;
    return *client_;
  }

  Random random_ = Random::from_number(1);
  std::shared_ptr<tls::TicketKeys> keys_ = tls::test::ticket_keys(1, random_);
  World world_;
  std::unique_ptr<TlsStream> client_;
};

TEST_F(EarlyData, IsAnsweredByABuiltinServiceBeforeTheHandshakeIsOver) {
  world_.apply(with_early_data(builtin_service(Builtin::echo, Mode::tls)));
  const auto session = first_visit();
  TlsStream& client = send_early_and_fall_silent(session.get());
  // Our flight, and the answer behind it.
  EXPECT_TRUE(world_.until([&] { return world_.proxy().counters().bytes_to_clients.value() == 5 + 5; }));
  EXPECT_EQ(world_.proxy().tls_counters().handshakes_resumed.value(), 0U);
  client.silent = false;
  client.send(" and late");
  EXPECT_TRUE(world_.until([&] { return client.received == "early and late"; }));
  client.close();
  EXPECT_TRUE(world_.until([&] { return world_.lines.size() == 2; }));
  EXPECT_FALSE(world_.lines[0].early_data);
  EXPECT_TRUE(world_.lines[1].early_data);
  EXPECT_TRUE(world_.lines[1].established);
  EXPECT_STREQ(world_.lines[1].reason.data(), "finished");
}

TEST_F(EarlyData, ReachesTheBackendAndItsAnswerTheClientBeforeTheHandshakeIsOver) {
  world_.apply(with_early_data(builtin_service(Builtin::echo, Mode::tls)));
  const auto session = first_visit();
  world_.listen(kBackend);
  world_.apply(with_early_data(proxied_service({kBackend}, Mode::tls)));
  TlsStream& client = send_early_and_fall_silent(session.get());
  Stream& backend = world_.backend(kBackend);
  EXPECT_TRUE(world_.until([&] { return backend.received == "early"; }));
  // The backend answers and closes: close_notify waits for the end of the handshake.
  backend.to_send = "answer";
  backend.end = true;
  EXPECT_TRUE(world_.until([&] { return world_.proxy().counters().bytes_to_clients.value() == 5 + 6; }));
  world_.run(seconds(1));
  client.silent = false;
  EXPECT_TRUE(world_.until([&] { return client.received == "answer" && client.closed(); }));
  EXPECT_TRUE(client.established());
  client.close();
  EXPECT_TRUE(world_.until([&] { return world_.lines.size() == 2; }));
  EXPECT_EQ(world_.lines[1].tls_error, tls::Error::none);
}

TEST_F(EarlyData, DoesNotFreeTheHandshakeFromItsTimeLimit) {
  world_.apply(with_early_data(builtin_service(Builtin::echo, Mode::tls)));
  const auto session = first_visit();
  send_early_and_fall_silent(session.get());
  EXPECT_TRUE(world_.until([&] { return world_.lines.size() == 2; }, seconds(40)));
  EXPECT_EQ(world_.lines.back().tls_error, tls::Error::handshake_timeout);
  EXPECT_LT(world_.lines.back().duration, seconds(20));
}

TEST_F(EarlyData, ThatIsNotFinishedIsResetAtTheBackend) {
  world_.apply(with_early_data(builtin_service(Builtin::echo, Mode::tls)));
  const auto session = first_visit();
  world_.listen(kBackend);
  world_.apply(with_early_data(proxied_service({kBackend}, Mode::tls)));
  send_early_and_fall_silent(session.get());
  Stream& backend = world_.backend(kBackend);
  EXPECT_TRUE(world_.until([&] { return world_.lines.size() == 2; }, seconds(40)));
  EXPECT_TRUE(backend.reset());
}

}  // namespace
}  // namespace lockstep::proxy::test

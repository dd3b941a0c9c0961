// Rotations of ticket keys: what a worker takes over, and that nothing else changes.
#include "dataplane/tls/ticket_keys.h"

#include <gtest/gtest.h>

#include "tests/unit/dataplane/proxy/tls_stream.h"

namespace lockstep::proxy::test {
namespace {

std::shared_ptr<const tls::TicketKeys> keys_with(const std::vector<std::uint64_t>& ids) {
  auto keys = std::make_shared<tls::TicketKeys>();
  for (const std::uint64_t id : ids) keys->keys.emplace_back().keys.id = id;
  return keys;
}

WorldOptions by_seed() {
  WorldOptions options;
  options.seed = 1;
  return options;
}

TEST(TicketKeys, ARotationChangesNothingElse) {
  World world(by_seed());
  world.listen(8080);
  world.apply(proxied_service({8080}, Mode::tls));
  TlsStream before(world);
  EXPECT_TRUE(world.until([&] { return before.established(); }));
  for (std::uint64_t id = 1; id <= 100; ++id) EXPECT_FALSE(world.rekey(keys_with({id, id + 1})));
  TlsStream after(world);
  before.send("one");
  after.send("two");
  EXPECT_TRUE(world.until([&] { return after.established() && world.accepted(8080).size() == 2; }));
  EXPECT_TRUE(world.until(
      [&] { return world.accepted(8080)[0]->received == "one" && world.accepted(8080)[1]->received == "two"; }));
  EXPECT_EQ(world.snapshots(), 1U) << "nothing holds the old ones";
}

TEST(TicketKeys, AReloadAmongRotationsIsTakenOver) {
  World world(by_seed());
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  EXPECT_FALSE(world.rekey(keys_with({1})));
  ServiceConfig moved = builtin_service(Builtin::echo, Mode::tls);
  moved.listen = {{World::proxy_address(), 444}};
  world.apply(moved);
  EXPECT_FALSE(world.rekey(keys_with({2})));
  TlsStream client(world, TLS1_3_VERSION, 444);
  EXPECT_TRUE(world.until([&] { return client.established(); }));
}

TEST(TicketKeys, EnginesForgetWhatARotationLeavesBehind) {
  World world(by_seed());
  world.apply(builtin_service(Builtin::echo, Mode::tls));
  world.rekey(keys_with({101, 102}));
  world.rekey(keys_with({102, 103}));
  EXPECT_EQ(world.script().forgotten(), std::set<std::uint64_t>{101});
}

}  // namespace
}  // namespace lockstep::proxy::test

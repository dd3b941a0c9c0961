// One turn of the loop after another, with a clock of the test's.
#include "tests/unit/dataplane/worker/bench.h"

namespace lockstep::worker::test {
namespace {

class Turn : public Bench {};

TEST_F(Turn, CarriesBytesFromThePortToTheServiceAndBack) {
  start_echo();
  const tcp::ConnectionId id = connect();
  ASSERT_TRUE(peer_->send(id, "hello", now_));
  run(milliseconds(10));
  EXPECT_EQ(received_, "hello");
}

TEST_F(Turn, SaysWhetherThereWasWork) {
  start_echo();
  run(seconds(1));
  EXPECT_FALSE(worker_->turn(now_));
  ASSERT_TRUE(peer_->stack().connect({sim::v4_of(1), 7}, 1, now_).has_value());
  peer_->flush(now_);
  ethernet_.advance(now_);
  EXPECT_TRUE(worker_->turn(now_));
}

TEST_F(Turn, WantsTheNextTurnAtOnceAfterWorkAndLaterOtherwise) {
  start_echo();
  EXPECT_LE(worker_->next(), now_);
  run(seconds(1));
  ASSERT_FALSE(worker_->turn(now_));
  EXPECT_GT(worker_->next(), now_);
}

TEST_F(Turn, TheFirstAnnouncesOurAddress) {
  worker_->turn(now_);
  ethernet_.advance(now_);
  std::array<rte_mbuf*, 8> burst;
  const std::size_t count = ethernet_.port(peer_->station()).receive(burst);
  bool announced = false;
  for (std::size_t i = 0; i < count; ++i) {
    const MutableBytes frame = bytes_of(*burst[i]);
    const bool arp = frame[12] == 0x08 && frame[13] == 0x06;
    // Sender and target protocol address are ours (RFC 5227 section 3).
    announced = announced || (arp && std::equal(&frame[28], &frame[32], &frame[38]));
    rte_pktmbuf_free(burst[i]);
  }
  EXPECT_TRUE(announced);
}

TEST_F(Turn, AppliesSnapshotsAndTellsTheOldestOneInUse) {
  start_echo();
  EXPECT_EQ(worker_->oldest_pinned(), 1U);
  proxy::Snapshot second = echo_snapshot(2);
  ASSERT_TRUE(post({.kind = Message::Kind::snapshot, .snapshot = &second}));
  EXPECT_EQ(worker_->oldest_pinned(), 1U);
  worker_->turn(now_);
  EXPECT_EQ(worker_->oldest_pinned(), 2U);
}

TEST_F(Turn, FollowsTheWallClockWhenItIsSet) {
  snapshot_.services[0].builtin = proxy::Builtin::daytime;
  start_echo();
  const auto told = [&] {
    received_.clear();
    (void)connect();
    run(milliseconds(10));
    return received_;
  };
  EXPECT_NE(told().find("1970"), std::string::npos) << received_;
  worker_->set_wall_clock_offset(hours(24 * 365 * 31));
  EXPECT_NE(told().find("2000"), std::string::npos) << received_;
}

TEST_F(Turn, AnswersAnInspectionOnTheWorkersThread) {
  start_echo();
  (void)connect();
  std::uint32_t seen = 0;
  Message message{.kind = Message::Kind::inspect};
  message.inspect = [](Worker& worker, void* argument) {
    *static_cast<std::uint32_t*>(argument) = worker.proxy().connections();
  };
  message.argument = &seen;
  ASSERT_TRUE(post(message));
  EXPECT_EQ(seen, 0U);
  worker_->turn(now_);
  EXPECT_EQ(seen, 1U);
}

TEST_F(Turn, AFullMailboxRefuses) {
  int accepted = 0;
  while (accepted < 1000 && post({.kind = Message::Kind::none})) ++accepted;
  EXPECT_EQ(accepted, 64);
  worker_->turn(now_);
  EXPECT_TRUE(post({.kind = Message::Kind::none}));
}

TEST_F(Turn, IsDrainedWhenNoConnectionIsLeft) {
  start_echo();
  const tcp::ConnectionId id = connect();
  ASSERT_TRUE(peer_->send(id, "hello", now_));
  run(milliseconds(10));
  EXPECT_FALSE(worker_->drained());
  peer_->stack().release(id, now_);
  ASSERT_TRUE(post({.kind = Message::Kind::drain, .limit = seconds(30)}));
  run(seconds(5));
  EXPECT_TRUE(worker_->drained());
  EXPECT_EQ(worker_->proxy().connections(), 0U);
}

TEST_F(Turn, IsDrainedAtTheLimitAtTheLatest) {
  start_echo();
  const tcp::ConnectionId id = connect();
  ethernet_.connect(peer_->station(), false);
  ASSERT_TRUE(peer_->send(id, "never arrives", now_));
  ASSERT_TRUE(post({.kind = Message::Kind::drain, .limit = seconds(2)}));
  run(milliseconds(500));
  run(seconds(2));
  EXPECT_TRUE(worker_->drained());
}

TEST_F(Turn, EndingResetsWhatIsLeft) {
  start_echo();
  const tcp::ConnectionId id = connect();
  ASSERT_TRUE(peer_->send(id, "hello", now_));
  run(milliseconds(10));
  worker_.reset();
  ethernet_.advance(now_);
  peer_->turn(now_, [&](const tcp::Ready& ready) { events_ |= ready.events; });
  EXPECT_NE(events_ & tcp::Events::kClosed, 0);
  EXPECT_EQ(peer_->stack().info(id)->close_reason, tcp::CloseReason::peer_reset);
}

TEST_F(Turn, CountsItsTimeOnce) {
  start_echo();
  (void)connect();
  const WorkerCounters& c = worker_->counters();
  const std::uint64_t stages = c.receive_nanoseconds.value() + c.tcp_nanoseconds.value() + c.proxy_nanoseconds.value() +
                               c.crypto_nanoseconds.value() + c.output_nanoseconds.value();
  const std::uint64_t total = c.busy_nanoseconds.value() + c.idle_nanoseconds.value();
  EXPECT_GT(c.busy_nanoseconds.value(), 0U);
  EXPECT_LE(stages, total);
  EXPECT_GE(stages + 5 * c.turns.value(), total);  // rounding
  EXPECT_GT(c.turns.value(), c.turns_idle.value());
}

/// A port that takes at most `allowed` frames more.
class TightQueue final : public io::PacketQueue {
 public:
  explicit TightQueue(io::PacketQueue& inner) : inner_(inner) {}
  std::size_t receive(std::span<rte_mbuf*> out) override { return inner_.receive(out); }
  std::size_t transmit(std::span<rte_mbuf*> frames) override {
    const std::size_t count = std::min(frames.size(), allowed);
    allowed -= count;
    return inner_.transmit(frames.first(count));
  }
  std::size_t allowed = SIZE_MAX;

 private:
  io::PacketQueue& inner_;
};

TEST_F(Turn, OffersFramesAgainThatThePortDidNotTake) {
  TightQueue queue(ethernet_.port(station_));
  worker_.reset();
  worker_.emplace(small_config(), pools(), std::vector<io::PacketQueue*>{&queue}, crypto::Policy{}, nullptr, random_,
                  kStart);
  start_echo();
  const tcp::ConnectionId id = connect();
  queue.allowed = 0;
  ASSERT_TRUE(peer_->send(id, "hello", now_));
  run(milliseconds(10));
  EXPECT_EQ(received_, "");
  (void)worker_->turn(now_);
  EXPECT_LE(worker_->next(), now_ + milliseconds(1));
  queue.allowed = SIZE_MAX;
  run(milliseconds(1));
  EXPECT_EQ(received_, "hello");
  worker_.reset();
}

/// Whether flows belong to one worker of the simulated station.
class StationSteering final : public Steering {
 public:
  StationSteering(const sim::Ethernet& ethernet, std::size_t station, std::size_t worker)
      : ethernet_(ethernet), station_(station), worker_(worker) {}
  bool owns(const FlowTuple& flow) const override { return ethernet_.owns(station_, worker_, flow); }

 private:
  const sim::Ethernet& ethernet_;
  std::size_t station_;
  std::size_t worker_;
};

TEST_F(Turn, TwoWorkersOfOneAddressShareItsConnections) {
  sim::Ethernet ethernet({}, 3);
  const std::size_t station = ethernet.attach(sim::mac_of(1), {&pools(), &pools()});
  sim::Peer peer({.number = 2, .mtu = 1500, .tcp = {.max_connections = 64}}, ethernet, pools(), random_, kStart);
  const StationSteering first(ethernet, station, 0);
  const StationSteering second(ethernet, station, 1);
  std::array<std::unique_ptr<Worker>, 2> workers;
  for (std::uint16_t i = 0; i < 2; ++i) {
    workers[i] =
        std::make_unique<Worker>(small_config(i), pools(), std::vector<io::PacketQueue*>{&ethernet.port(station, i)},
                                 crypto::Policy{}, i == 0 ? &first : &second, random_, kStart);
    ASSERT_TRUE(workers[i]->post({.kind = Message::Kind::snapshot, .snapshot = &snapshot_}));
  }
  std::string received;
  Instant now = kStart;
  constexpr std::uint32_t kConnections = 20;
  for (std::uint32_t i = 0; i < kConnections; ++i)
    ASSERT_TRUE(peer.stack().connect({sim::v4_of(1), 7}, i, now).has_value());
  // SYNs that did not fit into the queue of the neighbour being resolved are repeated after a second.
  for (int i = 0; i < 4000; ++i, now = now + milliseconds(1)) {
    ethernet.advance(now);
    for (const auto& worker : workers) worker->turn(now);
    peer.turn(now, [&](const tcp::Ready& ready) {
      if ((ready.events & tcp::Events::kConnected) != 0) {
        EXPECT_TRUE(peer.send(ready.id, "x", now));
      }
      received += peer.take(ready.id, now);
    });
  }
  EXPECT_EQ(received, std::string(kConnections, 'x'));
  EXPECT_EQ(workers[0]->proxy().connections() + workers[1]->proxy().connections(), kConnections);
  EXPECT_GT(workers[0]->proxy().connections(), 0U);
  EXPECT_GT(workers[1]->proxy().connections(), 0U);
}

}  // namespace
}  // namespace lockstep::worker::test

// Two stacks over an impaired wire: every byte arrives once and in order, both sides end, nothing is left behind.
#include <gtest/gtest.h>

#include "tests/unit/dataplane/tcp/wire.h"

namespace lockstep::testing {
namespace {

using tcp::CloseReason;
using tcp::ConnectionId;
using tcp::Events;

/// Sends `to_send` pattern bytes, expects as many, closes after the last.
class Peer {
 public:
  Peer(std::uint64_t to_send, std::uint64_t to_receive, std::uint64_t seed)
      : to_send_(to_send), to_receive_(to_receive), random_(seed) {}

  void start(ConnectionId id) { id_ = id; }
  bool over() const { return over_; }
  bool good() const { return good_ && received_ == to_receive_; }
  CloseReason reason() const { return reason_; }
  std::uint64_t received() const { return received_; }
  /// Pauses in reading, so that windows close.
  void read_slowly() { slow_ = true; }
  Instant next() const { return slow_ && paused_until_ > last_ ? paused_until_ : Instant::never(); }

  void turn(tcp::Stack& stack, Instant now) {
    last_ = now;
    while (const auto ready = stack.next_ready()) {
      id_ = ready->id;
      events_ |= ready->events;
    }
    if (!id_) return;
    read(stack, now);
    write(stack, now);
    if ((events_ & Events::kClosed) == 0 || over_) return;
    read_all(stack, now);
    const auto info = stack.info(id_);
    reason_ = info ? info->close_reason : CloseReason::none;
    stack.release(id_, now);
    over_ = true;
  }

 private:
  void read(tcp::Stack& stack, Instant now) {
    if (!slow_) return read_all(stack, now);
    if (now < paused_until_) return;
    if (random_() % 8 == 0) {
      paused_until_ = now + milliseconds(static_cast<std::int64_t>(random_() % 300));
      return;
    }
    if (Chain* const chain = stack.received(id_))
      take(stack, *chain, static_cast<std::uint32_t>(random_() % (chain->size() + 1)), now);
    paused_until_ = now + milliseconds(5);
  }
  void read_all(tcp::Stack& stack, Instant now) {
    if (Chain* const chain = stack.received(id_)) take(stack, *chain, chain->size(), now);
  }
  void take(tcp::Stack& stack, Chain& chain, std::uint32_t count, Instant now) {
    if (count == 0) return;
    buffer_.resize(count);
    chain.copy(0, buffer_);
    for (const std::uint8_t byte : buffer_) good_ = good_ && byte == pattern(received_++);
    chain.drop_front(count);
    stack.consumed(id_, count, now);
  }
  void write(tcp::Stack& stack, Instant now) {
    if ((events_ & (Events::kAccepted | Events::kConnected)) == 0 || closed_) return;
    while (sent_ < to_send_) {
      const auto wanted = static_cast<std::uint32_t>(std::min<std::uint64_t>(to_send_ - sent_, 1 + random_() % 30000));
      const std::uint32_t space = std::min(stack.send_space(id_), wanted);
      if (space == 0) return;
      Chain data = pattern_chain(sent_, space);
      sent_ += data.size();
      stack.send(id_, std::move(data), now);
    }
    stack.shutdown(id_, now);
    closed_ = true;
  }

  std::uint64_t to_send_;
  std::uint64_t to_receive_;
  std::mt19937_64 random_;
  std::vector<std::uint8_t> buffer_;
  ConnectionId id_;
  std::uint8_t events_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
  Instant paused_until_;
  Instant last_;
  CloseReason reason_ = CloseReason::none;
  bool slow_ = false;
  bool good_ = true;
  bool closed_ = false;
  bool over_ = false;
};

struct Outcome {
  bool finished = false;
  bool exact = false;
  Duration took;
  std::uint64_t timeouts = 0;         // segments retransmitted after a timeout
  std::uint64_t retransmissions = 0;  // ... after duplicate ACKs
};

struct Transfer {
  std::uint64_t up = 1 << 20;
  std::uint64_t down = 1 << 20;
  Impairments impairments = {};
  HostSettings client{.number = 2};
  HostSettings server{.number = 1};
  bool slow_reader = false;
  bool v6 = false;
  Duration limit = seconds(3600);
};

Outcome run(Transfer transfer, std::uint64_t seed) {
  Outcome outcome;
  {
    transfer.client.seed = transfer.server.seed = seed;
    const Instant start;
    Host client(transfer.client, start);
    Host server(transfer.server, start);
    Wire wire(client, server, transfer.impairments, seed);
    Peer sender(transfer.up, transfer.down, seed * 2);
    Peer answerer(transfer.down, transfer.up, seed * 2 + 1);
    if (transfer.slow_reader) answerer.read_slowly();
    const SocketAddress local{transfer.v6 ? Host::v6(1) : Host::v4(1), 80};
    EXPECT_TRUE(server.stack().listen(local, 7));
    const auto id = client.stack().connect(local, 8, start);
    if (!id) return outcome;
    sender.start(*id);
    const std::array<Application, 2> applications = {[&](tcp::Stack& stack, Instant now) { sender.turn(stack, now); },
                                                     [&](tcp::Stack& stack, Instant now) {
                                                       answerer.turn(stack, now);
                                                       wire.wake(answerer.next());
                                                     }};
    outcome.finished = wire.run(applications, start + transfer.limit, [&] { return sender.over() && answerer.over(); });
    outcome.took = wire.now() - start;
    outcome.timeouts = client.stack().counters().retransmissions_timeout.value();
    outcome.retransmissions = client.stack().counters().retransmissions_fast.value();
    outcome.exact = sender.good() && answerer.good();
    outcome.finished =
        outcome.finished && sender.reason() == CloseReason::finished && answerer.reason() == CloseReason::finished;
    wire.settle(applications, wire.now() + seconds(600));
    EXPECT_EQ(client.stack().connections(), 0U) << "seed " << seed;
    EXPECT_EQ(server.stack().connections(), 0U) << "seed " << seed;
  }
  return outcome;
}

void expect_exact(const Transfer& transfer, std::uint64_t first_seed, std::uint64_t seeds) {
  const std::uint32_t before = buffers_in_use();
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    const Outcome outcome = run(transfer, seed);
    ASSERT_TRUE(outcome.exact) << "seed " << seed;
    ASSERT_TRUE(outcome.finished) << "seed " << seed;
    ASSERT_EQ(buffers_in_use(), before) << "seed " << seed;
  }
}

TEST(Transfer, IsExactOnAPerfectWire) {
  expect_exact({}, 1, 2);
}

TEST(Transfer, IsExactUnderOnePercentLoss) {
  expect_exact({.impairments = {.loss = 0.01}}, 100, 100);
}

TEST(Transfer, IsExactUnderTenPercentLossReorderingDuplicationAndCorruption) {
  expect_exact({.up = 200000,
                .down = 200000,
                .impairments = {.loss = 0.1, .duplication = 0.05, .reordering = 0.1, .corruption = 0.03}},
               200, 150);
}

TEST(Transfer, IsExactUnderHeavyReordering) {
  expect_exact({.impairments = {.duplication = 0.02, .reordering = 0.5}}, 300, 60);
}

TEST(Transfer, IsExactWithASlowReaderAndLoss) {
  Transfer transfer{.up = 300000, .down = 100000, .impairments = {.loss = 0.03, .reordering = 0.05}};
  transfer.server.tcp.receive_buffer = 20000;
  transfer.slow_reader = true;
  expect_exact(transfer, 400, 100);
}

TEST(Transfer, IsExactWithTinyBuffersAndMtu) {
  Transfer transfer{.up = 60000, .down = 60000, .impairments = {.loss = 0.05, .reordering = 0.1}};
  transfer.server.tcp.receive_buffer = 1000;
  transfer.client.tcp.send_buffer = 3000;
  transfer.client.mtu = 576;
  expect_exact(transfer, 500, 60);
}

TEST(Transfer, IsExactOverIpv6WithNewReno) {
  Transfer transfer{.impairments = {.loss = 0.02, .reordering = 0.02}};
  transfer.v6 = true;
  transfer.client.tcp.congestion = transfer.server.tcp.congestion = tcp::CongestionAlgorithm::newreno;
  expect_exact(transfer, 600, 60);
}

// A deadlock that one side can only leave by giving up must end, too.
TEST(Transfer, EndsWhenTheWireIsCut) {
  const std::uint32_t before = buffers_in_use();
  Transfer transfer{.impairments = {.loss = 0.7}, .limit = seconds(100000)};
  for (std::uint64_t seed = 700; seed < 730; ++seed) run(transfer, seed);
  EXPECT_EQ(buffers_in_use(), before);
}

struct Rate {
  const char* name;
  Impairments impairments = {};
  std::uint32_t buffer;
  double at_least;  // MB/s
};

// Not slow: the shape of throughput at a round trip of 20 ms, 64 MB one way.
TEST(Transfer, KeepsItsRateUnderLoss) {
  const Rate rates[] = {
      {"no loss, 256 KB buffers", {}, 256 * 1024, 10},
      {"no loss, 100 MB/s line, 4 MB buffers", {.bytes_per_second = 100e6, .queue_bytes = 1 << 20}, 4 << 20, 60},
      {"0.1 % loss, 4 MB buffers", {.loss = 0.001, .bytes_per_second = 100e6, .queue_bytes = 1 << 20}, 4 << 20, 4},
      {"1 % loss, 256 KB buffers", {.loss = 0.01}, 256 * 1024, 0.8},
      {"1 % loss, 4 MB buffers", {.loss = 0.01}, 4 << 20, 0.8},
  };
  for (const Rate& rate : rates) {
    Transfer transfer{.up = 64 << 20, .down = 0, .impairments = rate.impairments};
    transfer.client.tcp.send_buffer = transfer.server.tcp.receive_buffer = rate.buffer;
    const Outcome outcome = run(transfer, 900);
    ASSERT_TRUE(outcome.exact && outcome.finished) << rate.name;
    const double megabytes = 64 * 1.048576 / (static_cast<double>(outcome.took.ns) * 1e-9);
    std::printf("%-40s %7.2f s  %7.2f MB/s  retransmitted: %llu fast, %llu after timeouts\n", rate.name,
                static_cast<double>(outcome.took.ns) * 1e-9, megabytes,
                static_cast<unsigned long long>(outcome.retransmissions),
                static_cast<unsigned long long>(outcome.timeouts));
    EXPECT_GT(megabytes, rate.at_least) << rate.name;
  }
}

}  // namespace
}  // namespace lockstep::testing

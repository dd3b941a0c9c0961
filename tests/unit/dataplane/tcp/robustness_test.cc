// Segments that no honest peer sends: the stack stays alive, bounded and of use to others.
#include <gtest/gtest.h>

#include "dataplane/tcp/header.h"
#include "tests/unit/dataplane/tcp/wire.h"

namespace lockstep::testing {
namespace {

using tcp::Flags;
using tcp::Header;

/// A peer that builds any segment it likes.
class Attacker {
 public:
  explicit Attacker(const tcp::Config& config = {.max_connections = 256})
      : target_({.number = 1, .tcp = config}, now_) {
    net::InterfaceConfig interface;
    interface.name = "attacker";
    interface.mac = {2, 0, 0, 0, 0, 2};
    interface.addresses = {{Host::v4(2), 24}};
    interface.neighbours = {{Host::v4(1), {2, 0, 0, 0, 0, 1}}};
    network_ = std::make_unique<net::Network>(std::vector{interface}, pools(), random_, 4096, now_);
  }

  void send(const Header& header, std::uint32_t length) {
    MbufPtr mbuf = pools().packet();
    auto* const room = reinterpret_cast<std::uint8_t*>(
        rte_pktmbuf_append(mbuf.get(), static_cast<std::uint16_t>(tcp::kMaximumHeader + length)));
    std::memset(room, 0, tcp::kMaximumHeader + length);
    const std::size_t size = tcp::write_header(header, {room, tcp::kMaximumHeader});
    rte_pktmbuf_trim(mbuf.get(), static_cast<std::uint16_t>(tcp::kMaximumHeader - size));
    const FlowTuple flow{{Host::v4(2), header.source_port}, {Host::v4(1), header.destination_port}};
    network_->send_tcp(flow, std::move(mbuf), now_);
    std::vector<rte_mbuf*> frames;
    for (rte_mbuf* frame : network_->outgoing(0)) frames.push_back(frame);
    network_->transmitted(0, frames.size());
    target_.receive(frames, now_);
  }

  /// A turn of the target; keeps the numbers of what it sent last.
  void turn(Duration time = {}) {
    now_ = now_ + time;
    target_.stack().advance(now_);
    while (const auto ready = target_.stack().next_ready()) {
      id = ready->id;
      if ((ready->events & tcp::Events::kClosed) != 0) target_.stack().release(ready->id, now_);
    }
    target_.stack().output(now_);
    target_.transmit([this](MbufPtr frame) {
      const MbufPtr copy = copy_frame(*frame);
      Header header;
      if (!tcp::parse_header(Bytes(bytes_of(*copy)).subspan(34), header)) return;
      next_expected = header.acknowledgment;
      next_sent = header.sequence + (header.has(Flags::kSyn) ? 1 : 0);
    });
  }

  void open(std::uint16_t port) {
    Header header;
    header.source_port = port;
    header.destination_port = 80;
    header.flags = Flags::kSyn;
    header.sequence = 1000;
    header.window = 60000;
    header.has_mss = header.sack_permitted = true;
    header.mss = 1000;
    send(header, 0);
    turn();
    header = follow(port);
    send(header, 0);
    turn();
  }
  /// An ACK at the expected place.
  Header follow(std::uint16_t port) const {
    Header header;
    header.source_port = port;
    header.destination_port = 80;
    header.flags = Flags::kAck;
    header.sequence = next_expected;
    header.acknowledgment = next_sent;
    header.window = 60000;
    return header;
  }

  Host& target() { return target_; }
  tcp::ConnectionId id;
  std::uint32_t next_expected = 0;
  std::uint32_t next_sent = 0;

 private:
  Instant now_ = Instant{} + seconds(1);
  Random random_ = Random::from_number(9);
  Host target_;
  std::unique_ptr<net::Network> network_;
};

TEST(Robustness, SurvivesRandomSegments) {
  const std::uint32_t before = buffers_in_use();
  {
    Attacker attacker;
    ASSERT_TRUE(attacker.target().stack().listen({Host::v4(1), 80}, 1));
    Dice random(11);
    for (int i = 0; i < 100000; ++i) {
      const auto port = static_cast<std::uint16_t>(1000 + random() % 8);
      if (i % 50 == 0) attacker.open(port);
      // Near what is expected, most of the time: far off only tests the window check.
      Header header = attacker.follow(port);
      header.flags = static_cast<std::uint8_t>(random() % 4 == 0 ? random() % 256 : Flags::kAck);
      if (random() % 2 == 0) header.sequence += static_cast<std::uint32_t>(random() % 5000) - 2500;
      if (random() % 4 == 0) header.acknowledgment += static_cast<std::uint32_t>(random() % 5000) - 2500;
      if (random() % 20 == 0) header.sequence = random();
      if (random() % 20 == 0) header.acknowledgment = random();
      header.window = static_cast<std::uint16_t>(random() % 3 == 0 ? 0 : random());
      header.has_timestamps = random() % 3 == 0;
      header.timestamp = random();
      header.has_mss = random() % 8 == 0;
      header.mss = static_cast<std::uint16_t>(random() % 4);
      header.sack_count = static_cast<std::uint8_t>(random() % 3);
      for (auto& block : header.sack)
        block = {header.acknowledgment + static_cast<std::uint32_t>(random() % 4000) - 1000,
                 header.acknowledgment + static_cast<std::uint32_t>(random() % 4000) - 1000};
      attacker.send(header, static_cast<std::uint32_t>(random() % 5 == 0 ? random() % 1400 : 0));
      tcp::Stack& stack = attacker.target().stack();
      if (attacker.id && random() % 4 == 0) stack.send(attacker.id, pattern_chain(0, 3000), Instant{} + seconds(1));
      if (attacker.id && random() % 10 == 0)
        if (Chain* const chain = stack.received(attacker.id)) {
          const std::uint32_t size = chain->size();
          chain->clear();
          stack.consumed(attacker.id, size, Instant{} + seconds(1));
        }
      if (attacker.id && random() % 40 == 0) stack.shutdown(attacker.id, Instant{} + seconds(1));
      if (attacker.id && random() % 50 == 0) stack.release(attacker.id, Instant{} + seconds(1));
      if (attacker.id && random() % 100 == 0) {
        net::ReceivedBatch batch;
        batch.errors.push_back({static_cast<net::IcmpError::Kind>(random() % 3),
                                {{Host::v4(1), 80}, {Host::v4(2), port}},
                                header.acknowledgment,
                                static_cast<std::uint16_t>(random())});
        stack.input(batch, Instant{} + seconds(1));
      }
      attacker.turn(milliseconds(static_cast<std::int64_t>(random() % 20)));
    }
    const tcp::Counters& counters = attacker.target().stack().counters();
    EXPECT_GT(counters.connections_accepted.value(), 100U);
    EXPECT_LE(attacker.target().stack().connections(), 256U);
    // Time ends everything but what its owner holds.
    for (int i = 0; i < 200; ++i) attacker.turn(seconds(120));
  }
  EXPECT_EQ(buffers_in_use(), before);
}

// Segments of one byte with gaps between them hold a buffer each: memory bounds them, not the window.
TEST(Robustness, TinySegmentsCannotTakeThePool) {
  const std::uint32_t before = buffers_in_use();
  {
    tcp::Config config{.max_connections = 256};
    config.receive_buffer = 64 * 1024;
    Attacker attacker(config);
    ASSERT_TRUE(attacker.target().stack().listen({Host::v4(1), 80}, 1));
    for (std::uint16_t port = 1000; port < 1100; ++port) {
      attacker.open(port);
      const Header start = attacker.follow(port);
      for (std::uint32_t i = 3000; i > 1; --i) {
        Header header = start;
        header.sequence += 2 * i;
        attacker.send(header, 1);
        if (i % 64 == 0) attacker.turn();
      }
      attacker.turn();
    }
    EXPECT_LT(buffers_in_use() - before, pools().packets()->size * 6 / 10);
    EXPECT_GT(attacker.target().stack().counters().dropped_memory.value(), 0U);
    // An honest connection still gets a TLS record through.
    attacker.open(9000);
    for (std::uint32_t i = 0; i < 12; ++i) {
      attacker.send(attacker.follow(9000), 1400);
      attacker.turn(milliseconds(50));
    }
    EXPECT_EQ(attacker.target().stack().received(attacker.id)->size(), 12U * 1400);
  }
  EXPECT_EQ(buffers_in_use(), before);
}

TEST(Robustness, HalfOpenConnectionsAreBounded) {
  tcp::Config config{.max_connections = 256};
  config.max_half_open = 50;
  Attacker attacker(config);
  ASSERT_TRUE(attacker.target().stack().listen({Host::v4(1), 80}, 1));
  for (std::uint16_t port = 1000; port < 2000; ++port) {
    Header header;
    header.source_port = port;
    header.destination_port = 80;
    header.flags = Flags::kSyn;
    attacker.send(header, 0);
    attacker.turn();
  }
  const tcp::Counters& counters = attacker.target().stack().counters();
  EXPECT_EQ(counters.half_open.value(), 50U);
  EXPECT_EQ(counters.syn_cookies_sent.value(), 950U);
  // RFC 4987 section 3.6: honest clients connect all the same.
  for (std::uint16_t port = 3000; port < 3050; ++port) attacker.open(port);
  EXPECT_EQ(counters.connections_accepted.value(), 50U);
  attacker.turn();
  attacker.turn(seconds(120));
  EXPECT_LT(counters.half_open.value(), 51U);
  for (int i = 0; i < 10; ++i) attacker.turn(seconds(60));
  EXPECT_EQ(attacker.target().stack().connections(), 50U);
}

// RFC 4987 section 3.6: 28 bits stand between a flood of ACKs and a connection.
TEST(Robustness, ForgedCookiesOpenNothing) {
  tcp::Config config{.max_connections = 256};
  config.max_half_open = 0;
  Attacker attacker(config);
  ASSERT_TRUE(attacker.target().stack().listen({Host::v4(1), 80}, 1));
  attacker.open(1000);
  Dice random(5);
  for (int i = 0; i < 100000; ++i) {
    Header header = attacker.follow(1001);
    header.acknowledgment = random();
    attacker.send(header, 0);
    if (i % 64 == 0) attacker.turn();
  }
  EXPECT_EQ(attacker.target().stack().counters().connections_accepted.value(), 1U);
  EXPECT_EQ(attacker.target().stack().counters().syn_cookies_wrong.value(), 100000U);
}

TEST(Robustness, InitialNumbersAndPortsAreNotGuessable) {
  tcp::Config config{.max_connections = 256};
  Attacker one(config);
  std::vector<std::uint32_t> numbers;
  std::vector<std::uint16_t> ports;
  for (int i = 0; i < 20; ++i) {
    const auto id = one.target().stack().connect({Host::v4(3 + i % 2), 80}, 0, Instant{} + seconds(1));
    ASSERT_TRUE(id);
    ports.push_back(one.target().stack().info(*id)->flow.local.port);
    one.turn();
    numbers.push_back(one.next_sent);
  }
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::uint32_t step = numbers[i] - numbers[i - 1];
    EXPECT_TRUE(step > 100000 && step < 0xffffffff - 100000) << "at the same instant, other flows start elsewhere";
  }
  std::sort(ports.begin(), ports.end());
  EXPECT_EQ(std::unique(ports.begin(), ports.end()), ports.end());
}

}  // namespace
}  // namespace lockstep::testing

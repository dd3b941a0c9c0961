// A worker with an echo service on a simulated Ethernet, and a peer to talk to it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/worker/worker.h"
#include "tests/sim/peer.h"

namespace lockstep::worker::test {

constexpr Instant kStart{1'000'000'000};

/// Made once per process; every test leaves them unused.
inline MbufPools& pools() {
  static const std::unique_ptr<MbufPools> made = [] {
    auto result = MbufPools::create("worker", {4095, 63, 4095});
    EXPECT_TRUE(result.ok()) << result.error();
    return std::move(result.value());
  }();
  return *made;
}

inline unsigned buffers_in_use() {
  return rte_mempool_in_use_count(pools().packets()) + rte_mempool_in_use_count(pools().records()) +
         rte_mempool_in_use_count(pools().clones());
}

inline WorkerConfig small_config(std::uint16_t index = 0) {
  WorkerConfig config;
  config.index = index;
  config.tcp.max_connections = 64;
  config.tcp.max_time_wait = 16;
  config.tcp.max_half_open = 16;
  config.limits.max_connections = 64;
  config.limits.tls = {.handshakes = 4, .large_messages = 1, .record_jobs = 16};
  config.interfaces = {sim::interface_of(1, 1500)};
  config.interfaces[0].answers = index == 0;
  config.event_capacity = 16;
  return config;
}

/// Echo at port 7 of 10.0.0.1.
inline proxy::Snapshot echo_snapshot(std::uint64_t epoch = 1) {
  proxy::Snapshot snapshot;
  snapshot.epoch = epoch;
  snapshot.services.emplace_back();
  proxy::ServiceConfig& service = snapshot.services.back();
  service.name = "echo";
  service.mode = proxy::Mode::tcp;
  service.listen = {{sim::v4_of(1), 7}};
  service.builtin = proxy::Builtin::echo;
  return snapshot;
}

class Bench : public ::testing::Test {
 protected:
  Bench() {
    station_ = ethernet_.attach(sim::mac_of(1), {&pools()});
    sim::PeerSettings settings{.number = 2, .mtu = 1500, .tcp = {}};
    settings.tcp.max_connections = 64;
    peer_.emplace(settings, ethernet_, pools(), random_, kStart);
    worker_.emplace(small_config(), pools(), std::vector<io::PacketQueue*>{&ethernet_.port(station_)}, crypto::Policy{},
                    nullptr, random_, kStart);
  }
  void TearDown() override {
    worker_.reset();
    ethernet_.advance(now_);
    peer_.reset();
    std::array<rte_mbuf*, 64> burst;
    for (std::size_t n = 1; n != 0;) {
      n = ethernet_.port(station_).receive(burst);
      for (std::size_t i = 0; i < n; ++i) rte_pktmbuf_free(burst[i]);
    }
    EXPECT_EQ(buffers_in_use(), 0U);
  }

  bool post(const Message& message) { return worker_->post(message); }
  void start_echo() {
    ASSERT_TRUE(post({.kind = Message::Kind::snapshot, .snapshot = &snapshot_}));
    worker_->turn(now_);
  }
  /// Lets `time` pass in steps.
  void run(Duration time) {
    for (const Instant end = now_ + time; now_ < end; now_ = now_ + microseconds(100)) {
      ethernet_.advance(now_);
      worker_->turn(now_);
      peer_->turn(now_, [&](const tcp::Ready& ready) {
        events_ |= ready.events;
        received_ += peer_->take(ready.id, now_);
        if (const auto info = peer_->stack().info(ready.id)) close_reason_ = info->close_reason;
      });
    }
  }
  /// A connection to the echo service, established.
  tcp::ConnectionId connect() {
    const auto id = peer_->stack().connect({sim::v4_of(1), 7}, 1, now_);
    EXPECT_TRUE(id.has_value());
    peer_->flush(now_);
    run(milliseconds(10));
    EXPECT_NE(events_ & tcp::Events::kConnected, 0);
    return *id;
  }

  Random random_ = Random::from_number(1);
  sim::Ethernet ethernet_{{}, 1};
  std::size_t station_ = 0;
  std::optional<sim::Peer> peer_;
  proxy::Snapshot snapshot_ = echo_snapshot();
  std::optional<Worker> worker_;
  Instant now_ = kStart;
  std::uint8_t events_ = 0;
  std::string received_;
  tcp::CloseReason close_reason_ = tcp::CloseReason::none;
};

}  // namespace lockstep::worker::test

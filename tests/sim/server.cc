#include "tests/sim/server.h"

#include <algorithm>

#include "crypto/openssl/engine.h"
#include "crypto/record/engine.h"
#include "dataplane/proxy/access_event.h"
#include "tests/sim/peer.h"

namespace lockstep::sim {

/// A worker with what belongs to its core.
struct Server::Core final : public Steering {
  Core(const Ethernet& ethernet_, std::size_t station_, std::size_t index_, std::uint64_t seed)
      : ethernet(ethernet_), station(station_), index(index_), random(Random::from_number(seed)) {}
  bool owns(const FlowTuple& flow) const override { return ethernet.owns(station, index, flow); }

  const Ethernet& ethernet;
  std::size_t station;
  std::size_t index;
  Random random;
  std::unique_ptr<crypto::Engine> libcrypto;
  std::unique_ptr<crypto::Engine> records;
  std::unique_ptr<test::ScriptedEngine> scripted;
  EthernetPort* port = nullptr;
  std::unique_ptr<worker::Worker> worker;
};

namespace {

/// Each kind's engine; what has lanes waits up to 50 µs for them.
crypto::Policy policy_of(crypto::Engine& all, crypto::Engine* records, std::uint16_t lanes) {
  crypto::Policy policy;
  for (std::size_t kind = 0; kind < policy.size(); ++kind) {
    policy[kind].engine = &all;
    policy[kind].lanes = lanes;
    policy[kind].budget = microseconds(50);
    if (records != nullptr && records->supports(static_cast<crypto::JobClass>(kind))) policy[kind].engine = records;
  }
  return policy;
}

worker::WorkerConfig config_of(const ServerSettings& settings, std::size_t index) {
  worker::WorkerConfig config;
  config.index = static_cast<std::uint16_t>(index);
  config.tcp = settings.tcp;
  config.limits.max_connections = 128;
  config.limits.tls = {.handshakes = 64, .large_messages = 4, .record_jobs = 256};
  config.limits.buffered_per_connection = settings.buffered_per_connection;
  config.interfaces = {interface_of(kServerNumber, settings.mtu)};
  config.interfaces[0].answers = index == 0;
  config.event_capacity = 256;
  config.wall_clock_offset = seconds(1'700'000'000);
  return config;
}

}  // namespace

Server::Server(const ServerSettings& settings, Ethernet& ethernet, const std::vector<MbufPools*>& pools,
               std::uint64_t seed, Instant now)
    : station_(ethernet.attach(mac_of(kServerNumber), pools)) {
  for (std::size_t i = 0; i < pools.size(); ++i) {
    auto core = std::make_unique<Core>(ethernet, station_, i, seed * 8 + i);
    core->libcrypto = crypto::make_openssl_engine(core->random);
    if (settings.scripted) {
      core->scripted = std::make_unique<test::ScriptedEngine>(*core->libcrypto, seed);
    } else if (auto made = crypto::make_ipsec_mb_engine(16)) {
      core->records = std::move(made.value());
    }
    crypto::Engine& all = settings.scripted ? static_cast<crypto::Engine&>(*core->scripted) : *core->libcrypto;
    core->port = &ethernet.port(station_, i);
    core->worker = std::make_unique<worker::Worker>(
        config_of(settings, i), *pools[i], std::vector<io::PacketQueue*>{core->port},
        policy_of(all, core->records.get(), settings.lanes), core.get(), core->random, now);
    cores_.push_back(std::move(core));
  }
}

/// Workers go before the snapshots that they refer to.
Server::~Server() {
  for (const auto& core : cores_) core->worker.reset();
}

worker::Worker& Server::worker(std::size_t index) {
  return *cores_[index]->worker;
}

bool Server::turn(Instant now) {
  bool any = false;
  for (const auto& core : cores_) {
    if (!posted_ && !core->port->has_frames() && core->worker->next() > now) continue;
    any = core->worker->turn(now) || any;
    Event event;
    while (core->worker->events().pop(event)) note(event);
  }
  posted_ = false;
  destroy_unused_snapshots();
  return any;
}

std::string Server::counters() {
  std::string text;
  const auto add = [&](CounterType, const char* name, const char*, std::uint64_t value) {
    if (value != 0) text += std::string(" ") + name + "=" + std::to_string(value);
  };
  for (std::size_t i = 0; i < cores_.size(); ++i) {
    text += "worker " + std::to_string(i) + ":";
    worker(i).network().counters().visit(add);
    worker(i).stack().counters().visit(add);
    worker(i).proxy().counters().visit(add);
    text += " jobs_in_flight=" + std::to_string(worker(i).batch().in_flight()) + "\n";
  }
  return text;
}

void Server::note(const Event& event) {
  if (event.kind != proxy::kAccessEvent) return;
  const auto access = event.as<proxy::AccessEvent>();
  access_lines_ += "at " + std::to_string(event.at.ns / 1000) + " us, worker " + std::to_string(event.worker) + ": " +
                   access.service.data() + " " + access.client.remote.to_string() + " " + access.reason.data() +
                   (access.established ? "" : ", not established") + ", TLS error " +
                   std::to_string(static_cast<int>(access.tls_error)) + ", TCP " + tcp::name(access.client_close) +
                   ", backend TCP " + tcp::name(access.backend_close) + ", received " +
                   std::to_string(access.bytes_received) + ", sent " + std::to_string(access.bytes_sent) + ", took " +
                   std::to_string(access.duration.ns / 1000) + " us\n";
}

Instant Server::next() const {
  Instant next = Instant::never();
  for (const auto& core : cores_) next = std::min(next, core->worker->next());
  return next;
}

void Server::post(const worker::Message& message) {
  for (const auto& core : cores_) posted_ = core->worker->post(message);
}

void Server::publish(std::unique_ptr<proxy::Snapshot> snapshot) {
  worker::Message message{.kind = worker::Message::Kind::snapshot};
  message.snapshot = snapshot.get();
  snapshots_.push_back(std::move(snapshot));
  post(message);
}

void Server::destroy_unused_snapshots() {
  std::uint64_t oldest = UINT64_MAX;
  for (const auto& core : cores_) oldest = std::min(oldest, core->worker->oldest_pinned());
  while (snapshots_.size() > 1 && snapshots_.front()->epoch < oldest) snapshots_.erase(snapshots_.begin());
}

void Server::drain(Duration limit) {
  worker::Message message{.kind = worker::Message::Kind::drain};
  message.limit = limit;
  post(message);
}

bool Server::drained() const {
  return std::all_of(cores_.begin(), cores_.end(), [](const auto& core) { return core->worker->drained(); });
}

}  // namespace lockstep::sim

// What a seed says about the network, the server, the clients and what disturbs them.
#include <array>

#include "tests/sim/credentials.h"
#include "tests/sim/pools.h"
#include "tests/sim/scenario.h"

namespace lockstep::sim {

namespace {

// Ports of the services, each with TLS and plain.
constexpr std::uint16_t kTlsPort = 1000;
constexpr std::uint16_t kPlainPort = 2000;
constexpr std::array kTalks = {Talk::echo, Talk::http, Talk::chargen, Talk::daytime, Talk::discard};
/// A host that only waits notices a lost RST by this.
constexpr Duration kKeepalive = seconds(30);
constexpr std::uint16_t kProxied = 10;  // added to the port: an echo on the backends

proxy::Builtin builtin_of(Talk talk) {
  switch (talk) {
    case Talk::echo:
      return proxy::Builtin::echo;
    case Talk::http:
      return proxy::Builtin::http;
    case Talk::chargen:
      return proxy::Builtin::chargen;
    case Talk::daytime:
      return proxy::Builtin::daytime;
    case Talk::discard:
      break;
  }
  return proxy::Builtin::discard;
}

}  // namespace

std::unique_ptr<proxy::Snapshot> Scenario::make_snapshot() {
  auto snapshot = std::make_unique<proxy::Snapshot>();
  snapshot->epoch = ++epoch_;
  const auto tls = tls_config();
  for (const proxy::Mode mode : {proxy::Mode::tls, proxy::Mode::tcp}) {
    const bool secure = mode == proxy::Mode::tls;
    const std::uint16_t base = secure ? kTlsPort : kPlainPort;
    const auto add = [&](const std::string& name, std::uint16_t port) -> proxy::ServiceConfig& {
      proxy::ServiceConfig& service = snapshot->services.emplace_back();
      service.name = name + (secure ? "-tls" : "-tcp");
      service.mode = mode;
      service.listen = {{v4_of(kServerNumber), port}, {v6_of(kServerNumber), port}};
      if (secure) service.tls = tls;
      service.idle_timeout = seconds(900);
      return service;
    };
    for (const Talk talk : kTalks) {
      const auto index = static_cast<std::uint16_t>(talk);
      proxy::ServiceConfig& service = add("builtin" + std::to_string(index), static_cast<std::uint16_t>(base + index));
      service.builtin = builtin_of(talk);
      service.chargen_bytes = chargen_bytes_;
    }
    proxy::ServiceConfig& proxied = add("proxied", static_cast<std::uint16_t>(base + kProxied));
    proxied.connect_timeout = seconds(60);
    for (const auto& backend : backends_)
      proxied.backends.push_back({"b" + std::to_string(backend->number()), {v4_of(backend->number()), Backend::kPort}});
  }
  return snapshot;
}

void Scenario::plan_network() {
  Impairments impairments;
  impairments.delay = microseconds(10 + below(chance(30) ? 30'000 : 500));
  if (chance(60)) impairments.loss = below(50);
  if (chance(40)) impairments.duplicate = below(30);
  if (chance(50)) impairments.reorder = below(100);
  if (chance(40)) impairments.corrupt = below(20);
  if (chance(30)) impairments.bytes_per_second = 200'000 + below(20'000'000);
  impairments.queue_limit = 16 + below(300);
  ethernet_.emplace(impairments, seed_);
  description_ += "loss " + std::to_string(impairments.loss) + ", duplicate " + std::to_string(impairments.duplicate) +
                  ", reorder " + std::to_string(impairments.reorder) + ", corrupt " +
                  std::to_string(impairments.corrupt) + " of 1000, delay " +
                  std::to_string(impairments.delay.ns / 1000) + " us, rate " +
                  std::to_string(impairments.bytes_per_second) + " B/s";
}

void Scenario::plan_server() {
  ServerSettings settings;
  settings.mtu = static_cast<std::uint16_t>(chance(70) ? 1500 : 1280 + below(700));
  settings.tcp.max_connections = 256;
  settings.tcp.max_time_wait = 128;
  settings.tcp.max_half_open = 64;
  if (chance(20)) settings.tcp.receive_buffer = 20'000 + below(20'000);  // a record has to fit
  if (chance(20)) settings.tcp.send_buffer = 20'000 + below(20'000);
  settings.scripted = chance(40);
  settings.lanes = static_cast<std::uint16_t>(chance(50) ? 1 : 8);
  const std::size_t workers = 1 + below(2);
  const bool scarce = chance(15);
  for (std::size_t i = 0; i < workers; ++i) worker_pools_.push_back(&server_pools(i, scarce));
  chargen_bytes_ = below(chance(10) ? 1'000'000 : 50'000);
  server_.emplace(settings, *ethernet_, worker_pools_, seed_, now_);
  for (unsigned number = 3; number < 5; ++number) {
    PeerSettings peer{.number = number, .mtu = 1500, .tcp = {}};
    peer.tcp.max_connections = 256;
    peer.tcp.keepalive_idle = kKeepalive;
    if (chance(20)) peer.tcp.receive_buffer = 2048 + below(10'000);
    backends_.push_back(std::make_unique<Backend>(peer, *ethernet_, peer_pools(), random_, now_));
  }
  server_->publish(make_snapshot());
  description_ += "; " + std::to_string(workers) + " workers" + (scarce ? " with few buffers" : "") +
                  (settings.scripted ? ", scripted engine" : "") + ", lanes " + std::to_string(settings.lanes);
}

ClientPlan Scenario::plan_client() {
  ClientPlan plan;
  plan.talk = kTalks[below(kTalks.size())];
  const bool secure = chance(65);
  const bool proxied = plan.talk == Talk::echo && chance(60);
  plan.server.ip = chance(75) ? v4_of(kServerNumber) : v6_of(kServerNumber);
  plan.server.port = static_cast<std::uint16_t>((secure ? kTlsPort : kPlainPort) +
                                                (proxied ? kProxied : static_cast<std::uint16_t>(plan.talk)));
  plan.bytes = plan.talk == Talk::chargen ? chargen_bytes_ : below(chance(15) ? 600'000 : 30'000);
  if (secure) {
    plan.tls.emplace();
    if (chance(40)) plan.tls->max_version = 0x0303;
    static constexpr std::array kGroups = {"", "X25519", "P-256", "P-521:X25519"};  // the last: a retry in TLS 1.3
    plan.tls->groups = kGroups[below(kGroups.size())];
  }
  plan.start = now_ + random_time(milliseconds(300));
  plan.ending = std::array{Ending::graceful, Ending::graceful, Ending::leave, Ending::reset}[below(4)];
  if (plan.talk == Talk::discard && plan.ending == Ending::reset)
    plan.ending = Ending::graceful;  // loses what was said
  plan.half_close = (plan.talk == Talk::echo || plan.talk == Talk::discard || plan.talk == Talk::http) && chance(30);
  plan.largest_write = 1 + below(chance(30) ? 200 : 40'000);
  if (chance(8)) plan.reset_after = below(plan.bytes + 1);
  return plan;
}

void Scenario::plan_clients() {
  PeerSettings settings{.number = 2, .mtu = 1500, .tcp = {}};
  settings.tcp.max_connections = 256;
  settings.tcp.keepalive_idle = kKeepalive;
  if (chance(25)) settings.tcp.receive_buffer = 1024 + below(8192);
  if (chance(25)) settings.mtu = static_cast<std::uint16_t>(1280 + below(700));
  peer_.emplace(settings, *ethernet_, peer_pools(), random_, now_);
  const std::uint32_t count = 2 + below(12);
  for (std::uint32_t i = 0; i < count; ++i)
    clients_.push_back(std::make_unique<Client>(plan_client(), *peer_, i, random_));
  description_ += "; " + std::to_string(count) + " clients";
  if (!chance(15)) return;
  settings.number = 5;
  doomed_.emplace(settings, *ethernet_, peer_pools(), random_, now_);
  for (std::uint32_t i = 0; i < 3; ++i)
    doomed_clients_.push_back(std::make_unique<Client>(plan_client(), *doomed_, i, random_));
  description_ += " and 3 that vanish";
}

/// Something is about to happen to backends: their clients may fail.
void Scenario::excuse_proxied_clients() {
  for (const auto* const clients : {&clients_, &doomed_clients_})
    for (const auto& client : *clients)
      if (client->plan().server.port % 100 == kProxied) client->excuse();
}

void Scenario::plan_disturbances() {
  const auto any_time = [&] { return now_ + random_time(milliseconds(chance(50) ? 200 : 3000)); };
  for (std::uint32_t reloads = chance(40) ? 1 + below(6) : 0; reloads > 0; --reloads)
    at(any_time(), [this] { server_->publish(make_snapshot()); });
  if (chance(20)) {
    description_ += "; a link goes down";
    const std::size_t station = chance(50) ? server_->station() : peer_->station();
    const Instant down = any_time();
    at(down, [this, station] { ethernet_->connect(station, false); });
    at(down + random_time(seconds(4)), [this, station] { ethernet_->connect(station, true); });
  }
  if (chance(20)) {
    description_ += "; backends reset their connections";
    killed_anything_ = true;
    for (std::uint32_t i = 0; i < 2; ++i)
      at(any_time(), [this, i] {
        excuse_proxied_clients();
        backends_[i]->reset_all(now_);
      });
  }
  if (chance(10)) {
    description_ += "; a backend vanishes";
    killed_anything_ = true;
    at(any_time(), [this] {
      excuse_proxied_clients();
      ethernet_->connect(backends_[0]->peer().station(), false);
    });
  }
  if (doomed_) {
    killed_anything_ = true;
    at(any_time(), [this] { kill_clients_for_good(); });
  }
}

}  // namespace lockstep::sim

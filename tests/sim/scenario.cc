#include "tests/sim/scenario.h"

#include <algorithm>

#include "tests/sim/credentials.h"
#include "tests/sim/deterministic_rand.h"
#include "tests/sim/pools.h"

namespace lockstep::sim {

namespace {

/// A simulation that takes more steps is stuck in a circle.
constexpr std::uint64_t kMostSteps = 3'000'000;
constexpr Duration kShortestStep = microseconds(1);
/// TCP gives up after about 13 minutes of silence; two such in a row and TIME-WAIT are the longest way out.
constexpr Duration kLongestConversation = seconds(3600);
constexpr Duration kDrainLimit = seconds(120);

}  // namespace

Scenario::Scenario(std::uint64_t seed) : seed_(seed), random_(Random::from_number(seed)) {
  make_certificates();
  seed_libcrypto(seed);
  plan_network();
  plan_server();
  plan_clients();
  plan_disturbances();
}

Scenario::~Scenario() = default;

std::string Scenario::describe() const {
  return "seed " + std::to_string(seed_) + ": " + description_;
}

std::string Scenario::run() {
  if (!run_until([this] { return clients_done(); }, kLongestConversation)) complain("not all clients came to an end");
  check_clients();
  check_drain();
  check_counters();
  const EthernetCounters& frames = ethernet_->counters();
  record_ = server_->access_lines() + server_->counters() + std::to_string(frames.sent) + " frames sent, " +
            std::to_string(frames.delivered) + " delivered, " + std::to_string(frames.lost) + " lost; ended at " +
            std::to_string(now_.ns) + "\n";
  check_buffers();
  return failures_.empty() ? "" : failures_ + record_;
}

Instant Scenario::next() const {
  Instant next = std::min({ethernet_->next(), server_->next(), peer_->next()});
  for (const auto& backend : backends_) next = std::min(next, backend->peer().next());
  if (doomed_) next = std::min(next, doomed_->next());
  for (const auto* const clients : {&clients_, &doomed_clients_})
    for (const auto& client : *clients) next = std::min(next, client->start());
  return actions_.empty() ? next : std::min(next, actions_.begin()->first);
}

void Scenario::step() {
  ethernet_->advance(now_);
  while (!actions_.empty() && actions_.begin()->first <= now_) actions_.extract(actions_.begin()).mapped()();
  server_->turn(now_);
  for (const auto& backend : backends_)
    if (backend->peer().has_frames() || backend->peer().next() <= now_) backend->turn(now_);
  turn_clients();
}

void Scenario::turn_clients() {
  for (const bool doomed : {false, true}) {
    std::optional<Peer>& peer = doomed ? doomed_ : peer_;
    const auto& clients = doomed ? doomed_clients_ : clients_;
    bool any = false;
    for (const auto& client : clients) {
      if (client->start() > now_) continue;
      client->begin(now_);
      any = true;
    }
    if (!peer || !(any || peer->has_frames() || peer->next() <= now_)) continue;
    peer->turn(now_, [&](const tcp::Ready& ready) {
      if (ready.cookie < clients.size()) clients[ready.cookie]->event(ready, now_);
    });
  }
}

bool Scenario::run_until(const std::function<bool()>& over, Duration limit) {
  const Instant end = now_ + limit;
  for (std::uint64_t steps = 0; steps < kMostSteps && now_ < end; ++steps) {
    step();
    if (over()) return true;
    now_ = std::max(now_ + kShortestStep, std::min(next(), end));
  }
  return over();
}

void Scenario::kill_clients_for_good() {
  ethernet_->connect(doomed_->station(), false);
  for (const auto& client : doomed_clients_) client->vanish();
}

bool Scenario::clients_done() const {
  const auto done = [](const auto& client) { return client->done(); };
  return std::all_of(clients_.begin(), clients_.end(), done) &&
         std::all_of(doomed_clients_.begin(), doomed_clients_.end(), done);
}

void Scenario::check_clients() {
  for (const auto* const clients : {&clients_, &doomed_clients_}) {
    for (const auto& client : *clients) {
      if (!client->failure().empty()) complain(client->failure());
      if (!client->done()) complain("stuck: " + client->describe());
    }
  }
}

/// After the clients are gone the server has to get rid of everything by itself, and to say so.
void Scenario::check_drain() {
  const auto quiet = [this] {
    return server_->sum([](worker::Worker& worker) {
      return worker.stack().connections() - worker.stack().counters().time_wait.value();
    }) == 0;
  };
  (void)run_until(quiet, seconds(60));  // what clients left on the way still arrives
  server_->drain(kDrainLimit);
  const Instant begin = now_;
  if (!run_until([this] { return server_->drained(); }, seconds(1800))) complain("never drained");
  if (now_ > begin + kDrainLimit + seconds(1)) complain("drained long after the limit");
  const auto connections = [](worker::Worker& worker) { return worker.proxy().connections(); };
  if (server_->sum(connections) != 0) complain("client connections are left after the drain");
  const auto left = [this] {
    return server_->sum([](worker::Worker& worker) { return worker.stack().connections(); }) == 0;
  };
  if (!run_until(left, seconds(3600))) complain("TCP connections of the server are left");
  if (server_->snapshots() != 1) complain("old snapshots are still in use");
}

void Scenario::check_counters() {
  const auto sum = [this](auto of) {
    return server_->sum([&](worker::Worker& worker) { return of(worker.proxy().counters()); });
  };
  using C = const proxy::Counters&;
  const std::uint64_t accepted = sum([](C c) { return c.connections_accepted.value(); });
  const std::uint64_t ended = sum([](C c) { return c.connections_finished.value() + c.connections_failed.value(); });
  if (accepted != ended)
    complain(std::to_string(accepted) + " connections accepted, " + std::to_string(ended) + " ended");
  if (sum([](C c) { return c.connections.value(); }) != 0) complain("the gauge of connections is not back at 0");
  if (sum([](C c) { return c.ghosts.value(); }) != 0) complain("ghosts are left");
  if (server_->sum([](worker::Worker& w) { return w.batch().in_flight(); }) != 0) complain("jobs are left");

  std::uint64_t said = 0;
  std::uint64_t heard = 0;
  bool all_completed = !killed_anything_;
  for (const auto& client : clients_) {
    all_completed = all_completed && client->completed();
    said += client->said();
    heard += client->heard();
  }
  if (!all_completed) return;
  const std::uint64_t from = sum([](C c) { return c.bytes_from_clients.value(); });
  const std::uint64_t to = sum([](C c) { return c.bytes_to_clients.value(); });
  if (from != said) complain("clients said " + std::to_string(said) + " bytes, " + std::to_string(from) + " counted");
  if (to < heard) complain("clients heard " + std::to_string(heard) + " bytes, " + std::to_string(to) + " counted");
}

void Scenario::check_buffers() {
  server_.reset();
  backends_.clear();
  clients_.clear();
  doomed_clients_.clear();
  peer_.reset();
  doomed_.reset();
  ethernet_.reset();
  if (const unsigned count = buffers_in_use(); count != 0)
    complain(std::to_string(count) + " buffers are not given back");
}

}  // namespace lockstep::sim

#include "tests/unit/dataplane/proxy/world.h"

#include <gtest/gtest.h>
#include <rte_mempool.h>

#include <algorithm>
#include <cstring>

#include "crypto/openssl/engine.h"
#include "tests/unit/dataplane/tls/credentials.h"

namespace lockstep::proxy::test {

namespace {

net::MacAddress mac(unsigned number) {
  return {2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)};
}

std::string unique_name(const char* name) {
  static unsigned count = 0;
  return name + std::to_string(count++);
}

net::InterfaceConfig interface_of(unsigned number) {
  net::InterfaceConfig config;
  config.name = "wire";
  config.mac = mac(number);
  config.addresses = {{IpAddress::v4(0x0a000000 + number), 24}};
  for (unsigned i = 1; i < 10; ++i)
    if (i != number) config.neighbours.push_back({IpAddress::v4(0x0a000000 + i), mac(i)});
  return config;
}

Random& engine_random() {
  static Random random = Random::from_number(99);
  return random;
}

}  // namespace

World::Side::Side(const char* name, unsigned number, const MbufPoolSizes& sizes, const tcp::Config& config, Instant now)
    : pools(std::move(MbufPools::create(unique_name(name), sizes).value())),
      random(Random::from_number(number)),
      network(std::make_unique<net::Network>(std::vector{interface_of(number)}, *pools, random, 16384, now)),
      tcp(std::make_unique<tcp::Stack>(config, *network, *pools, random, nullptr, now)) {}

unsigned World::Side::in_use() const {
  return rte_mempool_in_use_count(pools->packets()) + rte_mempool_in_use_count(pools->records()) +
         rte_mempool_in_use_count(pools->clones());
}

World::World(const WorldOptions& options)
    : proxy_side_("proxy", 1, options.pools, options.tcp, now_),
      peer_side_("peer", 2, {.packets = 32767, .records = 15, .clones = 32767},
                 {.max_connections = 1024, .time_wait = milliseconds(10)}, now_),
      engine_(crypto::make_openssl_engine(engine_random())),
      by_seed_(options.seed.has_value()) {
  if (options.seed.has_value()) script_ = std::make_unique<lockstep::test::ScriptedEngine>(*engine_, *options.seed);
  if (options.scripted) script_ = std::make_unique<lockstep::test::ScriptedEngine>(*engine_);
  crypto::Policy policy;
  for (crypto::ClassPolicy& kind : policy) {
    kind.engine = script_ != nullptr ? script_.get() : engine_.get();
    kind.scalar = kind.engine;
  }
  batch_ = std::make_unique<crypto::Batch>(policy);
  proxy_ = std::make_unique<Proxy>(options.limits, stack(), *batch_, pools(), proxy_side_.random, events_,
                                   seconds(784111777 - 1000), 0);
}

World::~World() {
  if (script_ != nullptr) {
    for (int i = 0; i < 100; ++i) {
      script_->release_all();
      run_jobs();
    }
  }
  const Counters& counters = proxy_->counters();
  EXPECT_EQ(counters.connections_accepted.value(),
            counters.connections_finished.value() + counters.connections_failed.value() + counters.connections.value());
  take_events();
  EXPECT_EQ(lines.size(), counters.connections_finished.value() + counters.connections_failed.value());
  proxy_.reset();
  proxy_side_.tcp.reset();
  proxy_side_.network.reset();
  EXPECT_EQ(proxy_side_.in_use(), 0U) << "buffers were lost";
}

void World::apply(std::vector<ServiceConfig> services) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->services = std::move(services);
  publish(std::move(snapshot));
}

bool World::rekey(const std::shared_ptr<const tls::TicketKeys>& keys) {
  const Snapshot& current = *snapshots_.rbegin()->second;
  auto snapshot = std::make_unique<Snapshot>(current);
  snapshot->repeats = current.configuration();
  for (ServiceConfig& service : snapshot->services) {
    if (service.tls == nullptr) continue;
    auto tls = std::make_shared<tls::ServerConfig>(*service.tls);
    tls->ticket_keys = keys;
    service.tls = std::move(tls);
  }
  return publish(std::move(snapshot));
}

bool World::publish(std::unique_ptr<Snapshot> snapshot) {
  snapshot->epoch = ++epoch_;
  const bool changed = proxy_->apply(*snapshot, now_);
  snapshots_.emplace(epoch_, std::move(snapshot));
  snapshots_.erase(snapshots_.begin(), snapshots_.lower_bound(proxy_->oldest_pinned()));
  return changed;
}

Stream& World::connect(std::uint16_t port) {
  Stream& stream = streams_.emplace_back();
  const std::uint64_t cookie = next_cookie_++;
  by_cookie_[cookie] = &stream;
  stream.id = *peer_side_.stack().connect({proxy_address(), port}, cookie, now_);
  return stream;
}

void World::listen(std::uint16_t port) {
  listeners_[port] = *peer_side_.stack().listen({peer_address(), port}, port);
}

void World::stop_listening(std::uint16_t port) {
  peer_side_.stack().close_listener(listeners_.at(port));
  listeners_.erase(port);
}

std::vector<Stream*> World::accepted(std::uint16_t port) {
  return accepted_[port];
}

Stream& World::backend(std::uint16_t port) {
  EXPECT_TRUE(until([&] { return !accepted(port).empty(); }));
  EXPECT_EQ(accepted(port).size(), 1U);
  return *accepted(port).front();
}

void World::reset(Stream& stream) {
  peer_side_.stack().abort(stream.id, now_);
  stream.gone = true;
}

bool World::carry(Side& from, Side& to) {
  const std::span<rte_mbuf*> frames = from.network->outgoing(0);
  std::vector<rte_mbuf*> copies;
  for (rte_mbuf* const frame : frames) {
    MbufPtr copy = cut ? nullptr : to.pools->packet();
    for (const rte_mbuf* piece = frame; copy != nullptr && piece != nullptr; piece = piece->next)
      std::memcpy(rte_pktmbuf_append(copy.get(), piece->data_len), rte_pktmbuf_mtod(piece, const void*),
                  piece->data_len);
    // Frames to the silent address are lost: its MAC address is nobody's.
    if (copy != nullptr && rte_pktmbuf_mtod(copy.get(), const std::uint8_t*)[5] == 9) copy.reset();
    if (copy != nullptr) copies.push_back(copy.release());
    rte_pktmbuf_free(frame);
  }
  const bool any = !frames.empty();
  from.network->transmitted(0, frames.size());
  to.network->receive(0, copies, now_, to.batch);
  to.stack().input(to.batch, now_);
  return any;
}

void World::turn() {
  moved_ = carry(peer_side_, proxy_side_);
  moved_ |= turn_proxy();
  moved_ |= carry(proxy_side_, peer_side_);
  for (const auto& hook : hooks) hook();
  turn_peer();
  take_events();
  snapshots_.erase(snapshots_.begin(), snapshots_.lower_bound(proxy_->oldest_pinned()));
}

bool World::run_jobs() {
  bool any = false;
  for (int pass = 0; pass < 16; ++pass) {
    crypto::JobList done;
    if (batch_->run(now_, true, done) == 0) break;
    any = true;
    while (crypto::Job* const job = done.pop()) proxy_->job_done(*job, now_);
  }
  return any;
}

bool World::turn_proxy() {
  bool any = proxy_->pump(now_);
  any |= run_jobs();
  proxy_->advance(now_);
  any |= script_ == nullptr && batch_->in_flight() > 0;  // for timers
  stack().advance(now_);
  proxy_side_.network->advance(now_);
  stack().output(now_);
  return any;
}

void World::turn_peer() {
  tcp::Stack& peer = peer_side_.stack();
  while (const auto ready = peer.next_ready()) {
    Stream* stream = nullptr;
    if ((ready->events & tcp::Events::kAccepted) != 0) {
      stream = &streams_.emplace_back();
      stream->id = ready->id;
      stream->connected = true;
      accepted_[static_cast<std::uint16_t>(ready->cookie)].push_back(stream);
      by_cookie_[next_cookie_] = stream;
      peer.set_cookie(ready->id, next_cookie_++);
    } else {
      stream = by_cookie_[ready->cookie];
    }
    if (stream->gone) continue;
    if ((ready->events & tcp::Events::kConnected) != 0) stream->connected = true;
    if ((ready->events & tcp::Events::kPeerClosed) != 0) stream->ended = true;
    if ((ready->events & tcp::Events::kClosed) != 0) stream->closed = peer.info(ready->id)->close_reason;
  }
  for (Stream& stream : streams_)
    if (!stream.gone) serve(stream);
  peer.advance(now_);
  peer_side_.network->advance(now_);
  peer.output(now_);
}

void World::serve(Stream& stream) {
  tcp::Stack& peer = peer_side_.stack();
  if (Chain* const chain = peer.received(stream.id); chain != nullptr && !stream.hold && !chain->empty()) {
    const std::uint32_t size = chain->size();
    const std::size_t before = stream.received.size();
    stream.received.resize(before + size);
    chain->copy(0, MutableBytes(reinterpret_cast<std::uint8_t*>(stream.received.data()) + before, size));
    chain->clear();
    peer.consumed(stream.id, size, now_);
    moved_ = true;
  }
  if (!stream.connected || stream.over()) return;
  Chain chain;
  std::size_t room = std::min<std::size_t>(peer.send_space(stream.id), stream.to_send.size());
  while (room > 0) {
    MbufPtr packet = peer_side_.pools->packet();
    if (packet == nullptr) break;
    const std::size_t size = std::min<std::size_t>(room, 1460);
    std::memcpy(rte_pktmbuf_append(packet.get(), static_cast<std::uint16_t>(size)), stream.to_send.data(), size);
    stream.to_send.erase(0, size);
    room -= size;
    chain.append(std::move(packet));
  }
  if (!chain.empty()) peer.send(stream.id, std::move(chain), now_);
  if (stream.end && stream.to_send.empty() && !stream.fin_sent) {
    peer.shutdown(stream.id, now_);
    stream.fin_sent = true;
  }
}

void World::take_events() {
  Event event;
  while (events_.pop(event)) {
    EXPECT_EQ(event.worker, 0);
    if (event.kind == kAccessEvent) lines.push_back(event.as<AccessEvent>());
    if (event.kind == kBackendEvent) backend_events.push_back(event.as<BackendEvent>());
  }
}

void World::run(Duration time) {
  const Instant end = now_ + time;
  until([] { return false; }, time);
  now_ = std::max(now_, end);
}

bool World::until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = now_ + limit;
  while (!condition()) {
    if (now_ >= end) return false;
    turn();
    if (moved_ || (by_seed_ && batch_->in_flight() > 0)) {
      now_ = now_ + microseconds(20);
      continue;
    }
    const Instant next = std::min({stack().next(), proxy_->next(), proxy_side_.network->next(),
                                   peer_side_.stack().next(), peer_side_.network->next(), end});
    now_ = std::max(now_ + microseconds(20), next);
  }
  return true;
}

ServiceConfig builtin_service(Builtin builtin, Mode mode) {
  ServiceConfig config;
  config.name = "service";
  config.mode = mode;
  config.builtin = builtin;
  config.listen = {{World::proxy_address(), kPort}};
  if (mode == Mode::tls) config.tls = std::make_shared<tls::ServerConfig>(tls::test::config_with({"P-256"}));
  return config;
}

ServiceConfig proxied_service(const std::vector<std::uint16_t>& ports, Mode mode) {
  ServiceConfig config = builtin_service(Builtin::none, mode);
  for (const std::uint16_t port : ports)
    config.backends.push_back({"b" + std::to_string(port), {World::peer_address(), port}});
  return config;
}

testing::AssertionResult same(const std::string& got, const std::string& expected) {
  if (got == expected) return testing::AssertionSuccess();
  std::size_t at = 0;
  while (at < got.size() && at < expected.size() && got[at] == expected[at]) ++at;
  return testing::AssertionFailure() << got.size() << " bytes instead of " << expected.size()
                                     << ", different from byte " << at << " on";
}

std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::uint64_t state = size + 1;
  for (char& c : text) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    c = static_cast<char>(state >> 56U);
  }
  return text;
}

}  // namespace lockstep::proxy::test

// A proxy on a host of its own, and a peer host that plays clients and backends, joined by a perfect wire and driven by
// a clock that the test owns.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/batch.h"
#include "dataplane/net/network.h"
#include "dataplane/proxy/access_event.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/tcp/stack.h"
#include "tests/support/scripted_engine.h"

namespace lockstep::proxy::test {

constexpr std::uint16_t kPort = 443;  // of the service in most tests

/// One TCP connection of the peer host; what it shall do and what happened to it.
struct Stream {
  tcp::ConnectionId id;
  bool connected = false;
  bool ended = false;  // the proxy's FIN has come
  std::optional<tcp::CloseReason> closed;
  std::string received;
  bool hold = false;  // does not read
  std::string to_send;
  bool end = false;   // FIN behind `to_send`
  bool gone = false;  // reset or released by the test

  bool reset() const { return closed == tcp::CloseReason::peer_reset; }
  bool over() const { return closed.has_value(); }

  bool fin_sent = false;
};

struct WorldOptions {
  Limits limits{.max_connections = 64, .tls = {}, .buffered_per_connection = 256 * 1024};
  MbufPoolSizes pools{.packets = 8191, .records = 255, .clones = 8191};
  tcp::Config tcp{.max_connections = 1024};
  bool scripted = false;                // jobs come back only when the test releases them
  std::optional<std::uint64_t> seed{};  // ... or in an order of this seed
};

class World {
 public:
  explicit World(const WorldOptions& options = {});
  ~World();

  /// Publishes a configuration; old ones are freed as soon as the proxy lets go of them.
  void apply(std::vector<ServiceConfig> services);
  void apply(ServiceConfig service) { apply(std::vector<ServiceConfig>{std::move(service)}); }
  /// Publishes the newest configuration again, with other ticket keys. Returns what Proxy::apply does.
  bool rekey(const std::shared_ptr<const tls::TicketKeys>& keys);
  /// The peer connects to the proxy.
  Stream& connect(std::uint16_t port = kPort);
  /// The peer accepts connections to `port`.
  void listen(std::uint16_t port);
  void stop_listening(std::uint16_t port);
  /// Connections that came to `port`, oldest first.
  std::vector<Stream*> accepted(std::uint16_t port);
  /// The only connection that came to `port`; waits for it.
  Stream& backend(std::uint16_t port);
  void reset(Stream& stream);

  void run(Duration time);
  /// Runs until `condition`; false when that takes longer than `limit`.
  bool until(const std::function<bool()>& condition, Duration limit = seconds(30));
  void turn();

  Proxy& proxy() { return *proxy_; }
  tcp::Stack& stack() { return proxy_side_.stack(); }
  lockstep::test::ScriptedEngine& script() { return *script_; }
  MbufPools& pools() { return *proxy_side_.pools; }
  Instant now() const { return now_; }
  std::size_t snapshots() const { return snapshots_.size(); }
  std::uint64_t epoch() const { return epoch_; }

  /// Access lines so far, and ejections.
  std::vector<AccessEvent> lines;
  std::vector<BackendEvent> backend_events;
  /// Called each turn, before the peer's streams are served.
  std::vector<std::function<void()>> hooks;
  /// What the proxy's stack drops: for dead links.
  bool cut = false;

  static IpAddress proxy_address() { return IpAddress::v4(0x0a000001); }
  static IpAddress peer_address() { return IpAddress::v4(0x0a000002); }
  /// Nobody lives there, and nothing says so.
  static IpAddress silent_address() { return IpAddress::v4(0x0a000009); }

 private:
  bool publish(std::unique_ptr<Snapshot> snapshot);
  struct Side {
    Side(const char* name, unsigned number, const MbufPoolSizes& sizes, const tcp::Config& config, Instant now);
    tcp::Stack& stack() { return *tcp; }
    unsigned in_use() const;
    std::unique_ptr<MbufPools> pools;
    Random random;
    std::unique_ptr<net::Network> network;
    std::unique_ptr<tcp::Stack> tcp;
    net::ReceivedBatch batch;
  };
  bool carry(Side& from, Side& to);
  bool turn_proxy();
  bool run_jobs();
  void turn_peer();
  void serve(Stream& stream);
  void take_events();

  Instant now_{seconds(1000).ns};
  Side proxy_side_;
  Side peer_side_;
  std::unique_ptr<crypto::Engine> engine_;
  bool by_seed_;  // held jobs come back by themselves
  std::unique_ptr<lockstep::test::ScriptedEngine> script_;
  std::unique_ptr<crypto::Batch> batch_;
  EventRing events_{65536};
  std::unique_ptr<Proxy> proxy_;
  std::uint64_t epoch_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Snapshot>> snapshots_;
  std::list<Stream> streams_;
  std::map<std::uint64_t, Stream*> by_cookie_;
  std::map<std::uint16_t, tcp::ListenerId> listeners_;
  std::map<std::uint16_t, std::vector<Stream*>> accepted_;
  std::uint64_t next_cookie_ = 1U << 20U;
  bool moved_ = false;
};

/// Services that most tests need.
ServiceConfig builtin_service(Builtin builtin, Mode mode = Mode::tcp);
/// Backends are `ports` of the peer host.
ServiceConfig proxied_service(const std::vector<std::uint16_t>& ports, Mode mode = Mode::tcp);
/// Whether long texts are equal; says where they differ and not what they are.
testing::AssertionResult same(const std::string& got, const std::string& expected);
/// `size` bytes that do not repeat.
std::string noise(std::size_t size);

}  // namespace lockstep::proxy::test

// What a worker knows about services and backends beyond their configuration: who is alive, who is busy.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/proxy/snapshot.h"

namespace lockstep::proxy {

/// A backend as one worker sees it. Lives as long as it is configured or a connection refers to it.
struct Backend {
  std::uint32_t id = 0;  // unique within the worker
  std::string name;
  SocketAddress address;
  std::uint32_t connections = 0;  // existing or being made
  std::uint64_t total = 0;        // made since the start
  std::uint64_t failures = 0;     // connects that failed since the start
  std::uint32_t consecutive = 0;  // failed connects since the last success
  bool ejected = false;
  bool trial = false;  // ejected, and one connection tries whether it is back
  Instant ejected_at;
  bool listed = true;  // in the current configuration
};

/// A change of a backend's standing, to be reported.
enum class Standing : std::uint8_t { unchanged, ejected, returned };

/// A service as one worker sees it: a copy of its configuration and the state of its backends. Lives as long as it is
/// configured or a connection refers to it.
class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Takes over a new configuration; backends of the same name and address keep their state. `next_id` numbers new
  /// backends.
  void configure(const ServiceConfig& config, std::uint32_t& next_id);
  /// Takes over what differs in a snapshot that repeats the current one with other ticket keys.
  void rekey(const ServiceConfig& config) {
    tls_ = config.mode == Mode::tls ? config.tls.get() : nullptr;
    backend_tls_ = config.backend_tls.get();
  }
  /// The service is configured no more.
  void unlist();

  /// The backend for a new connection that has tried those with the ids `tried` in vain; nullptr when there is no
  /// other. Backends that are ejected are left out; the first choice after `eject_for` is a trial; when all are
  /// ejected, the one that was ejected longest ago is taken nevertheless.
  Backend* choose(std::span<const std::uint32_t> tried, Instant now);
  /// A connection is being made to `backend`.
  void begin(Backend& backend);
  /// It came about.
  Standing succeeded(Backend& backend);
  /// It did not.
  Standing failed(Backend& backend, Instant now);
  /// The attempt was given up before it showed anything.
  void given_up(Backend& backend) { backend.trial = false; }
  /// The connection, or the attempt, is over. `backend` may be gone afterwards.
  void end(Backend& backend);

  const ServiceConfig& settings() const { return settings_; }
  /// The configuration of the current snapshot; nullptr unless the service is configured with Mode::tls.
  const tls::ServerConfig* tls() const { return tls_; }
  /// How backends are spoken to, by the current snapshot; nullptr: in plain TCP.
  const tls::ClientConfig* backend_tls() const { return backend_tls_; }
  bool listed() const { return listed_; }
  const std::vector<std::unique_ptr<Backend>>& backends() const { return backends_; }

  std::uint32_t connections = 0;  // client connections

 private:
  bool available(const Backend& backend, Instant now) const;
  bool better(const Backend& candidate, const Backend* best) const;
  void forget_unused();

  ServiceConfig settings_;  // without `tls` and `backend_tls`: nothing in it points into a snapshot
  const tls::ServerConfig* tls_ = nullptr;
  const tls::ClientConfig* backend_tls_ = nullptr;
  std::vector<std::unique_ptr<Backend>> backends_;
  std::uint32_t next_ = 0;  // round robin: where the search begins
  bool listed_ = true;
};

}  // namespace lockstep::proxy

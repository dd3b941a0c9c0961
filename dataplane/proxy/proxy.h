// Joins a TLS session, or a plain connection, to a backend stream or a built-in service; for one worker.
#pragma once

#include <memory>

#include "crypto/batch.h"
#include "dataplane/base/event.h"
#include "dataplane/proxy/counters.h"
#include "dataplane/proxy/remote.h"
#include "dataplane/proxy/snapshot.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/tls/session.h"

namespace lockstep::proxy {

struct Limits {
  std::uint32_t max_connections = 32768;  // client connections
  tls::CoreLimits tls;
  std::uint32_t buffered_per_connection = 256 * 1024;  // plaintext or ciphertext that waits in each direction
};

class Proxy {
 public:
  /// `events`: where access lines go. All references must outlive the proxy. `wall_clock_offset`: what to add to an
  /// Instant to get UNIX time in nanoseconds (daytime service, Date header, ages of sessions). `remote`: how other
  /// workers are asked; nullptr where there are none.
  Proxy(const Limits& limits, tcp::Stack& stack, crypto::Batch& batch, MbufPools& pools, Random& random,
        EventRing& events, Duration wall_clock_offset, std::uint16_t worker, Remote* remote = nullptr);
  ~Proxy();

  /// Switches to `snapshot`: opens and closes listeners; connections go on. The snapshot must live until
  /// `oldest_pinned` is beyond its epoch. False when it repeats the current one with other ticket keys.
  bool apply(const Snapshot& snapshot, Instant now);
  /// The oldest epoch that a handshake or a job still refers to, or the current one.
  std::uint64_t oldest_pinned() const;
  /// From now on (the clock was set).
  void set_wall_clock_offset(Duration offset);

  /// Serves connections with events. Bounded: returns true when more is left to do.
  bool pump(Instant now);
  /// A job came back from the batch, or a question from another worker.
  void job_done(crypto::Job& job, Instant now);
  /// Answers a question of another worker.
  void answer(crypto::RemoteJob& job, Instant now);
  /// Fires timers.
  void advance(Instant now);
  Instant next() const;

  /// Stops accepting; built-in and proxied connections are ended when their current exchange is over, as far as the
  /// protocol shows it; idle ones at once. At `limit` the rest is aborted.
  void drain(Instant now, Instant limit);
  /// Client connections that exist, ghosts included.
  std::uint32_t connections() const;
  const Counters& counters() const;
  const tls::Counters& tls_counters() const;
  /// Per service and backend state for status; called on the worker, copied out through the mailbox.
  struct BackendStatus {
    std::string service;
    std::string backend;
    std::uint32_t connections = 0;
    std::uint64_t total = 0;
    std::uint64_t failures = 0;
    bool ejected = false;
  };
  std::vector<BackendStatus> backend_status() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::proxy

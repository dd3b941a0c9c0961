// All of a worker's proxy. Its functions lie in files by subject. None of them destroys a connection but `conclude`;
// the others mark it (Connection::end), and whoever began to serve it concludes it.
#pragma once

#include <vector>

#include "dataplane/proxy/access_event.h"
#include "dataplane/proxy/backend_session.h"
#include "dataplane/proxy/channel_binding.h"
#include "dataplane/proxy/connection.h"
#include "dataplane/proxy/environment.h"
#include "dataplane/proxy/pins.h"
#include "dataplane/proxy/proxy.h"
#include "dataplane/proxy/serve_queue.h"

namespace lockstep::proxy {

/// How long a client may take to close its side after we closed ours; after that late bytes are answered by RST.
constexpr Duration kLinger = seconds(2);
/// A drained proxied connection is over when nothing has moved for this long since its last answer.
constexpr Duration kDrainQuiet = seconds(1);
/// When a buffer pool is empty and nothing else happens.
constexpr Duration kRetryInterval = milliseconds(1);
/// Connections served in one turn, and rounds per connection.
constexpr std::size_t kServedPerTurn = 256;
constexpr int kRounds = 4;
/// Views of input or output shown to a session in one call.
constexpr std::size_t kMaxPieces = 512;
/// Calls of a session in one round.
constexpr int kMaxShows = 8;

/// The access line's word for a connection to a backend that ended, or did not come about.
const char* backend_reason(tcp::CloseReason reason);

/// What a TCP cookie means.
enum class Role : std::uint8_t { listener = 1, client = 2, upstream = 3 };
std::uint64_t make_cookie(Role role, Handle handle);
Role role_of(std::uint64_t cookie);
Handle handle_of(std::uint64_t cookie);

/// An address that is being listened to.
struct Listener {
  SocketAddress address;
  tcp::ListenerId id;
  Service* service = nullptr;
  bool wanted = true;
};

struct Proxy::State {
  State(const Limits& limits, tcp::Stack& stack, crypto::Batch& batch, MbufPools& pools, Random& random,
        EventRing& events, Duration wall_clock_offset, std::uint16_t worker, Remote* remote);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // listeners.cc: the configuration.
  bool apply(const Snapshot& snapshot);
  void configure_services(const Snapshot& snapshot);
  Service* find_service(const std::string& name);
  void configure_listeners(const Snapshot& snapshot);
  void forget_unused_services();
  void retire_ticket_keys(const Snapshot& snapshot);
  void forget_retired_keys();

  // lifecycle.cc: how connections begin and end.
  void accept(const Listener& listener, const tcp::Ready& ready);
  void established(Connection& c);
  void join(Connection& c);
  void arm_timer(Connection& c, Instant at);
  void linger(Connection& c);
  void conclude(Connection& c);
  void leave_client(Connection& c);
  void leave_upstream(Connection& c, bool abort);
  void tell(const Connection& c);
  void ghost_job_done(Connection& c, crypto::Job& job);
  void unpin(Connection& c);

  // upstream.cc: the way to a backend.
  void connect(Connection& c);
  void connect_failed(Connection& c, tcp::CloseReason reason);
  void connected(Connection& c);
  void passed_probation(Connection& c);
  bool send_header(Connection& c);
  void report(const Connection& c, const Backend& backend, Standing standing);

  // events.cc: what TCP, timers and engines say.
  void ready_event(const tcp::Ready& ready);
  void client_event(Connection& c, std::uint8_t events);
  void upstream_event(Connection& c, std::uint8_t events);
  void upstream_ended(Connection& c);
  void upstream_closed(Connection& c);
  void job_done(crypto::Job& job);
  void timer_fired(Connection& c);
  void idle_check(Connection& c);
  bool exchange_is_over(Connection& c);
  bool is_read_slowly(Connection& c);
  void begin_drain(Instant limit);
  void abort_all(const char* reason);

  // relay.cc: bytes from one side to the other.
  void serve(Connection& c);
  bool take_from_client(Connection& c);
  bool take_plain(Connection& c);
  bool give_to_far_side(Connection& c);
  bool run_application(Connection& c);
  bool give_to_client(Connection& c);
  bool give_plain(Connection& c);
  void output_taken(Connection& c, std::uint32_t count);
  void settle(Connection& c);
  void settle_input(Connection& c);
  void settle_output(Connection& c);
  void close_output(Connection& c);
  void finish_output(Connection& c);
  Chain* source_of_output(Connection& c);
  std::uint32_t wanted_input(Connection& c);
  void moved(Connection& c, bool to_client);
  void starve(Connection& c) { starved.push(c.self); }

  // tls_client.cc: the client's side when it speaks TLS.
  bool receive_tls(Connection& c);
  std::size_t view_input(const Chain* received, std::uint32_t limit, bool& all);
  void show_fin(Connection& c);
  bool write_tls(Connection& c);
  std::uint32_t record_budget(Connection& c, tcp::ConnectionId to, std::uint32_t lent, std::uint32_t available);
  void ask_close(Connection& c);
  template <class Call>
  bool with_session(Connection& c, Call&& call);
  void session_timeout(Connection& c);
  void session_job_done(Connection& c, crypto::Job& job);
  void apply_effects(Connection& c);
  void apply_inputs(Connection& c);
  bool copy_front(Chain& from, std::uint32_t count, Chain& out);
  void apply_outputs(Connection& c);
  void apply_close(Connection& c, tls::Close close);

  // backend_tls.cc: the backend's side when it speaks TLS.
  BackendSession* backend_session(const Connection& c);
  void begin_backend_tls(Connection& c);
  template <class Call>
  bool with_backend_session(Connection& c, BackendSession& b, Call&& call);
  bool receive_backend_tls(Connection& c);
  bool write_backend_tls(Connection& c);
  void close_backend_tls(Connection& c);
  void apply_backend_effects(Connection& c, BackendSession& b);
  void take_backend_inputs(Connection& c, BackendSession& b);
  void backend_tls_closed(Connection& c, BackendSession& b);
  void leave_backend_tls(Connection& c);
  void end_backend_session(BackendSession& b);
  void unpin(BackendSession& b);
  void discard_inbound(Connection& c);
  static bool is_backend_job(const crypto::Job& job);
  void backend_job_done(crypto::Job& job);

  // channel_binding.cc: what binds a login to the client's connection.
  void begin_channel_binding(Connection& c);
  Bytes channel_binding(const Connection& c);
  bool awaits_channel_binding(const Connection& c);
  void channel_binding_done(crypto::Job& job);
  void leave_channel_binding(Connection& c);

  std::int64_t unix_seconds() const { return (now.ns + wall_clock_offset.ns) / 1'000'000'000; }

  const Limits limits;
  tcp::Stack& stack;
  crypto::Batch& batch;
  Remote* const remote;
  MbufPools& pools;
  EventRing& events;
  Duration wall_clock_offset;
  const std::uint16_t worker;

  Instant now;
  Counters counters;
  Environment environment;
  std::unique_ptr<tls::Core, void (*)(tls::Core*)> tls_core;
  tls::Effects effects;
  std::vector<MutableBytes> pieces;
  Patterns patterns;
  Pins pins;
  std::vector<std::uint64_t> ticket_keys;  // numbers of those in the current snapshot
  struct RetiredKey {
    std::uint64_t id;
    std::uint64_t epoch;  // of the first snapshot without it
  };
  std::vector<RetiredKey> retired_keys;  // handshakes may still use them
  std::uint32_t next_backend_id = 1;
  std::vector<std::unique_ptr<Service>> services;
  std::vector<Service*> current_services;  // of the current snapshot, in its order
  std::uint64_t configuration = 0;         // Snapshot::configuration() of the current one
  std::vector<Handle> listener_handles;
  Slab<Listener> listeners;
  std::optional<TimingWheel> wheel;  // from the first snapshot on
  Slab<Connection> connections;
  std::optional<Slab<BackendSession>> backend_sessions;  // once a configuration needs them
  std::optional<Slab<ChannelBinding>> channel_bindings;  // the same
  ServeQueue ready;
  ServeQueue starved;
  bool records_short = false;  // few record buffers are left: each connection gets one at a time
  bool draining = false;
  Instant drain_limit = Instant::never();
};

}  // namespace lockstep::proxy

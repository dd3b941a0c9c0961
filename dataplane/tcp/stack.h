// TCP of one worker (RFC 9293): all its connections, listeners and timers. Sans-IO: segments and time go in, segments
// go out through the network layer, and what the owner has to know stands in the ready list.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "crypto/base/random.h"
#include "crypto/base/time.h"
#include "dataplane/base/counters.h"
#include "dataplane/base/mbuf.h"
#include "dataplane/base/slab.h"
#include "dataplane/net/network.h"
#include "dataplane/tcp/congestion.h"
#include "dataplane/tcp/counters.h"

namespace lockstep::tcp {

using ConnectionId = Handle;
using ListenerId = Handle;

/// Limits and times, with RFC defaults.
struct Config {
  std::uint32_t max_connections = 65536;
  std::uint32_t max_listeners = 64;
  std::uint32_t max_half_open = 4096;             // above it SYNs are answered with SYN cookies
  std::uint32_t max_half_open_per_source = 1024;  // the same for one IPv4 address or IPv6 /64
  std::uint32_t max_time_wait = 16384;            // the oldest gives way
  std::uint32_t receive_buffer = 256 * 1024;      // bytes of window a connection may announce
  std::uint32_t send_buffer = 256 * 1024;         // bytes queued and unacknowledged per connection
  Duration initial_rto = seconds(1);              // RFC 6298 section 2.1
  Duration min_rto = milliseconds(200);
  Duration max_rto = seconds(60);
  Duration delayed_ack = milliseconds(40);
  Duration time_wait = seconds(60);         // 2 MSL
  Duration fin_wait_2 = seconds(60);        // after the owner released the connection
  Duration keepalive_idle = seconds(7200);  // RFC 1122 section 4.2.3.6
  Duration keepalive_interval = seconds(75);
  std::uint8_t keepalive_probes = 9;
  std::uint8_t syn_retries = 5;
  std::uint8_t data_retries = 12;    // R2 of RFC 1122 section 4.2.3.5
  std::uint16_t first_port = 32768;  // local ports of outgoing connections (RFC 6056)
  std::uint16_t last_port = 60999;
  bool ecn = true;           // explicit congestion notification (RFC 3168) with peers that ask for it
  bool ecn_request = false;  // ... and asked for when connecting
  CongestionAlgorithm congestion = CongestionAlgorithm::cubic;
};

/// Why a connection ended.
enum class CloseReason : std::uint8_t {
  none,
  finished,         // both directions closed by FIN
  peer_reset,       // RST from the peer
  refused,          // RST to our SYN
  timed_out,        // retransmissions, keepalive or connect attempts exhausted
  unreachable,      // ICMP while connecting
  aborted_locally,  // abort()
  no_memory,        // a limit of ours
};
const char* name(CloseReason reason);

/// What happened to a connection since it was last taken from the ready list: a set of bits.
struct Events {
  static constexpr std::uint8_t kAccepted = 1;     // new, from a listener
  static constexpr std::uint8_t kConnected = 2;    // our connect succeeded
  static constexpr std::uint8_t kReadable = 4;     // received bytes wait
  static constexpr std::uint8_t kWritable = 8;     // send space became available after send() found it short
  static constexpr std::uint8_t kPeerClosed = 16;  // the peer's FIN came: no bytes follow those received
  static constexpr std::uint8_t kClosed =
      32;  // the connection is over; close_reason says why; id is valid until release
};

struct Ready {
  ConnectionId id;
  std::uint64_t cookie = 0;  // the connection's, or the listener's for kAccepted
  std::uint8_t events = 0;
};

/// What status and the access log show.
struct ConnectionInfo {
  FlowTuple flow;
  const char* state = "";
  CloseReason close_reason = CloseReason::none;
  Duration smoothed_rtt;
  std::uint64_t bytes_received = 0;  // in order, payload
  std::uint64_t bytes_sent = 0;      // acknowledged payload
  std::uint32_t congestion_window = 0;
  std::uint32_t retransmissions = 0;
};

class Stack {
 public:
  /// `random` outlives the stack. `steering` chooses local ports so that replies reach this worker; nullptr: any port
  /// will do.
  Stack(const Config& config, net::Network& network, MbufPools& pools, Random& random, const Steering* steering,
        Instant now);
  ~Stack();

  /// Accepts connections to `local` (an any-address matches all of that family: 0.0.0.0 only IPv4, :: only IPv6).
  /// nullopt when the address is taken or the table is full.
  std::optional<ListenerId> listen(const SocketAddress& local, std::uint64_t cookie);
  /// Stops accepting; half-open connections are dropped, established ones go on.
  void close_listener(ListenerId listener);
  /// Starts a connection; kConnected or kClosed follows. nullopt when there is no route, port or room.
  std::optional<ConnectionId> connect(const SocketAddress& remote, std::uint64_t cookie, Instant now);

  /// Takes the burst's segments and ICMP errors (empties the batch).
  void input(net::ReceivedBatch& batch, Instant now);
  /// The next connection with events, each at most once per turn; nullopt when none is left.
  std::optional<Ready> next_ready();

  /// Gives a connection its owner's cookie.
  void set_cookie(ConnectionId id, std::uint64_t cookie);
  /// In-order bytes not yet taken. May be changed in place (decryption) and cut; tell `consumed` what was taken.
  /// They stay until the owner gives up the id, whatever ended the connection: jobs may point into them. nullptr when
  /// stale.
  Chain* received(ConnectionId id);
  /// `count` bytes were taken from `received`: the window may open.
  void consumed(ConnectionId id, std::uint32_t count, Instant now);
  /// How many bytes `send` may take now; after it was less than wanted, kWritable comes when at least half of the send
  /// buffer is free.
  std::uint32_t send_space(ConnectionId id);
  /// Queues bytes to send. The data must stay unchanged until acknowledged; it is shared, never copied. Takes
  /// everything, even beyond send_space (the caller keeps the limit).
  void send(ConnectionId id, Chain&& data, Instant now);
  /// FIN after the queued bytes.
  void shutdown(ConnectionId id, Instant now);
  /// RST now; the id becomes stale, no event follows.
  void abort(ConnectionId id, Instant now);
  /// The owner is done: sends FIN if that was not done, finishes in the background; the id becomes stale. Bytes
  /// received later are answered by RST (RFC 9293 section 3.10.7.4, RFC 2525 section 2.17), unless the peer closed
  /// before.
  void release(ConnectionId id, Instant now);
  std::optional<ConnectionInfo> info(ConnectionId id) const;

  /// Fires timers.
  void advance(Instant now);
  /// Sends what became sendable during this turn: data and acknowledgements of all connections touched.
  void output(Instant now);
  /// When advance has to be called next.
  Instant next() const;

  std::uint32_t connections() const;
  const Counters& counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::tcp

// One connection: what every segment touches in front, the rest behind.
#pragma once

#include <cstddef>

#include "dataplane/base/address.h"
#include "dataplane/base/timing_wheel.h"
#include "dataplane/tcp/congestion.h"
#include "dataplane/tcp/list.h"
#include "dataplane/tcp/reassembly.h"
#include "dataplane/tcp/round_trip.h"
#include "dataplane/tcp/scoreboard.h"
#include "dataplane/tcp/send_queue.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/tcp/transmissions.h"

namespace lockstep::tcp {

/// RFC 9293 section 3.3.2; LISTEN is a listener's, not a connection's.
enum class ConnectionState : std::uint8_t {
  closed,  // over, kept until its owner releases it
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
const char* name(ConnectionState state);

/// How lost segments are being repaired.
enum class Recovery : std::uint8_t {
  none,
  fast,     // after duplicate ACKs (RFC 6675, RFC 6582)
  timeout,  // after the retransmission timer (RFC 6298 section 5.4)
};

/// Member names are the RFC's. Two cache lines decide what happens to a segment of an established connection.
struct alignas(64) Connection {
  // First line: to find the connection and to accept its segment.
  FlowTuple flow;
  std::uint32_t rcv_nxt = 0;
  std::uint32_t rcv_adv = 0;  // right edge of the window announced; never moves left
  std::uint32_t snd_una = 0;
  std::uint32_t snd_nxt = 0;
  std::uint32_t snd_wnd = 0;    // scaled
  std::uint32_t ts_recent = 0;  // RFC 7323 section 4.3
  ConnectionState state = ConnectionState::closed;
  Recovery recovery = Recovery::none;
  std::uint8_t events = 0;          // Events not yet taken
  std::uint8_t unacknowledged = 0;  // segments with data since our last ACK

  // Second line: what accepting it changes.
  Chain received;
  Instant last_received;
  Instant ack_at = Instant::never();  // delayed ACK
  std::uint32_t last_ack_sent = 0;
  std::uint32_t snd_wl1 = 0;
  std::uint32_t snd_wl2 = 0;
  std::uint8_t snd_shift = 0;
  std::uint8_t rcv_shift = 0;
  bool timestamps : 1 = false;  // negotiated (in SYN-SENT: offered), as the next two
  bool sack : 1 = false;
  bool window_scaling : 1 = false;
  bool owned : 1 = false;    // the owner knows the connection and has not released it
  bool ack_now : 1 = false;  // an ACK goes out with the next output
  bool want_writable : 1 = false;
  bool fin_queued : 1 = false;  // the owner has closed; FIN follows the queue
  bool fin_sent : 1 = false;
  bool fin_known : 1 = false;        // the peer's FIN has come, perhaps out of order: its place is fin_sequence
  bool fin_received : 1 = false;     // ... and all before it
  bool cwnd_limited : 1 = false;     // the congestion window is what stopped the last transmission
  bool resend_first : 1 = false;     // retransmit at SND.UNA whatever the congestion window says
  bool override_sws : 1 = false;     // send what fits (RFC 9293 section 3.8.6.2.1, the override timeout)
  bool timing : 1 = false;           // a segment is being timed
  bool ecn : 1 = false;              // negotiated (RFC 3168)
  bool echo_congestion : 1 = false;  // ECE on all ACKs until the peer has reduced its window
  std::uint16_t mss = 0;             // payload of a full segment to the peer, options subtracted

  // Receiving, the rest.
  std::uint64_t bytes_received = 0;
  std::uint32_t unread = 0;  // delivered to `received` and not yet consumed
  std::uint32_t irs = 0;
  std::uint32_t fin_sequence = 0;
  std::uint32_t memory_counted = 0;  // of receive memory, in the worker's sum
  SequenceRange duplicate;           // to be reported by D-SACK
  Instant ts_recent_at;
  Reassembly reassembly;

  // Sending.
  SendQueue queue;
  Scoreboard scoreboard;
  Congestion congestion;
  RoundTrip round_trip;
  std::uint32_t iss = 0;
  std::uint32_t max_snd_wnd = 0;
  std::uint32_t recovery_point = 0;
  std::uint32_t high_rxt = 0;   // retransmitted up to here in this recovery
  std::uint32_t lost_edge = 0;  // everything not SACKed below is lost
  std::uint32_t timed_sequence = 0;
  std::uint32_t last_segment = 0;  // where the last new one began
  std::uint32_t tail_end = 0;      // SND.NXT when the tail was probed (RFC 8985, TLP.end_seq)
  std::uint32_t reduced_point = 0;
  std::uint32_t patience_round = 0;  // SND.NXT at the last D-SACK that counted (RACK.dsack_round)
  std::uint8_t patience = 1;         // quarters of a round trip that reordering may take (RACK.reo_wnd_mult)
  std::uint8_t patience_left = 0;    // recoveries until it is 1 again (RACK.reo_wnd_persist)
  bool patience_round_open : 1 = false;
  bool syn_resent : 1 = false;    // because its timer expired
  bool lost_again : 1 = false;    // retransmissions were found lost by the latest ACK
  bool lower_again : 1 = false;   // the next such loss lowers the window once more
  bool tell_reduced : 1 = false;  // CWR with the next new data
  bool reduced : 1 = false;       // the window was, for what was sent below reduced_point
  bool reordering_seen : 1 = false;
  bool tail_probing : 1 = false;           // a probe is out
  bool tail_resent : 1 = false;            // ... and was a retransmission
  Transmissions* transmissions = nullptr;  // while something is in flight; without one losses are found by counting
  std::uint32_t timestamp_offset = 0;
  std::uint32_t retransmissions = 0;
  std::uint16_t duplicate_acks = 0;
  std::uint16_t link_mss = 0;  // what the link's MTU allows, without options
  std::uint16_t full_mss = 0;  // mss before the path proved narrower; 0: it did not
  std::uint8_t backoff = 0;
  std::uint8_t attempts = 0;  // expiries without progress
  std::uint8_t keepalives = 0;
  std::uint8_t challenges = 0;
  CloseReason close_reason = CloseReason::none;
  Instant timed_at;
  Instant raise_mss_at;  // when a narrow path is tried again
  Instant last_sent;
  Instant challenges_since;
  std::uint64_t bytes_sent = 0;  // acknowledged

  // Deadlines; `timer` is armed for the earliest, or earlier.
  Instant retransmit_at = Instant::never();  // retransmission, zero-window probe
  Instant loss_at = Instant::never();        // losses by time, tail probe
  Instant linger_at = Instant::never();      // keepalive; end of FIN-WAIT-2 and TIME-WAIT
  Timer timer;

  ConnectionId id;
  ListenerId listener;
  std::uint64_t cookie = 0;
  std::uint32_t hash = 0;
  Link<Connection> ready_link;
  Link<Connection> output_link;
  Link<Connection> wait_link;  // of the half-open ones in SYN-RECEIVED, of all in TIME-WAIT
};
// offsetof of a struct with access to all members but non-trivial ones is supported by both compilers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
static_assert(offsetof(Connection, received) == 64, "the first line ends where receiving begins");
static_assert(offsetof(Connection, bytes_received) == 128, "the second line ends where sums and rare things begin");
#pragma GCC diagnostic pop

/// Data can still come from the peer.
constexpr bool may_receive(ConnectionState state) {
  return state == ConnectionState::established || state == ConnectionState::fin_wait_1 ||
         state == ConnectionState::fin_wait_2;
}
/// Data or a FIN of ours may be unsent or unacknowledged.
constexpr bool may_send(ConnectionState state) {
  return state == ConnectionState::established || state == ConnectionState::close_wait ||
         state == ConnectionState::fin_wait_1 || state == ConnectionState::closing ||
         state == ConnectionState::last_ack;
}

}  // namespace lockstep::tcp

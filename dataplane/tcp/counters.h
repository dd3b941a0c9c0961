// What TCP counts.
#pragma once

#include "dataplane/base/counters.h"

namespace lockstep::tcp {

// clang-format off
#define LOCKSTEP_TCP_COUNTERS(X)                                                     \
  X(counter, segments_received, "Segments received")                                 \
  X(counter, segments_sent, "Segments sent")                                         \
  X(counter, bytes_received, "Payload bytes received in order")                      \
  X(counter, bytes_sent, "Payload bytes sent for the first time")                    \
  X(counter, connections_accepted, "Connections accepted")                           \
  X(counter, connections_opened, "Connections opened by us")                         \
  X(counter, connections_closed, "Connections ended by FIN on both sides")           \
  X(counter, connections_reset, "Connections ended by a reset from the peer")        \
  X(counter, connections_aborted, "Connections reset by us")                         \
  X(counter, connections_timed_out, "Connections ended by a timeout")                \
  X(counter, connects_failed, "Outgoing connections that did not come about")        \
  X(counter, retransmissions_timeout, "Segments retransmitted after a timeout")      \
  X(counter, retransmissions_fast, "Segments retransmitted after duplicate ACKs")    \
  X(counter, tail_loss_probes, "Tail loss probes sent (RFC 8985)")                    \
  X(counter, congestion_echoes, "Windows reduced because a router marked a segment (RFC 3168)") \
  X(counter, path_mtu_black_holes, "Connections whose full segments timed out until they were smaller") \
  X(counter, out_of_order_queued, "Segments kept for reassembly")                    \
  X(counter, dropped_header, "Segments with a malformed header")                     \
  X(counter, dropped_window, "Segments outside the window")                          \
  X(counter, dropped_paws, "Segments with an old timestamp")                         \
  X(counter, dropped_backlog, "SYNs dropped because of max_connections or for want of a route") \
  X(counter, syn_cookies_sent, "SYNs answered with a cookie because the backlog was full") \
  X(counter, syn_cookies_taken, "Connections accepted by their cookie")              \
  X(counter, syn_cookies_wrong, "ACKs refused that acknowledge no cookie")           \
  X(counter, syn_cookies_stale, "ACKs refused because of their cookie's timestamp")  \
  X(counter, syn_cookies_no_room, "ACKs of cookies dropped because of max_connections") \
  X(counter, dropped_memory, "Segments dropped because memory was short")            \
  X(counter, resets_sent, "Resets sent for segments of no connection")               \
  X(counter, challenge_acks, "Challenge ACKs (RFC 5961)")                            \
  X(counter, zero_window_probes, "Zero-window probes sent")                          \
  X(counter, keepalive_probes, "Keepalive probes sent")                              \
  X(gauge, established, "Connections in ESTABLISHED or later")                       \
  X(gauge, half_open, "Connections in SYN-RECEIVED")                                 \
  X(gauge, time_wait, "Connections in TIME-WAIT")
// clang-format on
LOCKSTEP_COUNTERS(Counters, LOCKSTEP_TCP_COUNTERS);

}  // namespace lockstep::tcp

// What TLS counts.
#pragma once

#include <array>

#include "dataplane/base/counters.h"
#include "dataplane/tls/error.h"

namespace lockstep::tls {

constexpr std::size_t kErrorCount = static_cast<std::size_t>(Error::record_limit) + 1;

// clang-format off
#define LOCKSTEP_TLS_COUNTERS(X)                                            \
  X(counter, handshakes_started, "Handshakes started")                      \
  X(counter, handshakes_tls13, "TLS 1.3 handshakes completed")              \
  X(counter, handshakes_tls12, "TLS 1.2 handshakes completed")              \
  X(counter, handshakes_resumed, "Handshakes that resumed a session")        \
  X(counter, tickets_issued, "Session tickets sent")                          \
  X(counter, tickets_unknown, "Tickets refused: sealed under no key of ours") \
  X(counter, tickets_damaged, "Tickets refused: they do not open")            \
  X(counter, tickets_expired, "Tickets refused: too old, or from the future") \
  X(counter, tickets_mismatched, "Tickets refused: of another service, version, server name or hash") \
  X(counter, early_data_accepted, "Handshakes whose early data was taken")    \
  X(counter, early_data_not_allowed, "Early data refused: by the configuration or the ticket") \
  X(counter, early_data_mismatched, "Early data refused: not the first ticket, or another suite, protocol or key exchange") \
  X(counter, early_data_retried, "Early data refused: the client was asked for another key share") \
  X(counter, early_data_foreign, "Early data refused: the ticket was issued elsewhere, or before the last start") \
  X(counter, early_data_stale, "Early data refused: the ticket's age is not what the client claims") \
  X(counter, early_data_replayed, "Early data refused: the ClientHello was seen before") \
  X(counter, early_data_window_full, "Early data refused: the window of ClientHellos is full") \
  X(counter, early_data_unavailable, "Early data refused: the worker that would know could not be asked") \
  X(counter, handshakes_failed, "Handshakes that did not complete")         \
  X(counter, client_handshakes, "Handshakes completed as a client, with backends") \
  X(counter, client_handshakes_failed, "Handshakes as a client that did not complete") \
  X(counter, client_handshakes_resumed, "Handshakes as a client that resumed a session") \
  X(counter, client_sessions_refused, "Sessions offered as a client that the server did not resume") \
  X(counter, hello_retry_requests, "HelloRetryRequests sent")               \
  X(counter, alerts_sent, "Fatal alerts sent")                              \
  X(counter, alerts_received, "Fatal alerts received")                      \
  X(counter, records_sealed, "Records sealed")                              \
  X(counter, records_opened, "Records opened")                              \
  X(counter, key_updates_received, "KeyUpdate messages received")           \
  X(counter, key_updates_sent, "KeyUpdate messages sent")                   \
  X(counter, sessions_not_forgotten, "Sessions of failed connections that other workers could not be told to forget") \
  X(counter, pool_full, "Sessions refused or delayed because a pool was empty") \
  X(gauge, handshakes_in_progress, "Handshakes in progress")                \
  X(gauge, sessions_remembered, "TLS 1.2 sessions remembered by their identifiers") \
  X(gauge, client_sessions, "Sessions with backends kept to be resumed")
// clang-format on
LOCKSTEP_COUNTERS(CommonCounters, LOCKSTEP_TLS_COUNTERS);

struct Counters : CommonCounters {
  std::array<Counter, kErrorCount> errors;  // by Error
};

}  // namespace lockstep::tls

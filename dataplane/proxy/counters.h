// What the proxy counts.
#pragma once

#include "dataplane/base/counters.h"

namespace lockstep::proxy {

// clang-format off
#define LOCKSTEP_PROXY_COUNTERS(X)                                              \
  X(counter, connections_accepted, "Client connections accepted")               \
  X(counter, connections_refused, "Client connections refused by a limit")      \
  X(counter, connections_finished, "Client connections that ended properly")    \
  X(counter, connections_failed, "Client connections that ended otherwise")     \
  X(counter, backend_connects, "Connections to backends started")               \
  X(counter, backend_connect_failures, "Connections to backends that failed")   \
  X(counter, backend_retries, "Attempts on another backend")                    \
  X(counter, backend_ejections, "Backends taken out after failures")            \
  X(counter, bytes_from_clients, "Plaintext bytes received from clients")       \
  X(counter, bytes_to_clients, "Plaintext bytes sent to clients")               \
  X(counter, events_lost, "Lines of the access log and the key log file lost because the ring was full")        \
  X(counter, listen_failures, "Addresses that could not be listened to")        \
  X(counter, buffers_exhausted, "Times a record buffer was not to be had")      \
  X(gauge, connections, "Client connections")                                   \
  X(gauge, ghosts, "Ended connections whose jobs are still in flight")
// clang-format on
LOCKSTEP_COUNTERS(Counters, LOCKSTEP_PROXY_COUNTERS);

}  // namespace lockstep::proxy

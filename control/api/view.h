// What the service shows of itself at one moment: the input of status and metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/engines.h"
#include "control/tickets/keeper.h"
#include "crypto/batch.h"
#include "dataplane/io/port.h"
#include "dataplane/net/network.h"
#include "dataplane/proxy/counters.h"
#include "dataplane/proxy/snapshot.h"
#include "dataplane/tcp/counters.h"
#include "dataplane/tls/counters.h"
#include "dataplane/worker/crypto_core.h"
#include "dataplane/worker/worker.h"

namespace lockstep::api {

/// Points into a living worker: counters have one writer and may be read at any time.
struct WorkerView {
  std::uint16_t index = 0;
  unsigned core = 0;
  std::uint64_t oldest_pinned = 0;
  bool drained = false;
  std::uint64_t events_lost = 0;
  std::uint32_t session_capacity = 0;  // TLS 1.2 sessions that it can remember
  const net::NetCounters* net = nullptr;
  const tcp::Counters* tcp = nullptr;
  const tls::Counters* tls = nullptr;
  const proxy::Counters* proxy = nullptr;
  const worker::WorkerCounters* loop = nullptr;
  const crypto::Batch* batch = nullptr;
  const Histogram* wake_up = nullptr;
  const control::EngineSet* engines = nullptr;
  const Counter* done_locally = nullptr;  // jobs for which no crypto core had room; nullptr without crypto cores
};

/// Points into a living crypto core.
struct CryptoCoreView {
  std::size_t index = 0;
  unsigned core = 0;
  const worker::CryptoCoreCounters* loop = nullptr;
  const crypto::Batch* batch = nullptr;
  const control::EngineSet* engines = nullptr;
  std::vector<const worker::CryptoChannel*> channels;  // one for each worker
};

struct PortView {
  std::string name;
  std::string device;
  std::vector<std::string> addresses;
  io::PortInfo info;
  io::PortStats stats;
};

/// Summed over workers.
struct BackendView {
  std::string name;
  std::string address;
  std::uint64_t connections = 0;
  std::uint64_t total = 0;
  std::uint64_t failures = 0;
  std::uint32_t ejected_by = 0;  // workers that leave it out now
};

struct ServiceView {
  std::string name;
  proxy::Mode mode = proxy::Mode::tls;
  proxy::Builtin builtin = proxy::Builtin::none;
  std::vector<std::string> listen;
  std::vector<BackendView> backends;
};

struct CertificateView {
  std::string name;
  std::string key;
  std::vector<std::string> dns_names;
  std::int64_t not_after = 0;  // UNIX seconds
  std::string issuer;
  std::string ocsp;                   // certs::state_name, or "pending" when a fetched one has not come yet
  std::string ocsp_problem;           // why nothing is stapled; empty: nothing was to be
  std::int64_t ocsp_next_update = 0;  // UNIX seconds; 0: none
  std::vector<std::string> services;  // that show it
  std::size_t message_bytes = 0;      // of the messages made ahead, in all forms
};

struct View {
  const char* state = "running";  // starting, running, draining
  std::int64_t started = 0;       // UNIX seconds
  double uptime_seconds = 0;
  std::uint64_t epoch = 0;
  std::uint64_t old_snapshots = 0;
  std::uint64_t reloads_refused = 0;
  std::string memory;  // which memory the buffers are in, and why
  bool hugepages = false;
  std::string capabilities;  // effective ones after the ports were opened
  std::vector<WorkerView> workers;
  std::vector<CryptoCoreView> crypto_cores;
  std::vector<PortView> ports;
  std::vector<ServiceView> services;
  std::vector<CertificateView> certificates;
  tickets::View tickets;
  std::size_t certificate_bytes = 0;  // memory that loading all of them took, keys included
};

/// What came of a request to drop what was made ahead.
struct Dropped {
  bool complete = false;  // all of them have done it
  std::size_t workers = 0;
  std::size_t crypto_cores = 0;
};

/// What came of a request to rotate the ticket keys.
struct Rotated {
  enum class Outcome : std::uint8_t { published, refused, waits } outcome = Outcome::published;
  std::string sealing;  // published: the name of the key that seals now
  std::string reason;   // otherwise: why, and what to do
};

/// What came of a request to read certificates again.
struct Reloaded {
  bool complete = false;              // the new ones are in use
  std::uint64_t epoch = 0;            // of the configuration in use
  std::vector<std::string> changes;   // "NAME: what is different"
  std::vector<std::string> problems;  // errors and warnings of the configuration, and why it was refused
};

/// "none", "echo", ...
const char* name(proxy::Builtin builtin);

/// The value below which the fraction `p` (0..1) of the histogram's entries lies: the upper bound of its bucket; 0 when
/// empty.
std::uint64_t percentile(const Histogram& histogram, double p);

}  // namespace lockstep::api

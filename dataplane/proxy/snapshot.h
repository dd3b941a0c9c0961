// The configuration as workers see it: immutable, swapped whole, freed when nobody pins its epoch any more.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "crypto/base/time.h"
#include "dataplane/base/address.h"
#include "dataplane/tls/client_config.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::proxy {

enum class Mode : std::uint8_t { tls, tcp };
enum class Balance : std::uint8_t { round_robin, least_connections };
/// What answers in place of a backend.
enum class Builtin : std::uint8_t { none, echo, discard, chargen, daytime, http };

struct BackendConfig {
  std::string name;
  SocketAddress address;
};

struct ServiceConfig {
  std::string name;  // unique; keeps a service's backend state over reloads
  Mode mode = Mode::tls;
  std::vector<SocketAddress> listen;
  Builtin builtin = Builtin::none;
  std::uint64_t chargen_bytes = 0;  // 0: endless
  std::vector<BackendConfig> backends;
  Balance balance = Balance::round_robin;
  Duration connect_timeout = seconds(3);
  std::uint8_t connect_retries = 2;  // further backends tried
  std::uint32_t eject_after = 3;     // consecutive failed connects; 0: never
  Duration eject_for = seconds(10);
  Duration idle_timeout = seconds(300);                  // no byte in either direction
  bool proxy_protocol = false;                           // send PROXY protocol v2 to backends
  bool channel_binding = false;                          // and in it what binds to TLS 1.3 (RFC 9266)
  std::uint32_t max_connections = 0;                     // 0: limited by the stack only
  std::shared_ptr<const tls::ServerConfig> tls;          // for Mode::tls
  std::shared_ptr<const tls::ClientConfig> backend_tls;  // to backends; nullptr: plain TCP
};

struct Snapshot {
  std::uint64_t epoch = 0;    // grows by one with each change
  std::uint64_t repeats = 0;  // epoch of the snapshot that this one equals in all but the ticket keys; 0: of none
  std::vector<ServiceConfig> services;

  /// Names everything in it but the ticket keys.
  std::uint64_t configuration() const { return repeats != 0 ? repeats : epoch; }
};

}  // namespace lockstep::proxy

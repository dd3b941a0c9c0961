// One client connection, told when it is over.
#pragma once

#include <array>

#include "crypto/base/time.h"
#include "dataplane/base/address.h"
#include "dataplane/proxy/snapshot.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/tls/client_identity.h"
#include "dataplane/tls/error.h"

namespace lockstep::proxy {

/// Event::kind of AccessEvent and BackendEvent.
constexpr std::uint16_t kAccessEvent = 1;
constexpr std::uint16_t kBackendEvent = 2;

/// How TLS to a backend came about.
enum class BackendHandshake : std::uint8_t { none, full, resumed };

struct AccessEvent {
  std::array<char, 32> service{};  // zero-terminated, cut if longer
  std::array<char, 32> backend{};
  std::array<char, 128> server_name{};
  std::array<char, 16> alpn{};
  FlowTuple client;
  SocketAddress backend_address;
  Mode mode = Mode::tls;
  std::array<char, 80> client_subject{};
  std::array<std::uint8_t, 32> client_fingerprint{};
  crypto::ChainVerdict client_verdict = crypto::ChainVerdict::other;
  bool client_certificate = false;  // it showed one: then the three above
  bool established = false;
  bool resumed = false;
  bool hello_retry = false;
  bool early_data = false;
  std::uint16_t version = 0;
  std::uint16_t cipher_suite = 0;
  std::uint16_t group = 0;
  std::uint16_t signature_scheme = 0;
  tls::Error tls_error = tls::Error::none;
  BackendHandshake backend_handshake = BackendHandshake::none;
  tls::Error backend_tls_error = tls::Error::none;
  tcp::CloseReason client_close = tcp::CloseReason::none;
  tcp::CloseReason backend_close = tcp::CloseReason::none;
  std::array<char, 24>
      reason{};  // one word: finished, client_reset, backend_refused, tls_error, idle_timeout, drained, ...
  std::uint64_t bytes_received = 0;  // plaintext from the client
  std::uint64_t bytes_sent = 0;      // plaintext to the client
  Duration handshake;
  Duration duration;
};

/// A backend was ejected or came back.
struct BackendEvent {
  std::array<char, 32> service{};
  std::array<char, 32> backend{};
  SocketAddress address;
  bool ejected = false;
  std::uint32_t failures = 0;
};

}  // namespace lockstep::proxy

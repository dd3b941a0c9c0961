// One client connection and what it is joined to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/base/mbuf.h"
#include "dataplane/base/slab.h"
#include "dataplane/base/timing_wheel.h"
#include "dataplane/proxy/access_event.h"
#include "dataplane/proxy/application.h"
#include "dataplane/proxy/service.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/tls/session.h"

namespace lockstep::proxy {

/// Most backends tried for one connection, whatever connect_retries says.
constexpr std::size_t kMaxAttempts = 8;

/// What a connection is doing.
enum class Phase : std::uint8_t {
  handshake,   // TLS is being established
  connecting,  // a backend is being connected
  joined,      // bytes flow
  lingering,   // our direction is closed; input is thrown away until the client closes too
  ghost,       // over for everybody but the engines, which hold jobs of it
};

/// Why a connection ended, as the access log says it, and whether that counts as proper.
struct Ending {
  const char* reason = nullptr;
  bool failed = false;
};

struct Connection {
  Handle self;
  Phase phase = Phase::handshake;
  Service* service = nullptr;
  Backend* backend = nullptr;  // being connected, or connected
  FlowTuple flow;              // the client's

  tcp::ConnectionId client;
  tcp::ConnectionId upstream;  // to the backend; null when there is none
  std::optional<tls::Session> session;
  Handle channel_binding;                          // null: none is told
  Handle backend_session;                          // null: the backend is spoken to in plain TCP
  const tls::ClientConfig* backend_tls = nullptr;  // until the backend is joined; its epoch is pinned
  std::optional<Application> application;

  Chain inbound;        // plaintext from the client, not yet given to the far side
  Chain outbound;       // plaintext of the application, not yet given to the client
  Chain kept_client;    // what jobs of a ghost point into
  Chain kept_upstream;  // the same

  std::uint64_t pinned_epoch = 0;
  std::uint32_t lent = 0;                           // bytes of buffers that the session fills
  std::uint32_t full_send_space = 0;                // of an empty send queue to the client
  std::array<std::uint32_t, kMaxAttempts> tried{};  // ids of backends
  std::uint8_t attempts = 0;

  bool pinned = false;          // `pinned_epoch` is held
  bool client_fin = false;      // the client's FIN has come
  bool input_ended = false;     // no plaintext comes after what is in `inbound`
  bool fin_shown = false;       // the session knows about the FIN
  bool input_end_told = false;  // the backend knows that nothing follows
  bool more_input = false;      // the application needs bytes behind those in `inbound`
  bool throw_away = false;      // input is of no use any more
  bool header_due = false;      // the PROXY header comes before anything else
  bool upstream_fin = false;    // the backend's FIN has come
  bool on_probation = false;    // the backend may still refuse our certificate
  bool output_ended = false;    // the far side has no more to say
  bool retry = false;           // the session lacked memory and wants to be called again
  bool close_asked = false;     // the session was told to send close_notify
  bool output_closed = false;   // FIN to the client is queued
  bool session_over = false;    // the session closed itself and takes nothing more
  bool answered_last = false;   // the last byte that moved went to the client
  bool established_in_drain = false;
  bool over = false;          // to be concluded by whoever serves it
  bool abort_client = false;  // ... with RST
  Ending ending;

  tcp::CloseReason client_close = tcp::CloseReason::none;
  tcp::CloseReason upstream_close = tcp::CloseReason::none;
  BackendHandshake backend_handshake = BackendHandshake::none;
  tls::Error backend_tls_error = tls::Error::none;  // of the last attempt
  std::array<char, 32> backend_name{};
  SocketAddress backend_address;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t acknowledged = 0;  // by both peers, when the idle timer looked last
  Instant accepted_at;
  Instant established_at;
  Instant last_moved;  // when plaintext moved last
  Timer timer;

  /// Ends the connection as soon as its server returns; the first reason counts.
  void end(const char* reason, bool failed, bool abort) {
    if (ending.reason == nullptr) ending = {reason, failed};
    over = true;
    abort_client = abort;
  }
  void fail(const char* reason) { end(reason, true, true); }
};

}  // namespace lockstep::proxy

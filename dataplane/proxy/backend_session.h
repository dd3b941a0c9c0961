// A TLS session to a backend (re-encryption). Apart from its connection, since few connections have one, and since it
// stays behind as a ghost when an attempt is given up while engines hold jobs of it.
#pragma once

#include <optional>

#include "dataplane/base/mbuf.h"
#include "dataplane/base/slab.h"
#include "dataplane/tls/session.h"

namespace lockstep::proxy {

struct BackendSession {
  Handle self;
  Handle connection;  // whose it is; null: it is a ghost
  std::optional<tls::Session> session;

  Chain plaintext;       // from the backend, not yet given to the client
  Chain kept_records;    // what jobs of a ghost point into: records of the backend's
  Chain kept_plaintext;  // and plaintext of the client's

  std::uint64_t pinned_epoch = 0;
  std::uint32_t lent = 0;    // bytes of buffers that the session fills
  bool pinned = false;       // `pinned_epoch` is held
  bool fin = false;          // the backend's FIN has come
  bool fin_shown = false;    // the session knows about it
  bool input_ended = false;  // close_notify has come
  bool retry = false;        // the session lacked memory and wants to be called again
  bool close_asked = false;  // the session was told to send close_notify
  bool over = false;         // the session closed itself
};

}  // namespace lockstep::proxy

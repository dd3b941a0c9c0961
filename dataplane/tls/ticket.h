// Tickets: the state of a session, sealed for the client to keep (RFC 5077 section 4, RFC 8446 section 4.6.1).
//
//     name of the key (16) | nonce (12) | AES-256-GCM of the state, with the name as additional data | tag (16)
//
// The jobs are those of the record layer, so that tickets share batches with records. Both classes live where their
// jobs may: in a handshake's frame.
#pragma once

#include "crypto/base/random.h"
#include "dataplane/tls/counters.h"
#include "dataplane/tls/session_state.h"
#include "dataplane/tls/ticket_keys.h"

namespace lockstep::tls {

/// Bytes of a ticket beside the state.
constexpr std::size_t kTicketOverhead = kTicketKeyName + crypto::kAeadNonce + crypto::kAeadTag;
/// The largest ticket that is issued.
constexpr std::size_t kMaxTicket = kTicketOverhead + SessionState::kMaxSize;

/// Counts a ticket that was not taken, by why.
void count_refused(Counters& counters, Resumption why);

/// Seals one ticket after the other. What is sealed tells by its first byte what it is, so that a cookie
/// (retry_state.h) is no ticket.
class TicketSealer {
 public:
  /// Prepares `job` to seal `state` under `key`. Returns the part of `out` that holds the ticket once the job has come
  /// back with status ok; empty, and nothing to submit, when it does not fit. `key` and `out` stay until then.
  template <class State>
  Bytes prepare(const TicketKey& key, const State& state, Random& random, MutableBytes out) {
    return seal(key, state.write(state_.writable()), random, out);
  }

  crypto::SealJob job;

 private:
  Bytes seal(const TicketKey& key, Bytes plaintext, Random& random, MutableBytes out);

  Secret<SessionState::kMaxSize> state_;
};

/// Opens one ticket after the other, each in a copy of its own.
class TicketOpener {
 public:
  /// Copies `ticket` (any bytes) and prepares `job` to open it: true, or false when it was not sealed under one of
  /// `keys`, which stay until the job has come back.
  bool prepare(const TicketKeys& keys, Bytes ticket);
  /// The job has come back: reads the state. False when the ticket did not open or holds no state. The views in `state`
  /// hold until the next `prepare`.
  template <class State>
  bool read(State& state) const {
    return job.ok() && state.read(state_.expose(size_));
  }

  crypto::OpenJob job;

 private:
  Secret<SessionState::kMaxSize> state_;  // first sealed, then open
  std::size_t size_ = 0;
};

}  // namespace lockstep::tls

// The part of a TLS 1.3 handshake that looks for a session to resume (RFC 8446 section 4.2.11). A ticket that is no
// good is passed over; without a good one the handshake is a full one.
#include "crypto/base/constant_time.h"
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/ticket.h"

namespace lockstep::tls {

namespace {

// Identities that are looked at: clients offer one, or a few.
constexpr std::uint16_t kMaxIdentities = 4;

struct TicketSearch {
  explicit TicketSearch(Handshake& handshake_in)
      : handshake(handshake_in),
        identities(handshake_in.hello.psk_identities),
        binders(handshake_in.hello.psk_binders) {}

  bool begin_next();
  bool found();
  void begin_binder();
  Error take_session();

  Handshake& handshake;
  Reader identities;
  Reader binders;
  std::uint16_t count = 0;  // of the identities read
  Bytes offered_binder;     // of the last one
  std::uint32_t obfuscated_age = 0;
  TicketOpener opener;
  SessionState state;
  crypto::Tls13BinderJob binder;
};

// Submits the next ticket that can be opened; false when there is none left.
bool TicketSearch::begin_next() {
  while (count < kMaxIdentities && identities.remaining() != 0) {
    const Bytes identity = identities.vector16();
    obfuscated_age = identities.u32();
    offered_binder = binders.vector8();
    ++count;
    if (opener.prepare(*handshake.config.ticket_keys, identity)) {
      handshake.submit(opener.job);
      return true;
    }
    count_refused(handshake.link.core.counters, Resumption::unknown);
  }
  return false;
}

// Whether the ticket that was opened is of a session that may go on here.
bool TicketSearch::found() {
  Resumption outcome = Resumption::damaged;
  if (opener.read(state)) {
    outcome =
        state.check(handshake.config, Version::tls13, handshake.hello.server_name, handshake.link.unix_milliseconds());
    // The suite may be another one, with the same hash (section 4.2.11).
    const CipherSuiteTraits* const suite = find_traits(state.cipher_suite);
    if (outcome == Resumption::possible && (suite == nullptr || suite->hash != handshake.transcript.hash()))
      outcome = Resumption::mismatched;
  }
  count_refused(handshake.link.core.counters, outcome);
  return outcome == Resumption::possible;
}

void TicketSearch::begin_binder() {
  const Bytes hello = handshake.tls13.hello;
  binder.psk = state.secret.expose(digest_size(handshake.transcript.hash()));
  binder.transcript = &handshake.transcript;
  binder.truncated_hello = hello.first(hello.size() - handshake.hello.binders_size());
  handshake.submit(binder);
}

// The client has to show that it has the PSK (section 4.2.11).
Error TicketSearch::take_session() {
  if (!equal_constant_time(offered_binder, binder.binder.expose(binder.psk.size()))) return Error::bad_binder;
  Tls13Progress& progress = handshake.tls13;
  progress.hello = progress.hello.last(handshake.hello.binders_size());
  progress.selected_identity = static_cast<std::uint16_t>(count - 1);
  progress.secret.assign(binder.psk);
  if (choose_psk_mode(handshake.config, handshake.hello, progress.choice) == PskMode::psk_ke)
    progress.choice.group.reset();
  handshake.negotiated.resumed = true;
  if (const Error error = take_client_of_session(handshake, state); error != Error::none) return error;
  if (handshake.hello.has_early_data) consider_early_data_tls13(handshake, state, obfuscated_age, offered_binder);
  return Error::none;
}

}  // namespace

Coroutine resume_tls13(Handshake& handshake) {
  handshake.phase = Phase::resumption;
  handshake.successor = &server_handshake_tls13;
  TicketSearch search(handshake);
  while (search.begin_next()) {
    co_await handshake.jobs();
    if (!search.found()) continue;
    search.begin_binder();
    co_await handshake.jobs();
    if (!search.binder.ok()) co_return Error::engine_failed;
    const Error error = search.take_session();
    co_return error;
  }
  co_return Error::none;
}

}  // namespace lockstep::tls

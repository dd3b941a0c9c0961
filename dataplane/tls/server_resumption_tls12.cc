// TLS 1.2 sessions that go on: by the ticket that a client offers (RFC 5077) or by their identifier, and the
// abbreviated handshake (RFC 5246 section 7.3). What is no good means a full handshake, in which the client gets a new
// one.
#include <algorithm>

#include "dataplane/tls/ticket.h"
#include "dataplane/tls/tls12_steps.h"

namespace lockstep::tls {

using crypto::JobStatus;

namespace {

bool contains(const std::vector<CipherSuite>& suites, CipherSuite suite) {
  return std::find(suites.begin(), suites.end(), suite) != suites.end();
}

struct Tls12Resumption {
  explicit Tls12Resumption(Handshake& handshake_in) : handshake(handshake_in) {}

  void begin_keys();
  void begin_finished();
  Error send_flight();

  Handshake& handshake;
  crypto::TranscriptJob transcript;
  crypto::Tls12MasterSecretJob keys;
  crypto::Tls12FinishedJob finished;
  std::array<std::uint8_t, kMaxServerHello> hello_buffer;
  std::array<std::uint8_t, kMaxFinished> finished_buffer;
  Bytes server_hello;
};

// Nothing of the keys depends on the transcript.
void Tls12Resumption::begin_keys() {
  const ClientHello& hello = handshake.hello;
  fill_server_random_tls12(handshake, keys.server_random);
  std::copy(hello.random.begin(), hello.random.end(), keys.client_random.begin());
  ServerHelloTls12 answer;
  answer.random = keys.server_random;
  // RFC 5077 section 3.4: the same one shows the client that its session goes on.
  answer.session_id = hello.session_id;
  answer.cipher_suite = handshake.tls12.suite->suite;
  // Neither server_name (RFC 6066 section 3) nor ec_point_formats (RFC 8422 section 4) is answered again.
  answer.encrypt_then_mac = encrypts_then_macs(*handshake.tls12.suite, hello);
  answer.extended_master_secret = hello.extended_master_secret;
  answer.secure_renegotiation = hello.secure_renegotiation;
  answer.alpn = handshake.alpn;
  answer.sizes = handshake.record_sizes;
  server_hello = answer.write(hello_buffer);
  transcript.transcript = &handshake.transcript;
  transcript.append = {handshake.hello_message.whole, server_hello};
  handshake.submit(transcript);

  start_keys_tls12(handshake, keys);
  keys.resumed = true;
  keys.master_secret.assign(handshake.tls12.master_secret.expose());
  handshake.submit(keys);
}

void Tls12Resumption::begin_finished() {
  finished.master_secret = &handshake.tls12.master_secret;
  finished.transcript = &handshake.transcript;
  finished.server_first = true;
  handshake.submit(finished);
}

Error Tls12Resumption::send_flight() {
  const Error error = handshake.outbound.send(handshake.link, ContentType::handshake, std::span(&server_hello, 1));
  if (error != Error::none) return error;
  return send_finished(handshake, write_finished(finished_buffer, finished.server_finished));
}

// A ticket goes before an identifier (RFC 5077 section 3.4): who sends one lets the other tell whether it was taken.
struct SessionSearch {
  explicit SessionSearch(Handshake& handshake_in) : handshake(handshake_in) {}

  bool begin();
  Error end();

  Handshake& handshake;
  TicketOpener opener;
  FindSession find;

 private:
  bool has_ticket() const { return !handshake.hello.session_ticket.empty() && handshake.config.ticket_keys != nullptr; }
  bool begin_find();
  bool read(SessionState& session, Resumption& outcome) const;
};

// True when there is something to wait for.
bool SessionSearch::begin() {
  if (!has_ticket()) return begin_find();
  if (!opener.prepare(*handshake.config.ticket_keys, handshake.hello.session_ticket)) return false;
  handshake.submit(opener.job);
  return true;
}

// Our own cache answers at once.
bool SessionSearch::begin_find() {
  const Core& core = handshake.link.core;
  if (!find.id.read(handshake.hello.session_id)) return false;
  find.core = find.id.core();
  if (find.core != core.limits.core) return handshake.ask(find);
  find.found = core.sessions.find(find.id, handshake.link.now, find.session);
  return false;
}

bool SessionSearch::read(SessionState& session, Resumption& outcome) const {
  const bool known = has_ticket() ? opener.job.status != JobStatus::idle : find.found;
  outcome = known ? Resumption::damaged : Resumption::unknown;
  return known && (has_ticket() ? opener.read(session) : session.read(find.session.view()));
}

Error SessionSearch::end() {
  SessionState session;
  Resumption outcome = Resumption::unknown;
  Error error = Error::none;
  if (read(session, outcome)) error = accept_session_tls12(handshake, session, outcome);
  // An identifier is sent by who speaks TLS 1.3 besides, too (RFC 8446 appendix D.4): then nothing is refused.
  if (has_ticket() || find.found) count_refused(handshake.link.core.counters, outcome);
  if (handshake.negotiated.resumed && find.found) {
    handshake.negotiated.session_id = find.id;
    handshake.negotiated.remembered = true;
  }
  return error;
}

}  // namespace

Error accept_session_tls12(Handshake& handshake, const SessionState& session, Resumption& outcome) {
  const ClientHello& hello = handshake.hello;
  const CipherSuiteTraits* const suite = find_traits(session.cipher_suite);
  outcome = session.check(handshake.config, Version::tls12, hello.server_name, handshake.link.unix_milliseconds());
  if (outcome != Resumption::possible) return Error::none;
  // RFC 5246 section 7.4.1.2: the session's suite, if the client still offers it and we still want it.
  const bool usable = suite != nullptr && suite->version == Version::tls12 &&
                      hello.cipher_suites.contains(session.cipher_suite) &&
                      contains(handshake.config.cipher_suites, session.cipher_suite);
  if (!usable) {
    outcome = Resumption::mismatched;
    return Error::none;
  }
  // RFC 7627 section 5.3: the session has it.
  if (!hello.extended_master_secret) return Error::extended_master_secret_dropped;
  handshake.tls12.suite = suite;
  handshake.tls12.extended_master_secret = true;
  handshake.tls12.master_secret.assign(session.secret.expose());
  handshake.transcript = RunningHash(suite->hash);
  handshake.negotiated.cipher_suite = suite->suite;
  handshake.negotiated.resumed = true;
  handshake.successor = &abbreviated_handshake_tls12;
  return take_client_of_session(handshake, session);
}

Coroutine resume_tls12(Handshake& handshake) {
  handshake.phase = Phase::resumption;
  handshake.successor = &server_handshake_tls12;
  if (const Error error = check_hello_tls12(handshake.hello); error != Error::none) co_return error;
  SessionSearch search(handshake);
  if (search.begin()) co_await handshake.jobs();
  const Error error = search.end();
  co_return error;
}

Coroutine abbreviated_handshake_tls12(Handshake& handshake) {
  Tls12Resumption resumption(handshake);
  handshake.phase = Phase::key_schedule;
  resumption.begin_keys();
  co_await handshake.jobs();
  if (!resumption.keys.ok() || !resumption.transcript.ok()) co_return Error::engine_failed;
  give_out_secrets_tls12(handshake, resumption.keys);
  resumption.begin_finished();
  co_await handshake.jobs();
  if (!resumption.finished.ok()) co_return Error::engine_failed;

  handshake.phase = Phase::server_flight;
  if (const Error error = resumption.send_flight(); error != Error::none) co_return error;
  co_await handshake.flight_sent();

  handshake.phase = Phase::client_finished;
  co_await handshake.change_cipher_spec();
  if (const Error error = take_change_cipher_spec(handshake); error != Error::none) co_return error;
  const Message message = co_await handshake.message();
  const Error error = take_finished(handshake, message, resumption.finished.client_finished);
  co_return error;
}

}  // namespace lockstep::tls

// The abbreviated TLS 1.2 handshake of a client whose session goes on (RFC 5246 section 7.3, RFC 5077 section 3.1).
#include "dataplane/tls/client_steps_tls12.h"

namespace lockstep::tls {

namespace {

struct Tls12ClientResumption {
  explicit Tls12ClientResumption(ClientHandshake& handshake_in)
      : handshake(handshake_in), progress(handshake_in.tls12) {}

  void begin_keys();
  Error take_ticket(const Message& message);
  void begin_finished();
  Error send();

  ClientHandshake& handshake;
  Tls12ClientProgress& progress;
  ClientTranscriptTls12 transcripts{handshake};
  crypto::Tls12MasterSecretJob keys;
  crypto::Tls12FinishedJob finished;
  NewSessionTicketTls12 ticket;
  std::array<std::uint8_t, kMaxFinished> finished_buffer;
};

// Nothing of the keys depends on the transcript.
void Tls12ClientResumption::begin_keys() {
  progress.master_secret.assign(handshake.session->secret.expose());
  start_client_keys_tls12(handshake, keys);
  keys.resumed = true;
  keys.master_secret.assign(progress.master_secret.expose());
  handshake.submit(keys);
}

Error Tls12ClientResumption::take_ticket(const Message& message) {
  if (message.type != HandshakeType::new_session_ticket) return Error::unexpected_handshake_message;
  if (!ticket.read(message.body)) return Error::malformed_message;
  handshake.take_ticket_tls12(ticket);
  transcripts.append(message.whole);
  return Error::none;
}

void Tls12ClientResumption::begin_finished() {
  finished.master_secret = &progress.master_secret;
  finished.server_first = true;
  finished.transcript = &handshake.transcript;
  handshake.submit(finished);
}

Error Tls12ClientResumption::send() {
  return send_client_finished_tls12(handshake, {}, write_finished(finished_buffer, finished.client_finished));
}

}  // namespace

Coroutine client_resumption_tls12(ClientHandshake& handshake) {
  Tls12ClientResumption resumption(handshake);
  handshake.phase = Phase::key_schedule;
  resumption.begin_keys();
  co_await handshake.jobs();
  if (!resumption.keys.ok()) co_return Error::engine_failed;

  handshake.phase = Phase::server_finished;
  if (handshake.tls12.ticket_promised) {
    const Message message = co_await handshake.message();
    if (const Error error = resumption.take_ticket(message); error != Error::none) co_return error;
    co_await handshake.jobs();
    if (!resumption.transcripts.ok()) co_return Error::engine_failed;
  }
  resumption.begin_finished();
  co_await handshake.jobs();
  if (!resumption.finished.ok()) co_return Error::engine_failed;
  co_await handshake.change_cipher_spec();
  if (const Error error = take_server_change_cipher_spec(handshake); error != Error::none) co_return error;
  const Message message = co_await handshake.message();
  const Error finished = take_server_finished_tls12(handshake, message, resumption.finished.server_finished);
  if (finished != Error::none) co_return finished;

  handshake.phase = Phase::client_flight;
  if (const Error error = resumption.send(); error != Error::none) co_return error;
  co_await handshake.flight_sent();
  handshake.keep_session_tls12();
  co_return Error::none;
}

}  // namespace lockstep::tls

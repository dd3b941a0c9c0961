// The end of a full TLS 1.2 handshake of a client (RFC 5246 section 7.3): our flight, then the server's ticket (RFC
// 5077 section 3.3), if it has promised one, and its Finished.
#include "dataplane/tls/client_steps_tls12.h"

namespace lockstep::tls {

namespace {

struct Tls12ClientFinish {
  explicit Tls12ClientFinish(ClientHandshake& handshake_in) : handshake(handshake_in), progress(handshake_in.tls12) {}

  void begin_finished();
  Error send();
  Error take_ticket(const Message& message);

  ClientHandshake& handshake;
  Tls12ClientProgress& progress;
  crypto::Tls12FinishedJob finished;
  RunningHash transcript;  // what the job may append to
  NewSessionTicketTls12 ticket;
  std::array<std::uint8_t, kMaxFinished> finished_buffer;
};

// Both values; what the server's covers besides, a ticket, is not there yet, and then it is made again.
void Tls12ClientFinish::begin_finished() {
  transcript = handshake.transcript;
  finished.master_secret = &progress.master_secret;
  finished.transcript = &transcript;
  handshake.submit(finished);
}

Error Tls12ClientFinish::send() {
  const std::array<Bytes, 2> messages = {progress.certificate(), progress.key_exchange};
  return send_client_finished_tls12(handshake, messages, write_finished(finished_buffer, finished.client_finished));
}

Error Tls12ClientFinish::take_ticket(const Message& message) {
  if (message.type != HandshakeType::new_session_ticket) return Error::unexpected_handshake_message;
  if (!ticket.read(message.body)) return Error::malformed_message;
  handshake.take_ticket_tls12(ticket);
  finished.between = message.whole;
  begin_finished();
  return Error::none;
}

}  // namespace

Coroutine client_finish_tls12(ClientHandshake& handshake) {
  Tls12ClientFinish finish(handshake);
  finish.begin_finished();
  co_await handshake.jobs();
  if (!finish.finished.ok()) co_return Error::engine_failed;
  if (const Error error = finish.send(); error != Error::none) co_return error;
  co_await handshake.flight_sent();

  handshake.phase = Phase::server_finished;
  if (handshake.tls12.ticket_promised) {
    const Message message = co_await handshake.message();
    if (const Error error = finish.take_ticket(message); error != Error::none) co_return error;
    co_await handshake.jobs();
    if (!finish.finished.ok()) co_return Error::engine_failed;
  }
  co_await handshake.change_cipher_spec();
  if (const Error error = take_server_change_cipher_spec(handshake); error != Error::none) co_return error;
  const Message message = co_await handshake.message();
  const Error error = take_server_finished_tls12(handshake, message, finish.finished.server_finished);
  if (error == Error::none) handshake.keep_session_tls12();
  co_return error;
}

}  // namespace lockstep::tls

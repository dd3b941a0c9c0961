// The second part of a full TLS 1.2 handshake: both Finished messages (RFC 5246 section 7.4.9), and between them a
// ticket for the client to come back with (RFC 5077 section 3.3). For who takes no tickets the session is remembered
// here, by the identifier in ServerHello. What cannot be made or remembered is no reason to fail.
#include "dataplane/tls/new_session_ticket_tls12.h"
#include "dataplane/tls/tls12_steps.h"

namespace lockstep::tls {

namespace {

struct Tls12Finish {
  explicit Tls12Finish(Handshake& handshake_in) : handshake(handshake_in) {}

  void fill_state();
  bool begin_ticket();
  void remember();
  void write_ticket_message();
  void begin_finished();
  Error send();

  Handshake& handshake;
  SessionState state;
  TicketSealer sealer;
  crypto::Tls12FinishedJob finished;
  std::array<std::uint8_t, kMaxTicket> ticket_buffer;
  std::array<std::uint8_t, kMaxNewSessionTicketTls12> message_buffer;
  std::array<std::uint8_t, kMaxFinished> finished_buffer;
  Bytes ticket;
  Bytes ticket_message;  // empty: none was promised
};

void Tls12Finish::fill_state() {
  const Negotiated& negotiated = handshake.negotiated;
  const auto bytes = [](std::string_view text) {
    return Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  };
  state.version = Version::tls12;
  state.cipher_suite = negotiated.cipher_suite;
  state.issued = handshake.link.unix_milliseconds();
  state.scope = handshake.config.resumption_scope;
  state.secret.assign(handshake.tls12.master_secret.expose());
  state.server_name = bytes({negotiated.server_name.data(), negotiated.server_name_size});
  state.alpn = bytes(handshake.alpn);
  set_client_of_session(handshake, state);
}

// False when there is nothing to seal.
bool Tls12Finish::begin_ticket() {
  const TicketKeys& keys = *handshake.config.ticket_keys;
  fill_state();
  state.instance = keys.instance;
  ticket = sealer.prepare(*keys.sealing, state, handshake.link.core.random, ticket_buffer);
  if (ticket.empty()) return false;
  handshake.submit(sealer.job);
  return true;
}

// The client has shown that it has the keys: the session may be resumed from now on.
void Tls12Finish::remember() {
  if (!handshake.tls12.session_id) return;
  fill_state();
  Negotiated& negotiated = handshake.negotiated;
  negotiated.session_id = *handshake.tls12.session_id;
  negotiated.remembered = handshake.link.core.remember(negotiated.session_id, state, handshake.link.now,
                                                       lifetime_of_sessions(handshake.config));
}

// What was promised has to come, be it without a ticket.
void Tls12Finish::write_ticket_message() {
  const bool sealed = !ticket.empty() && sealer.job.ok();
  if (sealed) handshake.link.core.counters.tickets_issued.add();
  const NewSessionTicketTls12 message{lifetime_of_sessions(handshake.config), sealed ? ticket : Bytes()};
  ticket_message = message.write(message_buffer);
}

void Tls12Finish::begin_finished() {
  finished.master_secret = &handshake.tls12.master_secret;
  finished.transcript = &handshake.transcript;
  finished.between = ticket_message;
  handshake.submit(finished);
}

// The ticket is covered by the server's Finished, and goes out when the client's has been checked.
Error Tls12Finish::send() {
  if (!ticket_message.empty()) {
    const Error error = handshake.outbound.send(handshake.link, ContentType::handshake, std::span(&ticket_message, 1));
    if (error != Error::none) return error;
  }
  return send_finished(handshake, write_finished(finished_buffer, finished.server_finished));
}

}  // namespace

Coroutine finish_handshake_tls12(Handshake& handshake) {
  Tls12Finish finish(handshake);
  if (handshake.tls12.promises_ticket) {
    const bool sealing = finish.begin_ticket();
    if (sealing) co_await handshake.jobs();
    finish.write_ticket_message();
  }
  finish.begin_finished();
  co_await handshake.jobs();
  if (!finish.finished.ok()) co_return Error::engine_failed;

  handshake.phase = Phase::client_finished;
  co_await handshake.change_cipher_spec();
  if (const Error error = take_change_cipher_spec(handshake); error != Error::none) co_return error;
  const Message message = co_await handshake.message();
  const Error error = take_finished(handshake, message, finish.finished.client_finished);
  if (error != Error::none) co_return error;
  finish.remember();

  handshake.phase = Phase::server_flight;
  if (const Error sent = finish.send(); sent != Error::none) co_return sent;
  co_await handshake.flight_sent();
  co_return Error::none;
}

}  // namespace lockstep::tls

// The end of a TLS 1.3 handshake: tickets for the client to come back with (RFC 8446 section 4.6.1). A ticket that
// cannot be made is no reason to fail: the client then comes back without.
#include <algorithm>

#include "dataplane/tls/handshake.h"
#include "dataplane/tls/new_session_ticket_tls13.h"

namespace lockstep::tls {

namespace {

Bytes bytes_of_text(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct Tickets {
  explicit Tickets(Handshake& handshake_in) : handshake(handshake_in) {}

  void begin_secrets();
  bool begin_ticket(std::size_t i);
  bool send_ticket(std::size_t i);

  Handshake& handshake;
  crypto::Tls13ResumptionJob secrets;
  std::array<std::array<std::uint8_t, 2>, crypto::kMaxTickets> nonces;  // as the traces of RFC 8448 have them
  SessionState state;
  TicketSealer sealer;
  std::array<std::uint8_t, kMaxTicket> ticket_buffer;
  std::array<std::uint8_t, kMaxNewSessionTicket> message_buffer;
  Bytes ticket;
};

void Tickets::begin_secrets() {
  const ServerConfig& config = handshake.config;
  secrets.master_secret = &handshake.tls13.secret;
  secrets.transcript = &handshake.transcript;
  secrets.client_finished = handshake.tls13.client_finished.whole;
  // Who came with a ticket has others, or needs one in its place.
  secrets.hash = handshake.transcript.hash();
  secrets.count = handshake.negotiated.resumed ? 1 : std::min<std::uint8_t>(config.tickets, crypto::kMaxTickets);
  for (std::uint8_t i = 0; i < secrets.count; ++i) {
    nonces[i] = {0, i};
    secrets.nonces[i] = nonces[i];
  }
  handshake.submit(secrets);

  state.cipher_suite = handshake.negotiated.cipher_suite;
  state.scope = config.resumption_scope;
  state.instance = config.ticket_keys->instance;
  state.max_early_data = config.max_early_data;
  const Negotiated& negotiated = handshake.negotiated;
  state.server_name = bytes_of_text({negotiated.server_name.data(), negotiated.server_name_size});
  state.alpn = bytes_of_text(handshake.alpn);
  set_client_of_session(handshake, state);
}

bool Tickets::begin_ticket(std::size_t i) {
  Random& random = handshake.link.core.random;
  state.issued = handshake.link.unix_milliseconds();
  state.issued_at = handshake.link.now;
  state.age_add = random.u32();
  state.secret.assign(secrets.psks[i].expose());
  ticket = sealer.prepare(*handshake.config.ticket_keys->sealing, state, random, ticket_buffer);
  if (ticket.empty()) return false;
  handshake.submit(sealer.job);
  return true;
}

bool Tickets::send_ticket(std::size_t i) {
  const NewSessionTicketTls13 message{lifetime_of_sessions(handshake.config), state.age_add, nonces[i], ticket,
                                      state.max_early_data};
  const Bytes written = message.write(message_buffer);
  if (handshake.outbound.send(handshake.link, ContentType::handshake, std::span(&written, 1)) != Error::none)
    return false;
  handshake.link.core.counters.tickets_issued.add();
  return true;
}

}  // namespace

Coroutine issue_tickets_tls13(Handshake& handshake) {
  handshake.phase = Phase::tickets;
  Tickets tickets(handshake);
  tickets.begin_secrets();
  co_await handshake.jobs();
  if (!tickets.secrets.ok()) co_return Error::none;
  for (std::size_t i = 0; i < tickets.secrets.count; ++i) {
    if (!tickets.begin_ticket(i)) co_return Error::none;
    co_await handshake.jobs();
    if (!tickets.sealer.job.ok() || !tickets.send_ticket(i)) co_return Error::none;
    co_await handshake.flight_sent();
  }
  co_return Error::none;
}

}  // namespace lockstep::tls

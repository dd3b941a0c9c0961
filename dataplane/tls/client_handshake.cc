#include "dataplane/tls/client_handshake.h"

#include <algorithm>

#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/negotiate.h"
#include "dataplane/tls/new_session_ticket_tls13.h"

namespace lockstep::tls {

ClientSigner ClientHandshake::choose_signer(Version version, CodePoints schemes) const {
  for (const Credential& credential : config.identity.credentials)
    if (const auto scheme = choose_scheme(config.signature_schemes, *credential.key, version, schemes))
      return {&credential, *scheme};
  return {};
}

void ClientHandshake::release_session() {
  if (session != nullptr) link.core.client_sessions.release(std::exchange(session, nullptr));
}

// RFC 5246 section 7.4.6: who has nothing says so.
Bytes Tls12ClientProgress::certificate() const {
  constexpr static std::array<std::uint8_t, 7> kNoCertificate = {11, 0, 0, 3, 0, 0, 0};
  return certificate_requested ? Bytes(kNoCertificate) : Bytes();
}

void Tls12ClientProgress::write_key_exchange(Bytes public_key) {
  Writer writer(key_exchange_buffer_);
  {
    const auto message = begin_message(writer, HandshakeType::client_key_exchange);
    const auto point = writer.length8();
    writer.bytes(public_key);
  }
  key_exchange = writer.written();
}

// Without a lifetime it is for us to say how long it lives (RFC 5077 section 3.3).
void ClientHandshake::take_ticket_tls12(const NewSessionTicketTls12& ticket) {
  if (!offer.resumption || ticket.ticket.empty() || ticket.ticket.size() > ClientSession::kMaxMessage) return;
  ClientSession* const fresh = tls12.session = link.core.client_sessions.make();
  if (fresh == nullptr) return;
  std::copy(ticket.ticket.begin(), ticket.ticket.end(), fresh->message.begin());
  fresh->ticket = Bytes(fresh->message).first(ticket.ticket.size());
  const bool says = ticket.lifetime > Duration{};
  fresh->expires = link.now + (says ? std::min(ticket.lifetime, kLongestTicketLifetime) : kLongestTicketLifetime);
}

void ClientHandshake::remember(ClientSession& kept) {
  negotiated.kept = link.core.keep(kept);
  negotiated.remembered = negotiated.kept.serial != 0;
}

void ClientHandshake::keep_session_tls12() {
  if (tls12.session == nullptr && !negotiated.resumed && !tls12.ticket_promised && tls12.session_id_size != 0 &&
      offer.resumption)
    tls12.session = link.core.client_sessions.make();
  ClientSession* const fresh = std::exchange(tls12.session, nullptr);
  // One that goes on without a new ticket may be used again (RFC 5077 section 3.3).
  if (fresh == nullptr) {
    if (negotiated.resumed) remember(*std::exchange(session, nullptr));
    return;
  }
  if (fresh->ticket.empty()) {
    std::copy_n(tls12.session_id.begin(), tls12.session_id_size, fresh->message.begin());
    fresh->session_id = Bytes(fresh->message).first(tls12.session_id_size);
    fresh->expires = link.now + kLongestTicketLifetime;
  }
  fresh->server = origin.server;
  fresh->version = Version::tls12;
  fresh->suite = suite->suite;
  fresh->secret.assign(tls12.master_secret.expose());
  fresh->received = link.now;
  fresh->authenticated = origin.authenticated;
  fresh->valid_until = origin.valid_until;
  fresh->expires = std::min(fresh->expires, origin.authenticated + origin.lifetime);
  remember(*fresh);
}

void ClientHandshake::begin_chain(crypto::VerifyChainJob& chain, Version spoken) {
  chain.trust = config.trust.get();
  chain.purpose = crypto::ChainPurpose::server;
  chain.with_extensions = spoken == Version::tls13;
  chain.server_name = text_bytes(config.certified_name);
  chain.time = link.unix_milliseconds() / 1000;
  submit(chain);
}

Error ClientHandshake::take_verdict(const crypto::VerifyChainJob& chain) {
  if (!chain.ok()) return Error::engine_failed;
  origin.valid_until = chain.valid_until;
  return error_of(chain.verdict);
}

TicketReceiver* ClientHandshake::receive_tickets() {
  if (!offer.resumption || negotiated.version != Version::tls13) return nullptr;
  return link.core.ticket_receivers.make(link, origin, resumption_secret.expose());
}

bool ClientHandshake::start_successor() {
  if (successor == nullptr) return false;
  coroutine = std::exchange(successor, nullptr)(*this);
  return true;
}

void ClientHandshake::release() {
  release_session();
  if (tls12.session != nullptr) link.core.client_sessions.release(tls12.session);
  link.core.client_handshakes.release(this);
}

}  // namespace lockstep::tls

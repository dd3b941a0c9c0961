#include "dataplane/tls/client_handshake.h"

#include "dataplane/tls/negotiate.h"

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

TicketReceiver* ClientHandshake::receive_tickets() {
  if (!offer.resumption) return nullptr;
  return link.core.ticket_receivers.make(link, origin, resumption_secret.expose());
}

bool ClientHandshake::start_successor() {
  if (successor == nullptr) return false;
  coroutine = std::exchange(successor, nullptr)(*this);
  return true;
}

void ClientHandshake::release() {
  release_session();
  link.core.client_handshakes.release(this);
}

}  // namespace lockstep::tls

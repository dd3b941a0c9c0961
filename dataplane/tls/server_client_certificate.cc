// Who the client is: from the verdict on its chain, or from the session that goes on.
#include <algorithm>

#include "dataplane/tls/client_authentication.h"
#include "dataplane/tls/handshake.h"

namespace lockstep::tls {

namespace {

// A record of the core's for the connection's client.
Error make_identity(Handshake& handshake) {
  Core& core = handshake.link.core;
  handshake.negotiated.client = core.client_identities.make();
  if (handshake.negotiated.client != nullptr) return Error::none;
  core.counters.pool_full.add();
  return Error::no_memory;
}

}  // namespace

void begin_chain_of_client(Handshake& handshake, crypto::VerifyChainJob& job) {
  job.trust = handshake.config.client_authentication->trust.get();
  job.purpose = crypto::ChainPurpose::client;
  job.time = handshake.link.unix_milliseconds() / 1000;
  handshake.submit(job);
}

Error take_verdict_on_client(Handshake& handshake, const crypto::VerifyChainJob& job) {
  if (const Error error = make_identity(handshake); error != Error::none) return error;
  ClientIdentity& client = *handshake.negotiated.client;
  client.verdict = job.verdict;
  client.fingerprint = job.fingerprint;
  client.subject_size = job.subject_size;
  std::copy_n(job.subject.begin(), job.subject_size, client.subject.begin());
  return error_of(job.verdict);
}

Error take_client_of_session(Handshake& handshake, const SessionState& session) {
  if (session.client_fingerprint.empty()) return Error::none;
  if (const Error error = make_identity(handshake); error != Error::none) return error;
  ClientIdentity& client = *handshake.negotiated.client;
  client.verdict = crypto::ChainVerdict::valid;
  std::copy(session.client_fingerprint.begin(), session.client_fingerprint.end(), client.fingerprint.begin());
  client.subject_size = static_cast<std::uint8_t>(session.client_subject.size());
  std::copy(session.client_subject.begin(), session.client_subject.end(), client.subject.begin());
  return Error::none;
}

void set_client_of_session(const Handshake& handshake, SessionState& session) {
  const ClientIdentity* const client = handshake.negotiated.client;
  if (client == nullptr) return;
  session.client_fingerprint = client->fingerprint;
  session.client_subject = {reinterpret_cast<const std::uint8_t*>(client->subject.data()), client->subject_size};
}

}  // namespace lockstep::tls

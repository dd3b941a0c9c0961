// The part of a resumed TLS 1.3 handshake that decides about early data (RFC 8446 sections 4.2.10 and 8), and the
// message that ends it (section 4.5).
#include <algorithm>

#include "dataplane/tls/handshake.h"
#include "dataplane/tls/ticket_keys.h"

namespace lockstep::tls {

namespace {

// When the hello was due by the clock that saw the ticket issued, if its client's clock runs well.
Instant arrival_claimed(const SessionState& session, std::uint32_t obfuscated_age) {
  // Modulo 2^32 (section 4.2.11.1).
  const std::uint32_t age = obfuscated_age - session.age_add;
  return session.issued_at + milliseconds(age);
}

bool same_text(std::string_view text, Bytes bytes) {
  return std::equal(text.begin(), text.end(), bytes.begin(), bytes.end(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

// All of section 4.2.10 and 8 but whether the hello was seen before. A hello that was retried has no early data
// (section 4.1.2), and the server's name is the ticket's.
EarlyData check(const Handshake& handshake, const SessionState& session, std::uint32_t obfuscated_age) {
  const Tls13Progress& progress = handshake.tls13;
  if (session.max_early_data == 0 || session.max_early_data > handshake.config.max_early_data)
    return EarlyData::not_allowed;
  // Without a key exchange who steals the ticket's key could read on.
  if (progress.selected_identity != 0 || !progress.choice.group ||
      session.cipher_suite != progress.choice.suite->suite || !same_text(handshake.alpn, session.alpn))
    return EarlyData::mismatched;
  if (session.instance != handshake.config.ticket_keys->instance) return EarlyData::foreign;
  const Duration late = handshake.link.now - arrival_claimed(session, obfuscated_age);
  return late <= kEarlyDataTolerance && late >= Duration{} - kEarlyDataTolerance ? EarlyData::accepted
                                                                                 : EarlyData::stale;
}

struct Admission {
  explicit Admission(Handshake& handshake_in) : handshake(handshake_in), offer(handshake_in.tls13.early_data) {}

  void begin_question();
  void begin_keys();
  Error decide();

  Handshake& handshake;
  EarlyDataOffer& offer;
  AdmitEarlyData question;
  crypto::Tls13EarlyDataJob keys;
  Secret<kMaxDigest> traffic_secret;
};

void Admission::begin_question() {
  Core& core = handshake.link.core;
  question.hello = offer.hello;
  question.until = offer.until;
  question.core = offer.owner;
  if (offer.owner == core.limits.core)
    question.outcome = core.early_data.admit(offer.hello, offer.until, handshake.link.now);
  else
    (void)handshake.ask(question);  // refused: it remains unavailable
}

void Admission::begin_keys() {
  Tls13Progress& progress = handshake.tls13;
  keys.psk = progress.secret.expose(digest_size(handshake.transcript.hash()));
  keys.transcript = &handshake.transcript;
  keys.binders = progress.hello;
  keys.keys = &handshake.inbound.traffic.start(handshake.link, progress.choice.suite->aead());
  if (handshake.config.log_secrets) keys.traffic_secret = &traffic_secret;
  handshake.submit(keys);
}

Error Admission::decide() {
  if (!keys.ok()) return Error::engine_failed;
  handshake.tls13.hello = {};  // all in the transcript now
  offer.outcome = question.outcome;
  count_early_data(handshake.link.core.counters, offer.outcome);
  if (offer.outcome != EarlyData::accepted) return Error::none;
  give_out_early_secret(handshake, traffic_secret);
  handshake.negotiated.early_data = true;
  handshake.early_data_to_skip = 0;
  handshake.early_data_left = offer.limit;
  handshake.takes_early_data = true;
  handshake.inbound.protect(Protection::tls13);
  return Error::none;
}

}  // namespace

void consider_early_data_tls13(Handshake& handshake, const SessionState& session, std::uint32_t obfuscated_age,
                               Bytes binder) {
  EarlyDataOffer& offer = handshake.tls13.early_data;
  offer.outcome = check(handshake, session, obfuscated_age);
  if (offer.outcome != EarlyData::accepted) return count_early_data(handshake.link.core.counters, offer.outcome);
  offer.hello = HelloId::of(binder);
  offer.owner = owner_of_hello(binder, handshake.link.core.limits.cores);
  offer.until = arrival_claimed(session, obfuscated_age) + kEarlyDataTolerance;
  offer.limit = session.max_early_data;
  handshake.successor = &admit_early_data_tls13;
}

Coroutine admit_early_data_tls13(Handshake& handshake) {
  handshake.successor = &server_handshake_tls13;
  Admission admission(handshake);
  admission.begin_question();
  admission.begin_keys();
  co_await handshake.jobs();
  const Error error = admission.decide();
  co_return error;
}

Error take_end_of_early_data(Handshake& handshake, const Message& message, const crypto::RecordKeys& next) {
  if (message.type != HandshakeType::end_of_early_data) return Error::unexpected_handshake_message;
  if (!message.body.empty()) return Error::malformed_message;
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  handshake.takes_early_data = false;
  handshake.inbound.traffic.assign(handshake.link, next);
  handshake.inbound.protect(Protection::tls13);
  return Error::none;
}

}  // namespace lockstep::tls

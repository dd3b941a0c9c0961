// The first part of a TLS 1.3 handshake: what is chosen from the ClientHello, and the second one where the first lacks
// the key share (RFC 8446 sections 4.1.1 to 4.1.4).
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/retry_state.h"
#include "dataplane/tls/server_hello.h"
#include "dataplane/tls/ticket.h"

namespace lockstep::tls {

namespace {

struct Negotiation {
  explicit Negotiation(Handshake& handshake_in) : handshake(handshake_in), choice(handshake_in.tls13.choice) {}

  Error choose();
  bool lacks_share() const { return choice.group && choice.key_share.empty(); }
  void begin_retry();
  bool seals_cookie() const;
  Error begin_cookie();
  void begin_transcript();
  Error ask_for_share();
  Error begin_open_cookie();
  Error take_cookie();
  Error take_second_hello();
  void take_hello();

  Handshake& handshake;
  Tls13Choice& choice;
  RetryState first;
  crypto::TranscriptJob digest;  // of the first hello
  TicketSealer sealer;
  TicketOpener opener;
  Bytes cookie;           // empty: what it would hold stays here
  Bytes request_written;  // the HelloRetryRequest
  std::array<std::uint8_t, kTicketOverhead + RetryState::kMaxSize> cookie_buffer;
  std::array<std::uint8_t, kMaxServerHello> buffer;
};

Error Negotiation::choose() {
  // The ClientHello has to end with its record, since keys may change behind it (section 5.1).
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  const auto chosen = choose_tls13(handshake.config, handshake.hello);
  if (!chosen.ok()) return chosen.error();
  choice = chosen.value();
  handshake.transcript = RunningHash(choice.suite->hash);
  handshake.negotiated.cipher_suite = choice.suite->suite;
  handshake.tolerates_change_cipher_spec = true;
  handshake.negotiated.first_early_data = handshake.hello.has_early_data;
  if (handshake.hello.has_early_data) handshake.early_data_to_skip = kMaxSkippedEarlyData;
  return Error::none;
}

void Negotiation::begin_retry() {
  first.scope = handshake.config.resumption_scope;
  first.suite = choice.suite->suite;
  first.group = *choice.group;
  first.offered_psk = handshake.hello.offers_psk();
  first.unchanging = unchanging_part(handshake.hello_message.body);
  digest.transcript = &handshake.transcript;
  digest.append = {handshake.hello_message.whole, Bytes()};
  handshake.submit(digest);
}

bool Negotiation::seals_cookie() const {
  const ServerConfig& config = handshake.config;
  return config.retry_cookie && config.ticket_keys != nullptr && config.ticket_keys->sealing != nullptr;
}

Error Negotiation::begin_cookie() {
  const TicketKey& key = *handshake.config.ticket_keys->sealing;
  cookie = sealer.prepare(key, first, handshake.link.core.random, cookie_buffer);
  if (cookie.empty()) return Error::no_memory;
  handshake.submit(sealer.job);
  return Error::none;
}

// Section 4.4.1: the first ClientHello is represented by its digest. The HelloRetryRequest is written, and written anew
// behind a cookie, which it held.
void Negotiation::begin_transcript() {
  const Bytes hash = Bytes(first.digest).first(digest_size(choice.suite->hash));
  handshake.restart_transcript(choice.suite->hash, hash);
  const HelloRetryRequest request{handshake.hello.session_id, choice.suite->suite, *choice.group, cookie};
  request_written = request.write(buffer);
  handshake.transcript.update(request_written);
}

Error Negotiation::ask_for_share() {
  begin_transcript();
  handshake.link.core.counters.hello_retry_requests.add();
  if (handshake.hello.has_early_data) count_early_data(handshake.link.core.counters, EarlyData::retried);
  handshake.negotiated.hello_retry = true;
  return handshake.send_hello_tls13(request_written, true);
}

Error Negotiation::begin_open_cookie() {
  cookie = handshake.hello.cookie;
  if (cookie.empty()) return Error::missing_extension;
  if (!opener.prepare(*handshake.config.ticket_keys, cookie)) return Error::bad_cookie;
  handshake.submit(opener.job);
  return Error::none;
}

// What was chosen then is still in the configuration, which stays the connection's.
Error Negotiation::take_cookie() {
  if (!opener.read(first) || first.scope != handshake.config.resumption_scope) return Error::bad_cookie;
  choice.suite = find_traits(first.suite);
  choice.group = first.group;
  handshake.negotiated.cipher_suite = first.suite;
  begin_transcript();
  return take_second_hello();
}

// Section 4.1.2: the second hello repeats the first, and brings the one share that was asked for. PSKs may go, not
// come.
Error Negotiation::take_second_hello() {
  handshake.early_data_to_skip = 0;
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  const ClientHello& hello = handshake.hello;
  if (hello.has_early_data || (hello.offers_psk() && !first.offered_psk) ||
      unchanging_part(handshake.hello_message.body) != first.unchanging)
    return Error::hello_changed_after_retry;
  Reader entries(hello.key_shares);
  const std::uint16_t group = entries.u16();
  entries.vector16();
  if (!entries.finished() || group != static_cast<std::uint16_t>(*choice.group))
    return Error::hello_changed_after_retry;
  return hello.find_key_share(*choice.group, choice.key_share);
}

void Negotiation::take_hello() {
  handshake.tls13.hello = handshake.hello_message.whole;
  // Section 4.2.9: tickets only for who allows a way to use them.
  handshake.tls13.wants_tickets = handshake.hello.allows(PskMode::psk_dhe_ke) ||
                                  (handshake.config.psk_ke && handshake.hello.allows(PskMode::psk_ke));
  const bool psk = choose_psk_mode(handshake.config, handshake.hello, choice).has_value();
  handshake.successor = psk ? &resume_tls13 : &server_handshake_tls13;
}

}  // namespace

Error Handshake::send_hello_tls13(Bytes message, bool first) {
  Error error = outbound.send(link, ContentType::handshake, std::span(&message, 1));
  if (error == Error::none && first && !hello.session_id.empty()) error = send_change_cipher_spec();
  return error;
}

Coroutine negotiate_tls13(Handshake& handshake) {
  Negotiation negotiation(handshake);
  if (const Error error = negotiation.choose(); error != Error::none) co_return error;

  if (negotiation.lacks_share()) {
    negotiation.begin_retry();
    co_await handshake.jobs();
    if (!negotiation.digest.ok()) co_return Error::engine_failed;
    negotiation.first.digest = negotiation.digest.digest[0];
    if (negotiation.seals_cookie()) {
      if (const Error error = negotiation.begin_cookie(); error != Error::none) co_return error;
      co_await handshake.jobs();
      if (!negotiation.sealer.job.ok()) co_return Error::engine_failed;
    }
    if (const Error error = negotiation.ask_for_share(); error != Error::none) co_return error;
    handshake.phase = Phase::retried_hello;
    if (!negotiation.cookie.empty()) {
      co_await handshake.flight_sent();
      handshake.negotiated.hello_forgotten = handshake.begins_anew = true;
      co_return Error::none;
    }
    const Message second = co_await handshake.message();
    if (const Error error = handshake.read_hello(second); error != Error::none) co_return error;
    if (const Error error = negotiation.take_second_hello(); error != Error::none) co_return error;
  }

  negotiation.take_hello();
  co_return Error::none;
}

Coroutine return_with_cookie_tls13(Handshake& handshake) {
  Negotiation negotiation(handshake);
  if (const Error error = negotiation.begin_open_cookie(); error != Error::none) co_return error;
  co_await handshake.jobs();
  if (const Error error = negotiation.take_cookie(); error != Error::none) co_return error;
  negotiation.take_hello();
  co_return Error::none;
}

}  // namespace lockstep::tls

// The first part of a TLS 1.3 handshake: what is chosen from the ClientHello, and the second one where the first lacks
// the key share (RFC 8446 sections 4.1.1 to 4.1.4).
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/server_hello.h"

namespace lockstep::tls {

namespace {

// Records that a client sent as early data and that are not opened: what servers commonly grant, and twice what we do,
// so that there is room for headers and padding.
constexpr std::uint32_t kMaxSkipped = 65536;
static_assert(kMaxSkipped >= 2 * kMaxEarlyData);

constexpr std::array<std::uint8_t, 1> kChangeCipherSpec = {1};

struct Negotiation {
  explicit Negotiation(Handshake& handshake_in) : handshake(handshake_in), choice(handshake_in.tls13.choice) {}

  Error choose();
  bool lacks_share() const { return choice.group && choice.key_share.empty(); }
  void begin_retry();
  Error ask_for_share();
  Error take_second_hello(const Message& message);
  void take_hello();

  Handshake& handshake;
  Tls13Choice& choice;
  std::array<std::uint8_t, 32> first_hello{};  // what the second has to repeat
  bool first_offers_psk = false;
  crypto::TranscriptJob digest;  // of the first hello
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
  if (handshake.hello.has_early_data) handshake.early_data_to_skip = kMaxSkipped;
  return Error::none;
}

void Negotiation::begin_retry() {
  first_hello = unchanging_part(handshake.hello_message.body);
  first_offers_psk = handshake.hello.offers_psk();
  digest.transcript = &handshake.transcript;
  digest.append = {handshake.hello_message.whole, Bytes()};
  handshake.submit(digest);
}

Error Negotiation::ask_for_share() {
  // Section 4.4.1: the first ClientHello is represented by its digest.
  const Bytes first = Bytes(digest.digest[0]).first(digest_size(choice.suite->hash));
  const std::array<std::uint8_t, kHandshakeHeader> header = {static_cast<std::uint8_t>(HandshakeType::message_hash), 0,
                                                             0, static_cast<std::uint8_t>(first.size())};
  handshake.transcript = RunningHash(choice.suite->hash);
  handshake.transcript.update(header);
  handshake.transcript.update(first);

  const HelloRetryRequest request{handshake.hello.session_id, choice.suite->suite, *choice.group};
  const Bytes message = request.write(buffer);
  handshake.transcript.update(message);
  handshake.link.core.counters.hello_retry_requests.add();
  handshake.negotiated.hello_retry = true;
  return handshake.send_hello_tls13(message, true);
}

// Section 4.1.2: the second hello repeats the first, and brings the one share that was asked for. PSKs may go, not
// come.
Error Negotiation::take_second_hello(const Message& message) {
  handshake.early_data_to_skip = 0;
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  if (const Error error = handshake.read_hello(message); error != Error::none) return error;
  const ClientHello& hello = handshake.hello;
  if (hello.has_early_data || (hello.offers_psk() && !first_offers_psk) || unchanging_part(message.body) != first_hello)
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
  const Bytes change_cipher_spec = kChangeCipherSpec;
  Error error = outbound.send(link, ContentType::handshake, std::span(&message, 1));
  if (error == Error::none && first && !hello.session_id.empty())
    error = outbound.send(link, ContentType::change_cipher_spec, std::span(&change_cipher_spec, 1));
  return error;
}

Coroutine negotiate_tls13(Handshake& handshake) {
  Negotiation negotiation(handshake);
  if (const Error error = negotiation.choose(); error != Error::none) co_return error;

  if (negotiation.lacks_share()) {
    negotiation.begin_retry();
    co_await handshake.jobs();
    if (!negotiation.digest.ok()) co_return Error::engine_failed;
    if (const Error error = negotiation.ask_for_share(); error != Error::none) co_return error;
    handshake.phase = Phase::retried_hello;
    const Message second = co_await handshake.message();
    if (const Error error = negotiation.take_second_hello(second); error != Error::none) co_return error;
  }

  negotiation.take_hello();
  co_return Error::none;
}

}  // namespace lockstep::tls

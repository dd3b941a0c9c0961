// The first part of a client's handshake: ClientHello to ServerHello, with a HelloRetryRequest between them where the
// server wants another key share or its cookie back (RFC 8446 sections 4.1.1 to 4.1.4). The server chooses the version,
// and whether a session that is offered goes on (section 4.2.11; RFC 5246 section 7.3, RFC 5077).
#include <algorithm>

#include "dataplane/tls/client_handshake.h"
#include "dataplane/tls/received_server_hello.h"

namespace lockstep::tls {

namespace {

// Jobs, and what they refer to; lives in the coroutine's frame.
struct ClientHelloExchange {
  explicit ClientHelloExchange(ClientHandshake& handshake_in) : handshake(handshake_in), offer(handshake_in.offer) {}

  void begin();
  Error write_hello();
  void begin_binder();
  Error send_hello();
  Error take_hello(const Message& message);
  Error check_retry() const;
  void begin_retry();
  Error write_second_hello(const Message& request);
  Error check_session() const;
  Error check_share() const;
  Error check_tls12() const;
  void begin_tls12(const Message& server_hello);
  Error finish_tls12();
  void begin_secret(const Message& server_hello);
  Error finish();

  ClientHandshake& handshake;
  ClientOffer& offer;
  ReceivedServerHello received;
  bool retried = false;
  crypto::KeyShareJob key_share;
  crypto::TranscriptJob transcript;
  crypto::DeriveJob derive;
  crypto::Tls13ResumptionJob psk;
  crypto::Tls13BinderJob binder;
  RunningHash before_hello;  // what the binder covers besides
  std::array<std::uint8_t, kMaxCookie> cookie;
  Bytes hello;  // the last one

 private:
  void begin_session();
  bool begin_session_tls13(const ClientSession& session);
  bool begin_session_tls12(const ClientSession& session);
  void forget_session();
  void count_refused_session();
  void go_on();
  bool resumes_tls12() const;
};

void ClientHelloExchange::begin() {
  const std::string& name = handshake.config.server_name;
  Negotiated& negotiated = handshake.negotiated;
  negotiated.server_name_size = static_cast<std::uint8_t>(std::min(name.size(), kMaxClientServerName));
  std::copy_n(name.begin(), negotiated.server_name_size, negotiated.server_name.begin());
  handshake.link.core.random.fill(offer.random);
  handshake.link.core.random.fill(offer.session_id);
  offer.session_id_size = handshake.config.tls13 ? sizeof offer.session_id : 0;
  if (handshake.config.tls13) {
    key_share.group = handshake.config.groups.front();
    handshake.submit(key_share);
  }
  begin_session();
}

// Takes out a session for this handshake alone (appendix C.4).
void ClientHelloExchange::begin_session() {
  Link& link = handshake.link;
  handshake.origin.authenticated = link.now;
  offer.resumption = handshake.config.session_lifetime > Duration{};
  if (!offer.resumption) return;
  ClientSession* const session = handshake.session = link.core.take_session_with(handshake.origin.server, link.now);
  if (session == nullptr) return;
  // Section 4.6.1: a session counts no longer than the certificate behind it, whose end is told by the wall clock.
  const bool counts = session->valid_until > link.unix_milliseconds() / 1000;
  const bool usable =
      counts && (session->version == Version::tls13 ? begin_session_tls13(*session) : begin_session_tls12(*session));
  if (!usable) handshake.release_session();
}

// Section 4.2.11: with a suite that it can be used with.
bool ClientHelloExchange::begin_session_tls13(const ClientSession& session) {
  const Hash hash = find_traits(session.suite)->hash;
  if (!offer.offers(hash)) return false;
  offer.ticket = session.ticket;
  offer.binder_size = digest_size(hash);
  before_hello = RunningHash(hash);
  psk.hash = hash;
  psk.resumption_secret.assign(session.secret.expose());
  psk.count = 1;
  psk.nonces[0] = session.nonce;
  handshake.submit(psk);
  return true;
}

// With a ticket, an identifier that is new tells whether it was taken (RFC 5077 section 3.4).
bool ClientHelloExchange::begin_session_tls12(const ClientSession& session) {
  if (!offer.offers(session.suite, Version::tls12)) return false;
  offer.session_ticket = session.ticket;
  if (session.ticket.empty()) std::copy(session.session_id.begin(), session.session_id.end(), offer.session_id.begin());
  offer.session_id_size =
      static_cast<std::uint8_t>(session.ticket.empty() ? session.session_id.size() : sizeof offer.session_id);
  return true;
}

void ClientHelloExchange::count_refused_session() {
  if (handshake.session != nullptr) handshake.link.core.counters.client_sessions_refused.add();
}

// The session is taken. What comes out of it counts no longer than it does.
void ClientHelloExchange::go_on() {
  handshake.negotiated.resumed = true;
  handshake.origin.authenticated = handshake.session->authenticated;
  handshake.origin.valid_until = handshake.session->valid_until;
}

void ClientHelloExchange::forget_session() {
  handshake.release_session();
  offer.ticket = {};
  offer.binder_size = 0;
}

// The server repeats our identifier when a session of TLS 1.2 goes on (RFC 5246 section 7.4.1.3, RFC 5077 section 3.4).
bool ClientHelloExchange::resumes_tls12() const {
  return !received.session_id.empty() && std::ranges::equal(received.session_id, offer.session_id_view());
}

Error ClientHelloExchange::write_hello() {
  if ((handshake.config.tls13 && !key_share.ok()) || (!offer.ticket.empty() && !psk.ok())) return Error::engine_failed;
  offer.group = key_share.group;
  offer.public_key = Bytes(key_share.public_key).first(public_key_size(key_share.group));
  if (!offer.ticket.empty()) offer.obfuscated_ticket_age = handshake.session->obfuscated_age(handshake.link.now);
  hello = offer.write(handshake.hello_buffer);
  return hello.empty() ? Error::engine_failed : Error::none;
}

// Section 4.2.11.2.
void ClientHelloExchange::begin_binder() {
  binder.psk = psk.psks[0].expose(offer.binder_size);
  binder.transcript = &before_hello;
  binder.truncated_hello = hello.first(hello.size() - offer.binders_size());
  handshake.submit(binder);
}

Error ClientHelloExchange::send_hello() {
  if (!offer.ticket.empty()) {
    if (!binder.ok()) return Error::engine_failed;
    const Bytes value = binder.binder.expose(offer.binder_size);
    const MutableBytes place = MutableBytes(handshake.hello_buffer).subspan(hello.size() - value.size());
    std::copy(value.begin(), value.end(), place.begin());
  }
  handshake.phase = Phase::server_hello;
  handshake.tolerates_change_cipher_spec =
      handshake.tolerates_change_cipher_spec || (!retried && handshake.config.tls13);
  return handshake.outbound.send(handshake.link, ContentType::handshake, std::span(&hello, 1));
}

Error ClientHelloExchange::take_hello(const Message& message) {
  if (message.type != HandshakeType::server_hello) return Error::unexpected_handshake_message;
  received = ReceivedServerHello();
  const Error error = received.read(message.body, offer);
  if (error != Error::none) return error;
  // Section 4.1.4.
  if (retried && received.version != Version::tls13) return Error::version_changed_after_retry;
  // It has to end with its record, since keys change behind it, or the server waits (section 5.1).
  if (received.version == Version::tls13 && !handshake.reader.at_boundary()) return Error::data_across_key_change;
  const CipherSuiteTraits* const suite = find_traits(received.cipher_suite);
  // Section 4.1.4.
  if (retried && received.retry) return Error::second_hello_retry;
  if (retried && suite != handshake.suite) return Error::suite_changed_after_retry;
  if (!retried) handshake.transcript = RunningHash(suite->hash);
  handshake.suite = suite;
  handshake.negotiated.version = suite->version;
  handshake.negotiated.cipher_suite = suite->suite;
  if (received.version == Version::tls12) return check_tls12();
  if (received.retry) return check_retry();
  const Error refused = check_session();
  return refused != Error::none ? refused : check_share();
}

// Section 4.2.11: the one identity, and a suite and a share that go with it.
Error ClientHelloExchange::check_session() const {
  if (!received.selected_identity) return Error::none;
  if (*received.selected_identity != 0) return Error::psk_not_offered;
  if (handshake.suite->hash != psk.hash) return Error::psk_of_other_hash;
  return received.group ? Error::none : Error::psk_without_key_share;
}

// Sections 4.1.4 and 4.2.8.
Error ClientHelloExchange::check_retry() const {
  if (received.group && !offer.offers(*received.group)) return Error::group_not_offered;
  const bool other_share = received.group && *received.group != offer.group;
  if (received.group ? !other_share : received.cookie.empty()) return Error::unchanged_retry;
  return received.cookie.size() > kMaxCookie ? Error::cookie_too_long : Error::none;
}

// Section 4.2.8: a share of the group that ours is of.
Error ClientHelloExchange::check_share() const {
  if (!received.group) return Error::missing_extension;
  if (*received.group != offer.group) return Error::group_not_offered;
  return received.public_key.size() == public_key_size(offer.group) ? Error::none : Error::bad_key_share;
}

Error ClientHelloExchange::check_tls12() const {
  if (!resumes_tls12()) return received.extended_master_secret ? Error::none : Error::no_extended_master_secret;
  const ClientSession* const session = handshake.session;
  if (session == nullptr || session->version != Version::tls12) return Error::session_not_offered;
  // RFC 5246 section 7.4.1.3.
  if (received.cipher_suite != session->suite) return Error::suite_changed_on_resumption;
  // RFC 7627 section 5.3.
  return received.extended_master_secret ? Error::none : Error::extended_master_secret_dropped;
}

void ClientHelloExchange::begin_retry() {
  transcript.transcript = &handshake.transcript;
  transcript.append = {hello, Bytes()};
  handshake.submit(transcript);
  if (!received.group) return;
  key_share.group = *received.group;
  handshake.submit(key_share);
}

Error ClientHelloExchange::write_second_hello(const Message& request) {
  if (!transcript.ok()) return Error::engine_failed;
  const Hash hash = handshake.suite->hash;
  handshake.restart_transcript(hash, Bytes(transcript.digest[0]).first(digest_size(hash)));
  handshake.transcript.update(request.whole);
  handshake.negotiated.hello_retry = retried = true;
  std::copy(received.cookie.begin(), received.cookie.end(), cookie.begin());
  offer.cookie = Bytes(cookie).first(received.cookie.size());
  // A session that does not go with the suite is left out (section 4.1.2).
  if (!offer.ticket.empty() && psk.hash != hash) forget_session();
  before_hello = handshake.transcript;
  const Error error = handshake.send_change_cipher_spec();
  return error != Error::none ? error : write_hello();
}

void ClientHelloExchange::begin_secret(const Message& server_hello) {
  handshake.phase = Phase::key_schedule;
  handshake.negotiated.group = offer.group;
  transcript.transcript = &handshake.transcript;
  transcript.append = {hello, server_hello.whole};
  handshake.submit(transcript);
  derive.group = offer.group;
  derive.private_key = &key_share.private_key;
  std::copy(received.public_key.begin(), received.public_key.end(), derive.peer_public_key.begin());
  handshake.submit(derive);
}

Error ClientHelloExchange::finish() {
  if (derive.status == crypto::JobStatus::bad_peer_key) return Error::bad_key_share;
  if (!transcript.ok() || !derive.ok()) return Error::engine_failed;
  if (received.selected_identity) {
    go_on();
    handshake.psk.assign(psk.psks[0].expose());
  } else {
    count_refused_session();
  }
  handshake.release_session();
  offer.ticket = {};
  handshake.hello_digest = transcript.digest[1];
  handshake.shared_secret.assign(derive.shared_secret.expose(shared_secret_size(derive.group)));
  handshake.successor = &client_handshake_tls13;
  return Error::none;
}

void ClientHelloExchange::begin_tls12(const Message& server_hello) {
  handshake.tolerates_change_cipher_spec = false;
  transcript.transcript = &handshake.transcript;
  transcript.append = {hello, server_hello.whole};
  handshake.submit(transcript);
  Tls12ClientProgress& progress = handshake.tls12;
  progress.client_random = offer.random;
  std::copy(received.random.begin(), received.random.end(), progress.server_random.begin());
  progress.ticket_promised = received.session_ticket;
  progress.session_id_size = static_cast<std::uint8_t>(received.session_id.size());
  std::copy(received.session_id.begin(), received.session_id.end(), progress.session_id.begin());
  handshake.remember_alpn({reinterpret_cast<const char*>(received.alpn.data()), received.alpn.size()});
}

Error ClientHelloExchange::finish_tls12() {
  if (!transcript.ok()) return Error::engine_failed;
  offer.ticket = {};
  if (resumes_tls12()) {
    go_on();
    handshake.successor = &client_resumption_tls12;
    return Error::none;
  }
  count_refused_session();
  handshake.release_session();
  handshake.successor = &client_handshake_tls12;
  return Error::none;
}

}  // namespace

Coroutine client_hello_exchange(ClientHandshake& handshake) {
  ClientHelloExchange exchange(handshake);
  handshake.phase = Phase::key_share;
  exchange.begin();
  co_await handshake.jobs();
  if (const Error error = exchange.write_hello(); error != Error::none) co_return error;
  if (!exchange.offer.ticket.empty()) {
    exchange.begin_binder();
    co_await handshake.jobs();
  }
  if (const Error error = exchange.send_hello(); error != Error::none) co_return error;

  Message message = co_await handshake.message();
  if (const Error error = exchange.take_hello(message); error != Error::none) co_return error;
  if (exchange.received.retry) {
    handshake.phase = Phase::key_share;
    exchange.begin_retry();
    co_await handshake.jobs();
    if (const Error error = exchange.write_second_hello(message); error != Error::none) co_return error;
    if (!exchange.offer.ticket.empty()) {
      exchange.begin_binder();
      co_await handshake.jobs();
    }
    if (const Error error = exchange.send_hello(); error != Error::none) co_return error;
    message = co_await handshake.message();
    if (const Error error = exchange.take_hello(message); error != Error::none) co_return error;
  }

  if (exchange.received.version == Version::tls12) {
    exchange.begin_tls12(message);
    co_await handshake.jobs();
    const Error error = exchange.finish_tls12();
    co_return error;
  }
  exchange.begin_secret(message);
  co_await handshake.jobs();
  const Error error = exchange.finish();
  co_return error;
}

}  // namespace lockstep::tls

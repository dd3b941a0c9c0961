// The third part of a client's TLS 1.3 handshake: our flight (RFC 8446 section 4.4). Who is asked for a certificate and
// has one that the server takes shows it and signs; who has none says so.
#include "dataplane/tls/certificate_verify.h"
#include "dataplane/tls/client_handshake.h"
#include "dataplane/tls/finished.h"

namespace lockstep::tls {

namespace {

// Certificate without one (section 4.4.2): header, context, list.
constexpr std::array<std::uint8_t, 8> kNoCertificate = {11, 0, 0, 4, 0, 0, 0, 0};

// Jobs, and what they refer to; lives in the coroutine's frame.
struct Tls13ClientFlight {
  explicit Tls13ClientFlight(ClientHandshake& handshake_in) : handshake(handshake_in), progress(handshake_in.tls13) {}

  Hash hash() const { return handshake.suite->hash; }
  bool signs() const { return progress.signer.credential != nullptr; }
  void begin_certificate();
  void begin_sign();
  void begin_finished();
  Error send();
  void take_resumption_secret();
  void take_application_keys();

  ClientHandshake& handshake;
  Tls13ClientProgress& progress;
  crypto::TranscriptJob transcript;
  crypto::SignJob sign;
  crypto::Tls13ClientFinishedJob client_finished;
  crypto::Tls13ResumptionJob resumption;
  std::array<std::uint8_t, kMaxCertificateVerify> verify_buffer;
  std::array<std::uint8_t, kMaxFinished> finished_buffer;
  Bytes certificate;
  Bytes verify;

 private:
  void begin_resumption_secret(Bytes finished);
};

// Nothing beside the certificate was asked for that we have.
void Tls13ClientFlight::begin_certificate() {
  certificate = choose_form(progress.signer.credential->messages->tls13, {}).messages;
  transcript.transcript = &handshake.transcript;
  transcript.append = {certificate, Bytes()};
  handshake.submit(transcript);
}

// Section 4.4.3.
void Tls13ClientFlight::begin_sign() {
  sign.key = progress.signer.credential->key.get();
  sign.scheme = progress.signer.scheme;
  const Bytes content = write_certificate_verify_content(sign.content, kClientCertificateVerify,
                                                         Bytes(transcript.digest[0]).first(digest_size(hash())));
  sign.content_size = static_cast<std::uint16_t>(content.size());
  handshake.submit(sign);
}

void Tls13ClientFlight::begin_finished() {
  if (signs()) {
    verify = write_certificate_verify(verify_buffer, sign.scheme, Bytes(sign.signature).first(sign.signature_size));
  } else {
    certificate = kNoCertificate;
  }
  client_finished.finished_key = &progress.client_finished_key;
  client_finished.transcript = &handshake.transcript;
  client_finished.before_finished = signs() ? verify : certificate;
  handshake.submit(client_finished);
}

Error Tls13ClientFlight::send() {
  const auto& verify_data = progress.certificate_requested ? client_finished.client_finished : progress.client_finished;
  const Bytes finished = write_finished(finished_buffer, verify_data.expose(digest_size(hash())));
  const std::array<Bytes, 3> messages = {certificate, verify, finished};
  if (handshake.offer.resumption) begin_resumption_secret(finished);
  return handshake.outbound.send(handshake.link, ContentType::handshake, messages);
}

// What tickets are of (section 4.6.1).
void Tls13ClientFlight::begin_resumption_secret(Bytes finished) {
  resumption.hash = hash();
  resumption.master_secret = &progress.master_secret;
  resumption.transcript = &handshake.transcript;
  resumption.client_finished = finished;
  handshake.submit(resumption);
}

// Without it there is no resumption, and that is no reason to fail.
void Tls13ClientFlight::take_resumption_secret() {
  handshake.origin.suite = handshake.suite->suite;
  handshake.offer.resumption = handshake.offer.resumption && resumption.ok();
  handshake.resumption_secret.assign(resumption.resumption_secret.expose());
}

void Tls13ClientFlight::take_application_keys() {
  const auto take = [&](TrafficKeys& traffic, const crypto::RecordKeys& keys, const Secret<kMaxDigest>& secret) {
    traffic.assign(handshake.link, keys);
    traffic.aead()->secret.assign(secret.expose());
    traffic.aead()->update.hash = hash();
  };
  take(handshake.inbound.traffic, progress.server_keys, progress.server_application_secret);
  take(handshake.outbound.traffic, progress.client_keys, progress.client_application_secret);
  handshake.inbound.protect(Protection::tls13);
  handshake.outbound.protect(Protection::tls13);
}

}  // namespace

Coroutine client_finish_tls13(ClientHandshake& handshake) {
  Tls13ClientFlight flight(handshake);
  if (flight.signs()) {
    handshake.phase = Phase::signing;
    flight.begin_certificate();
    co_await handshake.jobs();
    if (!flight.transcript.ok()) co_return Error::engine_failed;
    flight.begin_sign();
    co_await handshake.jobs();
    if (!flight.sign.ok()) co_return Error::engine_failed;
  }
  handshake.phase = Phase::client_flight;
  if (handshake.tls13.certificate_requested) {
    flight.begin_finished();
    co_await handshake.jobs();
    if (!flight.client_finished.ok()) co_return Error::engine_failed;
  }
  const Error sent = flight.send();
  co_await handshake.jobs();
  if (sent != Error::none) co_return sent;
  co_await handshake.flight_sent();
  flight.take_resumption_secret();
  flight.take_application_keys();
  co_return Error::none;
}

}  // namespace lockstep::tls

// What full and abbreviated handshakes of TLS 1.2 have in common.
#pragma once

#include "dataplane/tls/finished.h"
#include "dataplane/tls/handshake.h"
#include "dataplane/tls/server_hello.h"

namespace lockstep::tls {

/// Makes the random of ServerHello.
inline void fill_server_random_tls12(Handshake& handshake, MutableBytes random) {
  handshake.link.core.random.fill(random);
  if (handshake.config.tls13) set_downgrade_sentinel(random);
}

/// Appends what is said to the transcript, and to the one in the other hash where a client's signature may cover it.
class TranscriptsTls12 {
 public:
  explicit TranscriptsTls12(Handshake& handshake) : handshake_(handshake) {}
  /// Submits the jobs; the messages stay until they are back.
  void append(Bytes first, Bytes second = {}) {
    submit(own_, handshake_.transcript, first, second);
    if (handshake_.config.client_authentication != nullptr)
      submit(other_, handshake_.tls12.other_transcript, first, second);
  }
  bool ok() const { return own_.ok() && (handshake_.config.client_authentication == nullptr || other_.ok()); }

 private:
  void submit(crypto::TranscriptJob& job, RunningHash& transcript, Bytes first, Bytes second) {
    job.transcript = &transcript;
    job.append = {first, second};
    handshake_.submit(job);
  }

  Handshake& handshake_;
  crypto::TranscriptJob own_;
  crypto::TranscriptJob other_;
};

/// The job that makes keys is about to be submitted: says which keys, and by which randoms.
inline void start_keys_tls12(Handshake& handshake, crypto::Tls12MasterSecretJob& job) {
  TrafficKeys& client = handshake.inbound.traffic;
  TrafficKeys& server = handshake.outbound.traffic;
  const CipherSuiteTraits& suite = *handshake.tls12.suite;
  if (const crypto::CbcSuite* const cbc = suite.cbc(); cbc != nullptr) {
    const bool encrypt_then_mac = encrypts_then_macs(suite, handshake.hello);
    job.client_cbc_keys = &client.start(handshake.link, *cbc, encrypt_then_mac);
    job.server_cbc_keys = &server.start(handshake.link, *cbc, encrypt_then_mac);
  } else {
    job.client_keys = &client.start(handshake.link, suite.aead());
    job.server_keys = &server.start(handshake.link, suite.aead());
  }
  job.hash = suite.hash;
}

/// The client's change_cipher_spec came: what follows is protected.
inline Error take_change_cipher_spec(Handshake& handshake) {
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  handshake.inbound.protect(Protection::tls12);
  return Error::none;
}

/// The client's Finished ends what it has to say.
inline Error take_finished(const Handshake& handshake, const Message& message, Bytes verify_data) {
  const Error error = check_finished(message, verify_data);
  if (error != Error::none) return error;
  return handshake.reader.at_boundary() ? Error::none : Error::data_across_key_change;
}

/// Sends change_cipher_spec and `finished`, which stays where it is until it is sealed.
inline Error send_finished(Handshake& handshake, Bytes finished) {
  constexpr static std::array<std::uint8_t, 1> kChangeCipherSpec = {1};
  const Bytes change_cipher_spec = kChangeCipherSpec;
  const Error error =
      handshake.outbound.send(handshake.link, ContentType::change_cipher_spec, std::span(&change_cipher_spec, 1));
  if (error != Error::none) return error;
  handshake.outbound.protect(Protection::tls12);
  return handshake.outbound.send(handshake.link, ContentType::handshake, std::span(&finished, 1));
}

}  // namespace lockstep::tls

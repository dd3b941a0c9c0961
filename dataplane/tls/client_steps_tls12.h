// What full and abbreviated handshakes of a TLS 1.2 client have in common.
#pragma once

#include "dataplane/tls/client_handshake.h"
#include "dataplane/tls/finished.h"

namespace lockstep::tls {

/// Appends what is said to the transcript.
class ClientTranscriptTls12 {
 public:
  explicit ClientTranscriptTls12(ClientHandshake& handshake) : handshake_(handshake) {}
  /// Submits the job; the messages stay until it is back.
  void append(Bytes first, Bytes second = {}) {
    job_.transcript = &handshake_.transcript;
    job_.append = {first, second};
    handshake_.submit(job_);
  }
  bool ok() const { return job_.ok(); }

 private:
  ClientHandshake& handshake_;
  crypto::TranscriptJob job_;
};

/// The job that makes keys is about to be submitted: says which keys, and by which randoms.
inline void start_client_keys_tls12(ClientHandshake& handshake, crypto::Tls12MasterSecretJob& job) {
  job.hash = handshake.suite->hash;
  job.client_random = handshake.tls12.client_random;
  job.server_random = handshake.tls12.server_random;
  job.client_keys = &handshake.outbound.traffic.start(handshake.link, handshake.suite->aead());
  job.server_keys = &handshake.inbound.traffic.start(handshake.link, handshake.suite->aead());
}

/// Sends what comes before it, change_cipher_spec and Finished; all stay where they are until it is sealed.
inline Error send_client_finished_tls12(ClientHandshake& handshake, std::span<const Bytes> messages, Bytes finished) {
  if (!messages.empty()) {
    const Error error = handshake.outbound.send(handshake.link, ContentType::handshake, messages);
    if (error != Error::none) return error;
  }
  if (const Error error = handshake.send_change_cipher_spec(); error != Error::none) return error;
  handshake.outbound.protect(Protection::tls12);
  return handshake.outbound.send(handshake.link, ContentType::handshake, std::span(&finished, 1));
}

/// The server's change_cipher_spec came: what follows is protected.
inline Error take_server_change_cipher_spec(ClientHandshake& handshake) {
  if (!handshake.reader.at_boundary()) return Error::data_across_key_change;
  handshake.inbound.protect(Protection::tls12);
  return Error::none;
}

/// The server's Finished ends what it has to say.
inline Error take_server_finished_tls12(const ClientHandshake& handshake, const Message& message, Bytes verify_data) {
  const Error error = check_finished(message, verify_data);
  if (error != Error::none) return error;
  return handshake.reader.at_boundary() ? Error::none : Error::data_across_key_change;
}

}  // namespace lockstep::tls

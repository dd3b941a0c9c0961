// An engine that makes a server repeat a recorded handshake: real cryptography, with the server's chance and its peer's
// certificates taken from the record, and some of the server's messages exchanged for the recorded ones.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "crypto/base/random.h"
#include "crypto/engine.h"
#include "dataplane/tls/handshake_message.h"
#include "tests/unit/dataplane/tls/bytes.h"

namespace lockstep::tls::test {

/// What the recorded server did by chance, or otherwise than ours does.
struct TraceScript {
  Buffer private_key;  // of the key share
  Buffer public_key;
  Buffer signature;                           // of CertificateVerify
  std::optional<crypto::PeerKey> signer;      // whose it is
  std::optional<crypto::PeerKey> client_key;  // of the client's certificate, which is taken for valid
  std::optional<Buffer> session;              // what the offered ticket holds, in place of opening it
  bool took_early_data = false;               // the client's Finished covers an EndOfEarlyData
  /// Messages in place of ours, in the transcript and on the wire.
  std::map<HandshakeType, Buffer> messages;
};

/// Serves every kind at once. For each job that the record determines it tells `failures` where a result or what the
/// server asks for is not the record's.
class TraceEngine final : public crypto::Engine {
 public:
  /// `house`: schedules and records by the engines that the service prefers, else everything by libcrypto.
  TraceEngine(TraceScript script, bool house);

  const char* name() const override { return "trace"; }
  bool supports(crypto::JobClass) const override { return true; }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override;

  /// The next transcript must be `ours`; it goes on as `theirs`.
  void exchange_transcript(const RunningHash& ours, const RunningHash& theirs);

  /// What became of the server's output: plaintext messages and protected records with the recorded messages in place
  /// of its own, as they would have been sent.
  Buffer rewrite(const Buffer& output);

  /// Our messages that others took the place of.
  std::map<HandshakeType, Buffer> exchanged;
  std::vector<std::string> failures;

  // The results of the key schedule, in full.
  struct Keys {
    Buffer key;
    Buffer iv;
  };
  Keys client_handshake;
  Keys server_handshake;
  Keys client_application;
  Keys server_application;
  Buffer hello_digest;
  Buffer server_finished;
  Buffer client_application_secret;
  Buffer server_application_secret;
  Buffer master_secret;
  Buffer psk;  // of the first ticket

 private:
  crypto::Engine& engine_of(const crypto::Job& job);
  void run_one(crypto::Job& job);
  void make_share(crypto::KeyShareJob& job);
  void sign(crypto::SignJob& job);
  void append(crypto::TranscriptJob& job);
  void seal(const crypto::SealJob& job);
  void open(crypto::OpenJob& job);
  void keep(const crypto::Tls13ServerFlightJob& job);
  Bytes exchange(Bytes message);
  void expect(bool condition, const char* what);

  TraceScript script_;
  Random random_ = Random::from_number(1);
  std::unique_ptr<crypto::Engine> libcrypto_;
  std::unique_ptr<crypto::Engine> schedule_;
  std::unique_ptr<crypto::Engine> records_;
  std::optional<std::pair<Buffer, RunningHash>> next_transcript_;  // digest of ours, and theirs
  std::vector<Buffer> sealed_;                                     // records not yet rewritten
};

/// The public key of the first certificate of a TLS 1.3 Certificate message, of any size.
crypto::PeerKey public_key_of(const Buffer& certificate_message);

}  // namespace lockstep::tls::test

// The TLS 1.3 key schedule (RFC 8446 section 7) as steps. A step adds to a round the hash work that its job can do
// next; when the round has run, the next step finds the results. The engine takes many jobs through their steps
// together.
#pragma once

#include "crypto/job.h"
#include "crypto/schedule/padded_message.h"

namespace lockstep::crypto {

/// The message of a Derive-Secret with one label, ready but for the transcript's digest.
struct LabelMessage {
  LabelMessage(Hash hash, std::string_view label);

  PaddedMessage<1> message;
  std::size_t context_at;
};

/// What is the same for every handshake with one hash: computed once per engine.
struct Tls13Constants {
  explicit Tls13Constants(Hash hash);

  Hash hash;
  HmacKey zero_salt;                           // salt of the early secret
  std::array<std::uint8_t, kMaxDigest> empty;  // digest of the empty string
  HmacKey no_psk_salt;                         // salt of the handshake secret when there is no PSK
  LabelMessage client_early_traffic;
  LabelMessage client_handshake_traffic;
  LabelMessage server_handshake_traffic;
  LabelMessage client_application_traffic;
  LabelMessage server_application_traffic;
  LabelMessage exporter_master;
  LabelMessage resumption_master;
  PaddedMessage<1> zeros;          // a digest's size of zeros, to be replaced by a digest
  ConstantMessage constant_zeros;  // the same, for Master Secret = HKDF-Extract(..., 0)
  ConstantMessage derived;         // the rest is messages of HKDF-Expand-Label
  ConstantMessage finished;
  ConstantMessage traffic_update;
  ConstantMessage key16;
  ConstantMessage key32;
  ConstantMessage iv;
  ConstantMessage resumption_binder;
};

/// One secret or digest.
using DigestBytes = std::array<std::uint8_t, kMaxDigest>;

/// The key and IV of one direction on their way (RFC 8446 section 7.3).
class TrafficKeys {
 public:
  /// Expands both from `traffic_secret` for `keys.aead`.
  void expand(HashRound& round, const Tls13Constants& constants, const HmacState& traffic_secret,
              const RecordKeys& keys);
  /// Hands them over; in a later step.
  void take(RecordKeys& keys) const;

 private:
  DigestBytes key_;
  DigestBytes iv_;
};

/// The server's flight (Tls13ServerFlightJob). Trivial: lives in scratch memory that the engine wipes.
class Tls13ServerFlight {
 public:
  using JobType = Tls13ServerFlightJob;
  /// The constants are those of the transcript's hash.
  Tls13ServerFlight(Tls13ServerFlightJob& job, const Tls13Constants& constants);
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  using Step = void (Tls13ServerFlight::*)(HashRound&);
  static const std::array<Step, 16> kSteps;
  static constexpr std::size_t kFirstStepWithoutPsk = 4;

  // In this order.
  void early_secret(HashRound& round);
  void early_secret_key(HashRound& round);
  void early_derived(HashRound& round);
  void handshake_salt(HashRound& round);
  void handshake_secret(HashRound& round);
  void handshake_secret_key(HashRound& round);
  void handshake_traffic_secrets(HashRound& round);
  void handshake_traffic_keys_of_secrets(HashRound& round);
  void handshake_keys_and_master_secret(HashRound& round);
  void finished_keys(HashRound& round);
  void server_finished(HashRound& round);
  void flight_digest(HashRound& round);
  void application_traffic_secrets(HashRound& round);
  void application_traffic_keys_of_secrets(HashRound& round);
  void application_keys(HashRound& round);
  void take_application_keys(HashRound& round);

  void derive(HashRound& round, const HmacState& secret, const LabelMessage& label, const std::uint8_t* digest,
              PaddedMessage<1>& message, std::uint8_t* out);
  Bytes digest_bytes(const std::uint8_t* bytes) const { return {bytes, size_}; }

  Tls13ServerFlightJob& job_;
  const Tls13Constants& constants_;
  Hash hash_;
  std::size_t size_;
  std::size_t next_;

  // Named by what they hold last; earlier steps use them for what comes before.
  const HmacState* salt_;       // of the handshake secret
  DigestBytes secret_;          // early, handshake, master secret
  DigestBytes derived_;         // from it, the next one's salt
  DigestBytes client_traffic_;  // handshake traffic secret
  DigestBytes server_traffic_;
  DigestBytes client_finished_key_;
  DigestBytes server_finished_key_;
  TrafficKeys client_keys_;
  TrafficKeys server_keys_;
  HmacState secret_state_;
  HmacState derived_state_;
  HmacState client_state_;  // of the handshake traffic secret, the Finished key, the application traffic secret
  HmacState server_state_;
  PaddedMessage<1> client_message_;
  PaddedMessage<1> server_message_;
  PaddedMessage<1> exporter_message_;
  PaddedMessage<1> digest_message_;  // the transcript's digest, as what Finished authenticates
  std::array<std::uint8_t, 4 + kMaxDigest> finished_message_;
};

/// A key update (Tls13KeyUpdateJob; RFC 8446 section 7.2).
class Tls13KeyUpdate {
 public:
  using JobType = Tls13KeyUpdateJob;
  Tls13KeyUpdate(Tls13KeyUpdateJob& job, const Tls13Constants& constants) : job_(job), constants_(constants) {}
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  Tls13KeyUpdateJob& job_;
  const Tls13Constants& constants_;
  std::size_t next_ = 0;
  HmacState state_;
  TrafficKeys keys_;
};

/// The binder of a PSK (Tls13BinderJob).
class Tls13Binder {
 public:
  using JobType = Tls13BinderJob;
  /// The constants are those of the transcript's hash.
  Tls13Binder(Tls13BinderJob& job, const Tls13Constants& constants)
      : job_(job), constants_(constants), digest_message_(constants.zeros) {}
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  Tls13BinderJob& job_;
  const Tls13Constants& constants_;
  std::size_t next_ = 0;
  DigestBytes secret_;  // the early secret, the binder key, its Finished key
  HmacState state_;     // of it
  PaddedMessage<1> psk_message_;
  PaddedMessage<1> digest_message_;  // the transcript's digest, as what the binder authenticates
};

/// The keys of early data (Tls13EarlyDataJob).
class Tls13EarlyData {
 public:
  using JobType = Tls13EarlyDataJob;
  /// The constants are those of the transcript's hash.
  Tls13EarlyData(Tls13EarlyDataJob& job, const Tls13Constants& constants)
      : job_(job), constants_(constants), message_(constants.client_early_traffic.message) {}
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  Tls13EarlyDataJob& job_;
  const Tls13Constants& constants_;
  std::size_t next_ = 0;
  DigestBytes secret_;  // the early secret, the traffic secret
  HmacState state_;     // of it
  PaddedMessage<1> psk_message_;
  PaddedMessage<1> message_;
  TrafficKeys keys_;
};

/// The PSKs of tickets (Tls13ResumptionJob).
class Tls13Resumption {
 public:
  using JobType = Tls13ResumptionJob;
  /// The constants are those of the transcript's hash.
  Tls13Resumption(Tls13ResumptionJob& job, const Tls13Constants& constants)
      : job_(job),
        constants_(constants),
        next_(job.master_secret != nullptr ? 0 : kFirstStepWithSecret),
        message_(constants.resumption_master.message) {}
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  static constexpr std::size_t kFirstStepWithSecret = 2;

  void psk(HashRound& round, std::size_t i);

  Tls13ResumptionJob& job_;
  const Tls13Constants& constants_;
  std::size_t next_;
  HmacState state_;  // of the master secret, then of resumption_master_secret
  PaddedMessage<1> message_;
  std::array<PaddedMessage<1>, kMaxTickets> psk_messages_;
};

/// The client's Finished behind its certificate (Tls13ClientFinishedJob).
class Tls13ClientFinished {
 public:
  using JobType = Tls13ClientFinishedJob;
  /// The constants are those of the transcript's hash.
  Tls13ClientFinished(Tls13ClientFinishedJob& job, const Tls13Constants& constants)
      : job_(job), hash_(constants.hash), digest_message_(constants.zeros) {}
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  Tls13ClientFinishedJob& job_;
  Hash hash_;
  std::size_t next_ = 0;
  HmacState key_;
  PaddedMessage<1> digest_message_;  // the transcript's digest, as what Finished authenticates
};

}  // namespace lockstep::crypto

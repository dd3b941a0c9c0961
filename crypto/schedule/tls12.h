// The TLS 1.2 key schedule (RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC 7627) as steps; see tls13.h.
#pragma once

#include "crypto/cbc_job.h"
#include "crypto/schedule/prf.h"

namespace lockstep::crypto {

/// Master secret and keys (Tls12MasterSecretJob). Trivial: lives in scratch memory that the engine wipes.
class Tls12MasterSecret {
 public:
  using JobType = Tls12MasterSecretJob;
  explicit Tls12MasterSecret(Tls12MasterSecretJob& job) : job_(job) {}
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  enum class Phase : std::uint8_t { begin, seed, master_secret, key_block };
  void start_master_secret();
  void begin_key_block(HashRound& round);
  void take_keys();
  void take_cbc_keys();

  Tls12MasterSecretJob& job_;
  Phase phase_ = Phase::begin;
  HmacState secret_;  // premaster, then master secret
  Prf prf_;
  std::array<std::uint8_t, kMaxDigest> session_hash_;
  std::array<std::uint8_t, 2 * (kMaxMac + kMaxKey)> key_block_;
};

/// Both Finished values (Tls12FinishedJob).
class Tls12Finished {
 public:
  using JobType = Tls12FinishedJob;
  explicit Tls12Finished(Tls12FinishedJob& job) : job_(job) {}
  /// Adds the next step's work; false when there is no step left.
  bool step(HashRound& round);

 private:
  enum class Phase : std::uint8_t { begin, first_seed, first, between, second_seed, second };
  void start(bool server);
  void append_first(HashRound& round);
  MutableBytes value(bool server) { return server ? job_.server_finished : job_.client_finished; }

  Tls12FinishedJob& job_;
  Phase phase_ = Phase::begin;
  HmacState master_secret_;
  Prf prf_;
  std::array<std::uint8_t, kMaxDigest> digest_;
  std::array<std::uint8_t, 4 + 12> first_message_;
};

}  // namespace lockstep::crypto

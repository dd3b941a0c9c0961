// The keys of one direction, and how TLS 1.3 replaces them.
#pragma once

#include "dataplane/tls/link.h"

namespace lockstep::tls {

/// Of an AEAD suite.
struct AeadTraffic {
  crypto::RecordKeys keys;
  Secret<kMaxDigest> secret;  // TLS 1.3: the traffic secret that the next keys come from
  crypto::Tls13KeyUpdateJob update;
};

/// The keys are filled in by jobs; each filling has an id of its own, so that engines do not take it for the last one.
class TrafficKeys {
 public:
  /// nullptr for CBC suites.
  AeadTraffic* aead() { return std::get_if<AeadTraffic>(&keys_); }
  const AeadTraffic* aead() const { return std::get_if<AeadTraffic>(&keys_); }
  /// nullptr for AEAD suites.
  crypto::CbcRecordKeys* cbc() { return std::get_if<crypto::CbcRecordKeys>(&keys_); }
  const crypto::CbcRecordKeys* cbc() const { return std::get_if<crypto::CbcRecordKeys>(&keys_); }

  /// New keys of an AEAD suite are about to be filled in.
  crypto::RecordKeys& start(Link& link, crypto::Aead suite) {
    forget(link);
    aead()->keys.aead = suite;
    aead()->keys.id = link.core.new_key_id();
    return aead()->keys;
  }
  /// Keys of a CBC suite (TLS 1.2, once in a connection).
  crypto::CbcRecordKeys& start(Link& link, crypto::CbcSuite suite, bool encrypt_then_mac) {
    forget(link);
    auto& keys = keys_.emplace<crypto::CbcRecordKeys>();
    keys.suite = suite;
    keys.encrypt_then_mac = encrypt_then_mac;
    keys.id = link.core.new_key_id();
    return keys;
  }
  /// Takes over keys that were derived elsewhere.
  void assign(Link& link, const crypto::RecordKeys& source) {
    crypto::RecordKeys& keys = start(link, source.aead);
    keys.key.assign(source.key.expose());
    keys.iv.assign(source.iv.expose());
  }
  /// Submits the job for the next secret and keys (RFC 8446 section 7.2); no record may be in flight.
  void start_update(Link& link) {
    AeadTraffic& traffic = *aead();
    start(link, traffic.keys.aead);
    traffic.update.secret = &traffic.secret;
    traffic.update.keys = &traffic.keys;
    link.submit(traffic.update);
  }
  /// Whether `job` is the one of start_update.
  bool owns(const crypto::Job& job) const { return aead() != nullptr && &job == &aead()->update; }
  void forget(Link& link) {
    if (AeadTraffic* const traffic = aead(); traffic != nullptr) forget(link, traffic->keys.id);
    if (crypto::CbcRecordKeys* const keys = cbc(); keys != nullptr) forget(link, keys->id);
  }

 private:
  static void forget(Link& link, std::uint64_t& id) {
    if (id != 0) link.core.environment.forget(id);
    id = 0;
  }

  std::variant<AeadTraffic, crypto::CbcRecordKeys> keys_;
};

}  // namespace lockstep::tls

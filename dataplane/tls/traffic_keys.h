// The keys of one direction, and how TLS 1.3 replaces them.
#pragma once

#include "dataplane/tls/link.h"

namespace lockstep::tls {

struct TrafficKeys {
  crypto::RecordKeys keys;
  Secret<kMaxDigest> secret;  // TLS 1.3: the traffic secret that the next keys come from
  crypto::Tls13KeyUpdateJob update;

  /// The keys are about to be filled in: names them anew, so that engines do not take them for the old ones.
  void rename(Link& link) {
    forget(link);
    keys.id = link.core.new_key_id();
  }
  /// Takes over keys that were derived elsewhere.
  void assign(Link& link, const crypto::RecordKeys& source) {
    rename(link);
    keys.aead = source.aead;
    keys.key.assign(source.key.expose());
    keys.iv.assign(source.iv.expose());
  }
  /// Submits the job for the next secret and keys (RFC 8446 section 7.2); no record may be in flight.
  void start_update(Link& link) {
    rename(link);
    update.secret = &secret;
    update.keys = &keys;
    link.submit(update);
  }
  void forget(Link& link) {
    if (keys.id != 0) link.core.environment.forget(keys.id);
    keys.id = 0;
  }
};

}  // namespace lockstep::tls

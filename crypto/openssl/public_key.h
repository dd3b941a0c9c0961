// Key shares and (EC)DH on libcrypto.
#pragma once

#include <array>

#include "crypto/base/random.h"
#include "crypto/job.h"
#include "crypto/openssl/handles.h"

namespace lockstep::crypto {

/// X25519 through EVP; P-256 and P-384 on EC_POINT, which needs no key object per job. Private keys come from the
/// injected generator, so that a simulation repeats.
class PublicKeyOperations {
 public:
  /// `random` must outlive this object.
  explicit PublicKeyOperations(Random& random);
  /// False when libcrypto lacks something.
  bool ready() const;

  /// Make the job's results and say how it went.
  JobStatus key_share(KeyShareJob& job);
  JobStatus derive(DeriveJob& job);

 private:
  const EC_GROUP* group(NamedGroup name) const;
  bool share_x25519(KeyShareJob& job);
  bool share_curve(KeyShareJob& job, const EC_GROUP* curve);
  JobStatus derive_x25519(DeriveJob& job);
  static JobStatus derive_curve(DeriveJob& job, const EC_GROUP* curve);
  UniquePkey import_x25519(Bytes private_key, Bytes public_key);

  Random& random_;
  UniquePkeyContext import_x25519_;
  UniqueGroup p256_;
  UniqueGroup p384_;
};

}  // namespace lockstep::crypto

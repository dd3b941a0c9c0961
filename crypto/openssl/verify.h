// Verification of a peer's signatures by libcrypto.
#pragma once

#include <array>

#include "crypto/job.h"
#include "crypto/openssl/handles.h"

namespace lockstep::crypto {

/// One per engine. Algorithms are fetched once, keys are imported for each job.
class VerifyOperations {
 public:
  VerifyOperations();
  /// Whether libcrypto has every hash.
  bool ready() const;
  /// ok or bad_signature; a key that is no valid key, or that cannot make signatures of the scheme, is a bad signature.
  JobStatus verify(VerifyJob& job);

 private:
  UniqueDigest sha1_;
  UniqueDigest sha256_;
  UniqueDigest sha384_;
  UniqueDigest sha512_;
};

}  // namespace lockstep::crypto

// HMAC_DRBG with SHA-256 (NIST SP 800-90A Rev. 1, section 10.1.2): for numbers that must stay unpredictable even where
// one of several sources of entropy fails, such as the nonces of ECDSA (RFC 6979 section 3.6 mixes in the key
// likewise).
#pragma once

#include "crypto/base/hmac.h"

namespace lockstep {

/// Instantiated once and thrown away after a few requests; never reseeded. Wiped when it goes.
class HmacDrbg {
 public:
  /// The parts of section 8.6.7 and 8.7.1; they are joined in this order.
  struct Seed {
    Bytes entropy;
    Bytes nonce;
    Bytes personalisation;
  };
  explicit HmacDrbg(const Seed& seed);

  /// Fills `out`; bytes given out earlier cannot be computed from the state that is left.
  void generate(MutableBytes out);

 private:
  void update(const Seed* seed);

  Secret<32> key_;
  Secret<32> value_;
};

}  // namespace lockstep

// The pseudorandom function of TLS 1.2 (RFC 5246 section 5).
#pragma once

#include <string_view>

#include "crypto/schedule/padded_message.h"

namespace lockstep::crypto {

/// PRF(secret, label, seed) with P_hash, in steps (see tls13.h). Trivial: lives in scratch memory that its owner wipes.
class Prf {
 public:
  /// Most bytes of label and seed together: what two blocks hold beside a digest.
  static constexpr std::size_t max_seed(Hash hash) { return PaddedMessage<2>::capacity(hash) - digest_size(hash); }

  /// Sets out to fill `out` (not empty). The seed is `seed` followed by `more_seed`; both are copied. `secret` must be
  /// ready when the first step's round runs, and stay.
  void start(Hash hash, const HmacState& secret, std::string_view label, Bytes seed, Bytes more_seed, MutableBytes out);
  /// Adds the next step's work; false when `out` is full.
  bool step(HashRound& round);

 private:
  Hash hash_;
  const HmacState* secret_;
  MutableBytes out_;                   // what is not yet written
  std::size_t index_;                  // of the A(i) that is there
  PaddedMessage<2> seed_;              // the message of A(1), which is label and seed
  PaddedMessage<2> block_message_;     // A(i), label and seed
  std::array<PaddedMessage<1>, 2> a_;  // A(i), by i modulo 2
  std::array<std::uint8_t, kMaxDigest> block_;
};

}  // namespace lockstep::crypto

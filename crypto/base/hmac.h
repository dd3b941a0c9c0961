// HMAC (RFC 2104) with the two key blocks hashed ahead, so that each use of one key costs only its message. One at a
// time; hash_round.h does many together.
#pragma once

#include <initializer_list>

#include "crypto/base/secret.h"
#include "crypto/base/sha2.h"

namespace lockstep {

/// The states after the inner and the outer key block, one behind the other: a key ready for use. As secret as the key;
/// whoever has one wipes it (HmacKey does by itself).
union HmacState {
  std::array<std::uint32_t, 16> sha256;
  std::array<std::uint64_t, 16> sha384;
};

/// A key ready for use; wiped when it goes.
class HmacKey {
 public:
  /// `key` may have any length; one longer than a block is hashed first (RFC 2104 section 3).
  HmacKey(Hash hash, Bytes key);
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;
  ~HmacKey();

  Hash hash() const { return hash_; }
  const HmacState& state() const { return state_; }
  /// Writes the MAC of the pieces, one after the other, to `out` (digest_size bytes; may be one of the pieces).
  void mac(std::initializer_list<Bytes> pieces, MutableBytes out) const;

 private:
  /// The hash after one of the key's blocks.
  RunningHash running(bool outer) const;

  HmacState state_;
  Hash hash_;
};

}  // namespace lockstep

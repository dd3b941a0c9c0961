// HMAC (RFC 2104) with the two key blocks hashed ahead, so that each use of one key costs only its message.
#pragma once

#include <initializer_list>

#include "crypto/base/secret.h"
#include "crypto/base/sha2.h"

namespace lockstep {

/// A key ready for use; wiped when it goes.
class HmacKey {
 public:
  /// `key` may have any length; one longer than a block is hashed first (RFC 2104 section 3).
  HmacKey(Hash hash, Bytes key);
  HmacKey(const HmacKey&) = delete;
  HmacKey& operator=(const HmacKey&) = delete;
  ~HmacKey();

  Hash hash() const { return inner_.hash(); }
  /// Writes the MAC of the pieces, one after the other, to `out` (digest_size bytes; may be one of the pieces).
  void mac(std::initializer_list<Bytes> pieces, MutableBytes out) const;

 private:
  RunningHash inner_;
  RunningHash outer_;
};

}  // namespace lockstep

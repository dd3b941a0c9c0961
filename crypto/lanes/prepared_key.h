// What the lanes need of a private key, made when it is loaded.
#pragma once

#include "crypto/lanes/curve25519.h"
#include "crypto/lanes/rsa.h"
#include "crypto/private_key.h"

namespace lockstep::crypto::lanes {

/// Wiped when it goes.
class PreparedRsaKey final : public PreparedKey {
 public:
  ~PreparedRsaKey() override { wipe(bytes_of(key)); }
  RsaKey key{};
};

/// Wiped when it goes.
class PreparedEd25519Key final : public PreparedKey {
 public:
  ~PreparedEd25519Key() override { wipe(bytes_of(key)); }
  Ed25519Key key{};
};

/// Makes what the lanes need of `key` and leaves it there (PrivateKey::prepare): RSA of 2048, 3072 and 4096 bits, and
/// Ed25519; ECDSA keys need nothing, other keys are left as they are and served by libcrypto. Once for a key, before it
/// is shared. Does nothing on a processor without the lanes.
void prepare_key(PrivateKey& key);

}  // namespace lockstep::crypto::lanes

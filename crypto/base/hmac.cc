#include "crypto/base/hmac.h"

namespace lockstep {

namespace {

// A hash state that depends on a key is as secret as the key.
void wipe_state(RunningHash& state) {
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(&state), sizeof state));
}

}  // namespace

HmacKey::HmacKey(Hash hash, Bytes key) : inner_(hash), outer_(hash) {
  Secret<128> padded;
  const MutableBytes block = padded.writable(block_size(hash));
  if (key.size() > block.size()) {
    digest_of(hash, key, block.first(digest_size(hash)));
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  // The length of these loops is constant, so that they become vector instructions.
  for (std::uint8_t& byte : padded.writable()) byte ^= 0x36;
  inner_.update(block);
  for (std::uint8_t& byte : padded.writable()) byte ^= 0x36 ^ 0x5c;
  outer_.update(block);
}

HmacKey::~HmacKey() {
  wipe_state(inner_);
  wipe_state(outer_);
}

void HmacKey::mac(std::initializer_list<Bytes> pieces, MutableBytes out) const {
  Secret<kMaxDigest> inner_digest;
  const std::size_t size = digest_size(hash());
  RunningHash running = inner_;
  for (const Bytes piece : pieces) running.update(piece);
  running.digest(inner_digest.writable(size));
  running = outer_;
  running.update(inner_digest.expose(size));
  running.digest(out);
  wipe_state(running);
}

}  // namespace lockstep

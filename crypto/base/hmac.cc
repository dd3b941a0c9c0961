#include "crypto/base/hmac.h"

#include <algorithm>

namespace lockstep {

namespace {

// A hash state that depends on a key is as secret as the key.
template <class State>
void wipe_state(State& state) {
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(&state), sizeof state));
}

}  // namespace

HmacKey::HmacKey(Hash hash, Bytes key) : hash_(hash) {
  Secret<128> padded;
  const MutableBytes block = padded.writable(block_size(hash));
  if (key.size() > block.size()) {
    digest_of(hash, key, block.first(digest_size(hash)));
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  std::uint8_t pad = 0x36;
  for (const std::size_t at : {0U, 8U}) {
    // The length of this loop is constant, so that it becomes vector instructions.
    for (std::uint8_t& byte : padded.writable()) byte ^= pad;
    RunningHash running(hash);
    running.update(block);
    if (hash == Hash::sha256) {
      std::copy_n(running.state_.sha256.begin(), 8, state_.sha256.begin() + at);
    } else {
      std::copy_n(running.state_.sha384.begin(), 8, state_.sha384.begin() + at);
    }
    wipe_state(running);
    pad = 0x36 ^ 0x5c;
  }
}

HmacKey::~HmacKey() {
  wipe_state(state_);
}

RunningHash HmacKey::running(bool outer) const {
  const std::size_t at = outer ? 8 : 0;
  HashState state;
  if (hash_ == Hash::sha256) {
    std::copy_n(state_.sha256.begin() + at, 8, state.sha256.begin());
  } else {
    std::copy_n(state_.sha384.begin() + at, 8, state.sha384.begin());
  }
  return {hash_, state, block_size(hash_)};
}

void HmacKey::mac(std::initializer_list<Bytes> pieces, MutableBytes out) const {
  Secret<kMaxDigest> inner_digest;
  const std::size_t size = digest_size(hash());
  RunningHash hashing = running(false);
  for (const Bytes piece : pieces) hashing.update(piece);
  hashing.digest(inner_digest.writable(size));
  hashing = running(true);
  hashing.update(inner_digest.expose(size));
  hashing.digest(out);
  wipe_state(hashing);
}

}  // namespace lockstep

// Messages in the form in which HMAC compresses them after the key's block: padded to whole blocks (FIPS 180-4 section
// 5.1), so that they go into the lanes as they are.
#pragma once

#include <initializer_list>

#include "crypto/base/hash_round.h"

namespace lockstep::crypto {

/// Copies one digest. Its two sizes are written out, since a copy of unknown length costs a call.
inline void copy_digest(Hash hash, const std::uint8_t* from, std::uint8_t* to) {
  if (hash == Hash::sha256) {
    std::memcpy(to, from, digest_size(Hash::sha256));
  } else {
    std::memcpy(to, from, digest_size(Hash::sha384));
  }
}

/// Room for up to `kBlocks` blocks. Trivial, since it lives in scratch memory that is wiped as a whole; holds nothing
/// until it is assigned.
template <std::size_t kBlocks>
class PaddedMessage {
 public:
  /// The longest message that fits.
  static constexpr std::size_t capacity(Hash hash) { return kBlocks * block_size(hash) - block_size(hash) / 8 - 1; }

  /// Takes the pieces one after the other, together at most capacity(hash) bytes.
  void assign(Hash hash, std::initializer_list<Bytes> pieces) {
    std::size_t size = 0;
    for (const Bytes piece : pieces) {
      if (!piece.empty()) std::memcpy(bytes_.data() + size, piece.data(), piece.size());
      size += piece.size();
    }
    const std::size_t block = block_size(hash);
    blocks_ = (size + 1 + block / 8 + block - 1) / block;
    const std::size_t end = blocks_ * block;
    std::memset(bytes_.data() + size, 0, end - size);
    bytes_[size] = 0x80;
    const std::size_t bits = 8 * (block + size);
    bytes_[end - 2] = static_cast<std::uint8_t>(bits >> 8U);
    bytes_[end - 1] = static_cast<std::uint8_t>(bits);
  }
  /// The message's bytes from `at` on, to be overwritten by others of the same length.
  std::uint8_t* at(std::size_t at) { return bytes_.data() + at; }
  const std::uint8_t* data() const { return bytes_.data(); }
  std::size_t blocks() const { return blocks_; }

 private:
  alignas(64) std::array<std::uint8_t, kBlocks * 128> bytes_;
  std::size_t blocks_;
};

}  // namespace lockstep::crypto

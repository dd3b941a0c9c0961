// SHA-256 and SHA-384 with a running state (FIPS 180-4): for transcripts, whose digest is taken several times while
// they grow. One message at a time; hash_round.h extends many together.
#pragma once

#include <array>

#include "crypto/base/bytes.h"

namespace lockstep {

enum class Hash : std::uint8_t { sha256, sha384 };

constexpr std::size_t kMaxDigest = 48;
/// Digest size in bytes.
constexpr std::size_t digest_size(Hash hash) {
  return hash == Hash::sha256 ? 32 : 48;
}
/// Block size in bytes.
constexpr std::size_t block_size(Hash hash) {
  return hash == Hash::sha256 ? 64 : 128;
}

/// Eight words of state, four or eight bytes wide as the hash has them.
union HashState {
  std::array<std::uint32_t, 8> sha256;
  std::array<std::uint64_t, 8> sha384{};
};

/// A hash that can be extended and read at any time. Trivially copyable: a copy is a fork of the state.
class RunningHash {
 public:
  explicit RunningHash(Hash hash = Hash::sha256);

  Hash hash() const { return hash_; }
  /// Appends `data`.
  void update(Bytes data);
  /// Writes the digest of everything so far to `out` (digest_size bytes) and leaves the state as it was.
  void digest(MutableBytes out) const;

 private:
  friend class HashRound;  // does the same to many at once
  friend class HmacKey;

  static constexpr std::size_t kMaxBlock = 128;
  /// Room for the last blocks of a message; written in whole chunks, so that it is quick.
  static constexpr std::size_t kChunk = 16;
  using Tail = std::array<std::uint8_t, 2 * kMaxBlock + kChunk>;

  /// Of data that is being appended: what has to be compressed, `head` (a block, or nullptr) before `count` blocks,
  /// and what is left over and becomes pending after that.
  struct Appended {
    const std::uint8_t* head = nullptr;
    const std::uint8_t* blocks = nullptr;
    std::size_t count = 0;
    Bytes rest;
  };
  /// Continues from `state` after `total` bytes (whole blocks).
  RunningHash(Hash hash, const HashState& state, std::size_t total) : state_(state), total_(total), hash_(hash) {}

  Appended begin_append(Bytes data);
  void end_append(const Appended& appended);
  /// Writes what is pending and the padding (FIPS 180-4 section 5.1) to `tail`; returns how many blocks that is.
  std::size_t last_blocks(Tail& tail) const;

  HashState state_;
  std::array<std::uint8_t, kMaxBlock> pending_{};
  std::uint64_t total_ = 0;
  Hash hash_;
};

/// One-shot digest of `data` into `out` (digest_size bytes).
void digest_of(Hash hash, Bytes data, MutableBytes out);

}  // namespace lockstep

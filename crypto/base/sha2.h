// SHA-256 and SHA-384 with a running state (FIPS 180-4): for transcripts, whose digest is taken several times while
// they grow. SHA-NI where the CPU has it, portable code elsewhere; chosen once at start.
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
  std::array<std::uint64_t, 8> state_{};  // SHA-256 keeps its eight 32-bit words in the low halves
  std::array<std::uint8_t, 128> pending_{};
  std::uint64_t total_ = 0;
  Hash hash_;
};

/// One-shot digest of `data` into `out` (digest_size bytes).
void digest_of(Hash hash, Bytes data, MutableBytes out);

}  // namespace lockstep

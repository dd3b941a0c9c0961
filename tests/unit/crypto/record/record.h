// One record with its keys, and its way through an engine.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "crypto/base/random.h"
#include "tests/unit/crypto/openssl/support.h"

namespace lockstep::crypto::test {

using Buffer = std::vector<std::uint8_t>;

inline constexpr std::array kAeads = {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305};
inline constexpr std::array<std::size_t, 24> kSizes = {
    0, 1, 2, 15, 16, 17, 31, 32, 63, 64, 65, 127, 128, 255, 256, 511, 512, 513, 1400, 4096, 8191, 16384, 16385, 16400};

/// An identifier that no other record of this process has.
inline std::uint64_t new_id() {
  static std::uint64_t last = 0;
  return ++last;
}

struct Record {
  /// Random content of `size` bytes, cut at random into `pieces`.
  Record(Aead aead, Random& random, std::size_t size, std::size_t pieces, bool trailer)
      : plaintext(size), has_trailer(trailer) {
    keys.aead = aead;
    keys.id = new_id();
    random.fill(keys.key.writable());
    random.fill(plaintext);
    random.fill(nonce);
    random.fill(aad);
    std::vector<std::size_t> marks = {0, size};
    for (std::size_t i = 1; i < pieces; ++i) marks.push_back(random.below(static_cast<std::uint32_t>(size + 1)));
    std::sort(marks.begin(), marks.end());
    for (std::size_t i = 0; i < pieces; ++i) cuts.push_back(marks[i + 1] - marks[i]);
  }

  void fill(SealJob& job, std::uint8_t* out) const {
    fill_common(job);
    Reader reader(plaintext);
    for (std::size_t i = 0; i < cuts.size(); ++i) job.plaintext[i] = reader.bytes(cuts[i]);
    job.trailer = 22;
    job.has_trailer = has_trailer;
    job.ciphertext = out;
  }
  /// Over `sealed`, ciphertext and tag, cut like the plaintext.
  void fill(OpenJob& job, MutableBytes sealed) const {
    fill_common(job);
    for (std::size_t i = 0, at = 0; i < cuts.size(); at += cuts[i++]) job.ciphertext[i] = sealed.subspan(at, cuts[i]);
    std::copy_n(sealed.end() - kAeadTag, kAeadTag, job.tag.begin());
  }

  /// Ciphertext and tag; empty when the engine failed.
  Buffer seal(Engine& engine) const {
    Buffer out(plaintext.size() + (has_trailer ? 1 : 0) + kAeadTag);
    SealJob job;
    fill(job, out.data());
    return run_one(engine, job) == JobStatus::ok ? out : Buffer();
  }
  /// Opens `sealed` in place; it then holds the plaintext.
  JobStatus open(Engine& engine, Buffer& sealed) const {
    OpenJob job;
    fill(job, sealed);
    const JobStatus status = run_one(engine, job);
    sealed.resize(sealed.size() - kAeadTag);
    return status;
  }

  RecordKeys keys;
  Buffer plaintext;
  bool has_trailer;
  std::array<std::uint8_t, kAeadNonce> nonce{};
  std::array<std::uint8_t, kMaxAdditionalData> aad{};
  std::uint8_t aad_size = 5;
  std::vector<std::size_t> cuts;

 private:
  template <class AnyJob>
  void fill_common(AnyJob& job) const {
    job.keys = &keys;
    job.nonce = nonce;
    job.aad = aad;
    job.aad_size = aad_size;
    job.piece_count = static_cast<std::uint8_t>(cuts.size());
  }
};

}  // namespace lockstep::crypto::test

#include "crypto/base/sha2.h"

#include <cpuid.h>

#include <algorithm>
#include <type_traits>

#include "crypto/base/secret.h"
#include "crypto/base/sha2_compress.h"

namespace lockstep {

static_assert(std::is_trivially_copyable_v<RunningHash>);

namespace sha2 {

bool has_sha_ni() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kSha = 1U << 29U;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & kSha) != 0;
}

}  // namespace sha2

namespace {

using State = std::array<std::uint64_t, 8>;

// FIPS 180-4 sections 5.3.3 and 5.3.4.
constexpr State kInitial256 = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};
constexpr State kInitial384 = {
    0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
    0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
};

void compress(Hash hash, State& state, const std::uint8_t* blocks, std::size_t count) {
  if (hash == Hash::sha384) {
    sha2::compress512_portable(state.data(), blocks, count);
    return;
  }
  static const auto compress256 = sha2::has_sha_ni() ? sha2::compress256_ni : sha2::compress256_portable;
  std::array<std::uint32_t, 8> words;
  std::transform(state.begin(), state.end(), words.begin(),
                 [](std::uint64_t w) { return static_cast<std::uint32_t>(w); });
  compress256(words.data(), blocks, count);
  std::copy(words.begin(), words.end(), state.begin());
}

void put_big_endian(std::uint64_t value, std::uint8_t* out) {
  value = __builtin_bswap64(value);
  std::memcpy(out, &value, sizeof value);
}

}  // namespace

RunningHash::RunningHash(Hash hash) : state_(hash == Hash::sha256 ? kInitial256 : kInitial384), hash_(hash) {}

void RunningHash::update(Bytes data) {
  if (data.empty()) return;
  const std::size_t block = block_size(hash_);
  const std::size_t used = total_ & (block - 1);
  total_ += data.size();
  if (used != 0) {
    const std::size_t taken = std::min(block - used, data.size());
    std::memcpy(pending_.data() + used, data.data(), taken);
    data = data.subspan(taken);
    if (used + taken < block) return;
    compress(hash_, state_, pending_.data(), 1);
  }
  const std::size_t whole = data.size() / block;
  if (whole != 0) compress(hash_, state_, data.data(), whole);
  data = data.subspan(whole * block);
  if (!data.empty()) std::memcpy(pending_.data(), data.data(), data.size());
}

void RunningHash::digest(MutableBytes out) const {
  const std::size_t block = block_size(hash_);
  const std::size_t used = total_ & (block - 1);
  // Padding (FIPS 180-4 section 5.1): a one bit, zeros, the length in bits as a field of an eighth of a block.
  const std::size_t blocks = used + 1 + block / 8 <= block ? 1 : 2;
  constexpr std::size_t kChunk = 16;
  constexpr std::size_t kMaxBlock = 128;
  std::array<std::uint8_t, 2 * kMaxBlock + kChunk> tail{};
  for (std::size_t i = 0; i < used; i += kChunk) std::memcpy(tail.data() + i, pending_.data() + i, kChunk);
  std::memset(tail.data() + used, 0, kChunk);
  tail[used] = 0x80;
  put_big_endian(total_ << 3U, tail.data() + blocks * block - 8);
  if (hash_ == Hash::sha384) put_big_endian(total_ >> 61U, tail.data() + blocks * block - 16);

  State state = state_;
  compress(hash_, state, tail.data(), blocks);
  if (hash_ == Hash::sha256) {
    for (std::size_t i = 0; i < 8; i += 2) put_big_endian(state[i] << 32U | state[i + 1], out.data() + 4 * i);
  } else {
    for (std::size_t i = 0; i < 6; ++i) put_big_endian(state[i], out.data() + 8 * i);
  }
  // The message may have been a secret.
  wipe(MutableBytes(tail).first(kMaxBlock));
}

void digest_of(Hash hash, Bytes data, MutableBytes out) {
  RunningHash running(hash);
  running.update(data);
  running.digest(out);
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(&running), sizeof running));
}

}  // namespace lockstep

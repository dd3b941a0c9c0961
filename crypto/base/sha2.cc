#include "crypto/base/sha2.h"

#include <cpuid.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "crypto/base/secret.h"
#include "crypto/base/sha2_compress.h"
#include "crypto/base/sha2_lanes.h"

namespace lockstep {

static_assert(std::is_trivially_copyable_v<RunningHash>);

namespace {

void compress(Hash hash, HashState& state, const std::uint8_t* blocks, std::size_t count) {
  if (hash == Hash::sha384) {
    sha2::compress512_portable(state.sha384.data(), blocks, count);
    return;
  }
  static const auto compress256 = sha2::has_sha_ni() ? sha2::compress256_ni : sha2::compress256_portable;
  compress256(state.sha256.data(), blocks, count);
}

void put_big_endian(std::uint64_t value, std::uint8_t* out) {
  value = __builtin_bswap64(value);
  std::memcpy(out, &value, sizeof value);
}

HashState initial_state(Hash hash) {
  HashState state;
  if (hash == Hash::sha256) {
    state.sha256 = sha2::kInitialState<std::uint32_t>;
  } else {
    state.sha384 = sha2::kInitialState<std::uint64_t>;
  }
  return state;
}

}  // namespace

RunningHash::RunningHash(Hash hash) : state_(initial_state(hash)), hash_(hash) {}

RunningHash::Appended RunningHash::begin_append(Bytes data) {
  Appended appended;
  const std::size_t block = block_size(hash_);
  const std::size_t used = total_ & (block - 1);
  total_ += data.size();
  if (used != 0 && !data.empty()) {
    const std::size_t taken = std::min(block - used, data.size());
    std::memcpy(pending_.data() + used, data.data(), taken);
    data = data.subspan(taken);
    if (used + taken == block) appended.head = pending_.data();
  }
  appended.blocks = data.data();
  appended.count = data.size() / block;
  appended.rest = data.subspan(appended.count * block);
  return appended;
}

void RunningHash::end_append(const Appended& appended) {
  if (!appended.rest.empty()) std::memcpy(pending_.data(), appended.rest.data(), appended.rest.size());
}

std::size_t RunningHash::last_blocks(Tail& tail) const {
  const std::size_t block = block_size(hash_);
  const std::size_t used = total_ & (block - 1);
  // A one bit, zeros, the length in bits as a field of an eighth of a block.
  const std::size_t blocks = used + 1 + block / 8 <= block ? 1 : 2;
  for (std::size_t i = 0; i < used; i += kChunk) std::memcpy(tail.data() + i, pending_.data() + i, kChunk);
  std::memset(tail.data() + used, 0, kChunk);
  for (std::size_t i = (used / kChunk + 1) * kChunk; i < blocks * block; i += kChunk)
    std::memset(tail.data() + i, 0, kChunk);
  tail[used] = 0x80;
  put_big_endian(total_ << 3U, tail.data() + blocks * block - 8);
  if (hash_ == Hash::sha384) put_big_endian(total_ >> 61U, tail.data() + blocks * block - 16);
  return blocks;
}

void RunningHash::update(Bytes data) {
  const Appended appended = begin_append(data);
  if (appended.head != nullptr) compress(hash_, state_, appended.head, 1);
  if (appended.count != 0) compress(hash_, state_, appended.blocks, appended.count);
  end_append(appended);
}

void RunningHash::digest(MutableBytes out) const {
  Tail tail;
  const std::size_t blocks = last_blocks(tail);
  HashState state = state_;
  compress(hash_, state, tail.data(), blocks);
  if (hash_ == Hash::sha256) {
    sha2::store_digest(state.sha256.data(), out.data());
  } else {
    sha2::store_digest(state.sha384.data(), out.data());
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

namespace lockstep::sha2 {

bool has_sha_ni() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  constexpr unsigned kSha = 1U << 29U;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ebx & kSha) != 0;
}

template <class Word>
void store_digest(const Word* state, std::uint8_t* digest) {
  for (std::size_t i = 0; i < Lanes<Word>::kDigest / sizeof(Word); ++i) {
    Word word = state[i];
    if constexpr (sizeof(Word) == 4) {
      word = __builtin_bswap32(word);
    } else {
      word = __builtin_bswap64(word);
    }
    std::memcpy(digest + i * sizeof word, &word, sizeof word);
  }
}
template void store_digest(const std::uint32_t* state, std::uint8_t* digest);
template void store_digest(const std::uint64_t* state, std::uint8_t* digest);

}  // namespace lockstep::sha2

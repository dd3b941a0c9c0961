#include "crypto/base/sha2_lanes.h"

#include <algorithm>
#include <cstring>

#include "crypto/base/secret.h"
#include "crypto/base/sha2_compress.h"

namespace lockstep::sha2 {

bool has_avx512() {
  // gcc's and clang's test includes that the operating system saves the registers (XCR0).
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2");
}

Features processor_features() {
  return {.sha_ni = has_sha_ni(), .avx512 = has_avx512()};
}

namespace {

void one_portable256(std::uint32_t* const* states, const std::uint8_t* const* blocks, std::size_t count) {
  compress256_portable(states[0], blocks[0], count);
}

void one_ni(std::uint32_t* const* states, const std::uint8_t* const* blocks, std::size_t count) {
  compress256_ni(states[0], blocks[0], count);
}

void one_portable512(std::uint64_t* const* states, const std::uint8_t* const* blocks, std::size_t count) {
  compress512_portable(states[0], blocks[0], count);
}

/// `n` entries and then the first again, up to `lanes`; `values` itself where it is full.
template <class T>
class Filled {
 public:
  Filled(const T* values, std::size_t n, std::size_t lanes) : values_(values) {
    if (n == lanes) return;
    std::copy_n(values, n, filled_.begin());
    std::fill(filled_.begin() + n, filled_.begin() + lanes, values[0]);
    values_ = filled_.data();
  }
  const T* data() const { return values_; }

 private:
  const T* values_;
  std::array<T, kMaxLanes> filled_;
};

}  // namespace

// Where one way becomes quicker than the next was measured; see README.md.
template <class Word>
void Lanes<Word>::add_ways(Features features) {
  const auto add = [this](Way way) { ways_[way_count_++] = way; };
  if constexpr (sizeof(Word) == 4) {
    if (features.avx512 && features.sha_ni) add({16, 10, 9, kSha256Lanes16.compress, &kSha256Lanes16});
    if (features.avx512 && !features.sha_ni) add({16, 2, 2, kSha256Lanes16.compress, &kSha256Lanes16});
    if (features.sha_ni) add({2, 2, 2, compress256_ni_pair, nullptr});
    add({1, 1, 1, features.sha_ni ? one_ni : one_portable256, nullptr});
  } else {
    if (features.avx512) add({8, 5, 5, kSha384Lanes8.compress, &kSha384Lanes8});
    if (features.avx512) add({4, 2, 2, kSha384Lanes4.compress, &kSha384Lanes4});
    add({1, 1, 1, one_portable512, nullptr});
  }
}

template <class Word>
Lanes<Word>::Lanes(Features features) {
  add_ways(features);
  width_ = ways_[0].lanes;
}

template <class Word>
const typename Lanes<Word>::Way& Lanes<Word>::way_for(std::size_t n) const {
  std::size_t i = 0;
  while (n < ways_[i].least) ++i;
  return ways_[i];
}

template <class Word>
const typename Lanes<Word>::Way& Lanes<Word>::keyed_way_for(std::size_t n) const {
  std::size_t i = 0;
  while (n < ways_[i].least_keyed) ++i;
  return ways_[i];
}

template <class Word>
void Lanes<Word>::compress(Word* const* states, const std::uint8_t* const* blocks, std::size_t count,
                           std::size_t n) const {
  while (n > 0) {
    const Way& way = way_for(n);
    const std::size_t taken = std::min(n, way.lanes);
    const Filled<Word*> lane_states(states, taken, way.lanes);
    const Filled<const std::uint8_t*> lane_blocks(blocks, taken, way.lanes);
    way.compress(lane_states.data(), lane_blocks.data(), count);
    states += taken;
    blocks += taken;
    n -= taken;
  }
}

template <class Word>
void Lanes<Word>::key_block(const std::uint8_t* const* keys, const std::size_t* sizes, const Word* pads,
                            Word* const* states, std::size_t n) const {
  while (n > 0) {
    const Way& way = keyed_way_for(n);
    if (way.kernels == nullptr) {
      few_key_blocks(keys, sizes, pads, states, n);
      return;
    }
    const std::size_t taken = std::min(n, way.lanes);
    way.kernels->key_block(Filled(keys, taken, way.lanes).data(), Filled(sizes, taken, way.lanes).data(),
                           Filled(pads, taken, way.lanes).data(), Filled(states, taken, way.lanes).data());
    keys += taken;
    sizes += taken;
    pads += taken;
    states += taken;
    n -= taken;
  }
}

template <class Word>
void Lanes<Word>::few_key_blocks(const std::uint8_t* const* keys, const std::size_t* sizes, const Word* pads,
                                 Word* const* states, std::size_t n) const {
  std::array<std::array<Word, 16>, kMaxLanes> padded;
  std::array<const std::uint8_t*, kMaxLanes> blocks;
  for (std::size_t i = 0; i < n; ++i) {
    padded[i] = {};
    std::memcpy(padded[i].data(), keys[i], sizes[i]);
    for (Word& word : padded[i]) word ^= pads[i];
    blocks[i] = reinterpret_cast<const std::uint8_t*>(padded[i].data());
    std::copy_n(kInitialState<Word>.data(), 8, states[i]);
  }
  compress(states, blocks.data(), 1, n);
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(padded.data()), n * sizeof padded[0]));
}

template <class Word>
void Lanes<Word>::hmac(const Word* const* keys, const std::uint8_t* const* blocks, std::size_t count,
                       std::uint8_t* const* macs, std::size_t n) const {
  while (n > 0) {
    const Way& way = keyed_way_for(n);
    if (way.kernels == nullptr) {
      few_hmacs(keys, blocks, count, macs, n);
      return;
    }
    const std::size_t taken = std::min(n, way.lanes);
    way.kernels->hmac(Filled(keys, taken, way.lanes).data(), Filled(blocks, taken, way.lanes).data(), count,
                      Filled(macs, taken, way.lanes).data());
    keys += taken;
    blocks += taken;
    macs += taken;
    n -= taken;
  }
}

template <class Word>
void Lanes<Word>::few_hmacs(const Word* const* keys, const std::uint8_t* const* blocks, std::size_t count,
                            std::uint8_t* const* macs, std::size_t n) const {
  struct Running {
    std::array<Word, 8> state;
    std::array<std::uint8_t, kBlock> outer_message;
  };
  std::array<Running, kMaxLanes> running;
  std::array<Word*, kMaxLanes> states{};
  std::array<const std::uint8_t*, kMaxLanes> outer_messages;
  for (std::size_t i = 0; i < n; ++i) {
    states[i] = running[i].state.data();
    outer_messages[i] = running[i].outer_message.data();
    std::copy_n(keys[i], 8, states[i]);
  }
  compress(states.data(), blocks, count, n);
  for (std::size_t i = 0; i < n; ++i) {
    // The inner digest, padded (FIPS 180-4 section 5.1): 32 or 48 bytes after a block.
    std::array<std::uint8_t, kBlock>& message = running[i].outer_message;
    message = {};
    store_digest(states[i], message.data());
    message[kDigest] = 0x80;
    constexpr std::size_t kBits = 8 * (kBlock + kDigest);
    message[kBlock - 2] = kBits >> 8U;
    message[kBlock - 1] = kBits & 0xffU;
    std::copy_n(keys[i] + 8, 8, states[i]);
  }
  compress(states.data(), outer_messages.data(), 1, n);
  for (std::size_t i = 0; i < n; ++i) store_digest(states[i], macs[i]);
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(running.data()), n * sizeof running[0]));
}

template class Lanes<std::uint32_t>;
template class Lanes<std::uint64_t>;

}  // namespace lockstep::sha2

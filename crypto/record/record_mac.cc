#include "crypto/record/record_mac.h"

#include <emmintrin.h>

#include <algorithm>
#include <bit>

#include "crypto/record/secret_mask.h"

namespace lockstep::crypto {
namespace {

std::uint32_t big_endian(std::uint32_t word) {
  return __builtin_bswap32(word);
}
std::uint64_t big_endian(std::uint64_t word) {
  return __builtin_bswap64(word);
}

// FIPS 180-4 section 5.3.
struct Sha1 {
  using Word = std::uint32_t;
  static constexpr std::size_t kDigestWords = 5;
  static constexpr std::array<Word, 8> kInitial = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  static const HashKernel<Word>& kernel(const HashKernels& kernels) { return kernels.sha1; }
};
struct Sha256 {
  using Word = std::uint32_t;
  static constexpr std::size_t kDigestWords = 8;
  static constexpr std::array<Word, 8> kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  static const HashKernel<Word>& kernel(const HashKernels& kernels) { return kernels.sha256; }
};
struct Sha384 {
  using Word = std::uint64_t;
  static constexpr std::size_t kDigestWords = 6;
  static constexpr std::array<Word, 8> kInitial = {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17,
                                                   0x152fecd8f70e5939, 0x67332667ffc00b31, 0x8eb44a8768581511,
                                                   0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4};
  static const HashKernel<Word>& kernel(const HashKernels& kernels) { return kernels.sha384; }
};

template <class Sha>
constexpr std::size_t kBlock = 16 * sizeof(typename Sha::Word);
/// The length field that ends the padding (FIPS 180-4 section 5.1).
template <class Sha>
constexpr std::size_t kLengthField = 2 * sizeof(typename Sha::Word);
/// Most blocks of which the secret length decides what they hold: 255 bytes of doubt, the bytes of the last block
/// before them, 0x80 and the length field.
template <class Sha>
constexpr std::size_t kTailBlocks = (255 + kLengthField<Sha> + kBlock<Sha> - 1) / kBlock<Sha> + 1;

template <class Sha>
void expand(Bytes key, HmacStates& states, const HashKernels& kernels) {
  using Word = typename Sha::Word;
  Secret<kBlock<Sha>> pad;
  pad.assign(key);
  for (std::uint8_t& byte : pad.writable()) byte ^= 0x36;
  auto state = Sha::kInitial;
  Sha::kernel(kernels).one(state.data(), pad.expose().data(), 1);
  std::memcpy(states.inner.data(), state.data(), sizeof state);
  for (std::uint8_t& byte : pad.writable()) byte ^= 0x36 ^ 0x5c;
  state = Sha::kInitial;
  Sha::kernel(kernels).one(state.data(), pad.expose().data(), 1);
  std::memcpy(states.outer.data(), state.data(), sizeof state);
  wipe({reinterpret_cast<std::uint8_t*>(state.data()), 8 * sizeof(Word)});
}

/// Keeps the first `end` bytes of `bytes`, puts 0x80 behind them and zeros after that. `end` is secret; `size`, public,
/// a multiple of 16.
void end_message(std::uint8_t* bytes, std::size_t size, std::uint64_t end) {
  const __m128i places = _mm_set_epi8(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const __m128i one_bit = _mm_set1_epi8(static_cast<char>(0x80));
  for (std::size_t at = 0; at < size; at += 16) {
    // Where the message ends as seen from here: -1 before, 16 behind this run of 16 bytes.
    const std::uint64_t behind = mask_less(at + 15, end);
    const std::uint64_t before = mask_less(end, at);
    const std::uint64_t place = select(behind, 16, select(before, 0xff, end - at));
    const __m128i here = _mm_set1_epi8(static_cast<char>(place));
    auto* const run = reinterpret_cast<__m128i*>(bytes + at);
    const __m128i kept = _mm_and_si128(_mm_loadu_si128(run), _mm_cmpgt_epi8(here, places));
    _mm_storeu_si128(run, _mm_or_si128(kept, _mm_and_si128(one_bit, _mm_cmpeq_epi8(here, places))));
  }
}

/// As many records as a vector has lanes, in lockstep.
template <class Sha>
class Group {
 public:
  using Word = typename Sha::Word;
  static constexpr std::size_t kLanes = kHashLanes<Word>;

  explicit Group(const HashKernel<Word>& kernel) : kernel_(kernel) {}
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;
  ~Group() { wipe({reinterpret_cast<std::uint8_t*>(this), sizeof *this}); }

  void run(std::span<RecordMac> macs) {
    count_ = macs.size();
    for (std::size_t i = 0; i < count_; ++i) begin(i, macs[i]);
    whole_blocks(macs);
    tails();
    outer(macs);
  }

 private:
  static constexpr std::size_t kTail = kTailBlocks<Sha> * kBlock<Sha>;

  /// Splits the message into blocks whose content is certain and the tail, and pads the tail.
  void begin(std::size_t lane, const RecordMac& mac) {
    set_state(lane, mac.key->inner);
    const std::size_t message = kMacHeader + mac.longest;
    whole_[lane] = (kMacHeader + mac.shortest) / kBlock<Sha>;
    tail_blocks_[lane] = (message + kLengthField<Sha>) / kBlock<Sha> + 1 - whole_[lane];

    const std::size_t start = whole_[lane] * kBlock<Sha>;
    const std::size_t tail_size = tail_blocks_[lane] * kBlock<Sha>;
    std::uint8_t* const tail = tail_[lane].data();
    if (whole_[lane] == 0) {
      std::memcpy(tail, mac.header.data(), kMacHeader);
      if (mac.longest != 0) std::memcpy(tail + kMacHeader, mac.content, mac.longest);
    } else {
      std::memcpy(first_[lane].data(), mac.header.data(), kMacHeader);
      std::memcpy(first_[lane].data() + kMacHeader, mac.content, kBlock<Sha> - kMacHeader);
      std::memcpy(tail, mac.content + start - kMacHeader, message - start);
    }
    const std::uint64_t end = kMacHeader + mac.size - start;
    end_message(tail, tail_size, end);
    last_[lane] = (end + kLengthField<Sha>) / kBlock<Sha>;
    const std::uint64_t bits = __builtin_bswap64(8 * (kBlock<Sha> + kMacHeader + mac.size));
    for (std::size_t block = 0; block < tail_blocks_[lane]; ++block) {
      std::uint8_t* const field = tail + (block + 1) * kBlock<Sha> - sizeof bits;
      std::uint64_t word = 0;
      std::memcpy(&word, field, sizeof word);
      word |= bits & mask_equal(block, last_[lane]);
      std::memcpy(field, &word, sizeof word);
    }
  }

  void whole_blocks(std::span<const RecordMac> macs) {
    std::array<const std::uint8_t*, kLanes> blocks{};
    std::array<std::size_t, kLanes> left{};
    std::uint32_t active = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      if (whole_[i] == 0) continue;
      blocks[i] = first_[i].data();
      active |= 1U << i;
    }
    compress(blocks, 1, active);
    active = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      if (whole_[i] < 2) continue;
      blocks[i] = macs[i].content + kBlock<Sha> - kMacHeader;
      left[i] = whole_[i] - 1;
      active |= 1U << i;
    }
    while (active != 0) {
      std::size_t least = ~std::size_t{0};
      for (std::uint32_t rest = active; rest != 0; rest &= rest - 1)
        least = std::min(least, left[static_cast<std::size_t>(std::countr_zero(rest))]);
      compress(blocks, least, active);
      for (std::uint32_t rest = active; rest != 0; rest &= rest - 1) {
        const auto i = static_cast<std::size_t>(std::countr_zero(rest));
        blocks[i] += least * kBlock<Sha>;
        left[i] -= least;
        if (left[i] == 0) active &= ~(1U << i);
      }
    }
  }

  /// All blocks that may be the last, and the state after the one that is.
  void tails() {
    for (std::size_t block = 0; block < kTailBlocks<Sha>; ++block) {
      std::array<const std::uint8_t*, kLanes> blocks{};
      std::uint32_t active = 0;
      for (std::size_t i = 0; i < count_; ++i) {
        if (block >= tail_blocks_[i]) continue;
        blocks[i] = tail_[i].data() + block * kBlock<Sha>;
        active |= 1U << i;
      }
      if (active == 0) return;
      compress(blocks, 1, active);
      for (std::size_t i = 0; i < count_; ++i) {
        const auto mask = static_cast<Word>(mask_equal(block, last_[i]));
        for (std::size_t word = 0; word < Sha::kDigestWords; ++word) inner_[i][word] |= states_.words[word][i] & mask;
      }
    }
  }

  void outer(std::span<RecordMac> macs) {
    constexpr std::size_t kDigest = Sha::kDigestWords * sizeof(Word);
    const std::uint64_t bits = __builtin_bswap64(8 * (kBlock<Sha> + kDigest));
    std::array<const std::uint8_t*, kLanes> blocks{};
    for (std::size_t i = 0; i < count_; ++i) {
      set_state(i, macs[i].key->outer);
      std::uint8_t* const block = first_[i].data();
      std::memset(block, 0, kBlock<Sha>);
      for (std::size_t word = 0; word < Sha::kDigestWords; ++word) put(inner_[i][word], block + word * sizeof(Word));
      block[kDigest] = 0x80;
      std::memcpy(block + kBlock<Sha> - sizeof bits, &bits, sizeof bits);
      blocks[i] = block;
    }
    compress(blocks, 1, static_cast<std::uint32_t>((std::uint64_t{1} << count_) - 1));
    for (std::size_t i = 0; i < count_; ++i)
      for (std::size_t word = 0; word < Sha::kDigestWords; ++word)
        put(states_.words[word][i], macs[i].mac.data() + word * sizeof(Word));
  }

  void compress(std::array<const std::uint8_t*, kLanes>& blocks, std::size_t count, std::uint32_t active) {
    if (active == 0) return;
    if (kernel_.lanes != nullptr && static_cast<std::size_t>(std::popcount(active)) >= kernel_.crossover) {
      const std::uint8_t* const any = blocks[static_cast<std::size_t>(std::countr_zero(active))];
      for (std::size_t i = 0; i < kLanes; ++i)
        if ((active >> i & 1U) == 0) blocks[i] = any;
      kernel_.lanes(states_, blocks.data(), count, active);
      return;
    }
    for (std::uint32_t rest = active; rest != 0; rest &= rest - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(rest));
      for (std::size_t word = 0; word < 8; ++word) one_[word] = states_.words[word][i];
      kernel_.one(one_.data(), blocks[i], count);
      for (std::size_t word = 0; word < 8; ++word) states_.words[word][i] = one_[word];
    }
  }

  void set_state(std::size_t lane, const std::array<std::uint8_t, 64>& state) {
    for (std::size_t word = 0; word < 8; ++word)
      std::memcpy(&states_.words[word][lane], state.data() + word * sizeof(Word), sizeof(Word));
  }
  static void put(Word word, std::uint8_t* to) {
    word = big_endian(word);
    std::memcpy(to, &word, sizeof word);
  }

  const HashKernel<Word>& kernel_;
  std::size_t count_ = 0;
  LaneStates<Word> states_{};
  std::array<Word, 8> one_{};
  std::array<std::array<Word, 8>, kLanes> inner_{};                  // of the last block, gathered by masks
  std::array<std::array<std::uint8_t, kBlock<Sha>>, kLanes> first_;  // the first block; later the outer one
  std::array<std::array<std::uint8_t, kTail>, kLanes> tail_;
  std::array<std::size_t, kLanes> whole_{};
  std::array<std::size_t, kLanes> tail_blocks_{};
  std::array<std::uint64_t, kLanes> last_{};  // secret: the block of the tail that ends the message
};

template <class Sha>
void make(std::span<RecordMac> macs, const HashKernels& kernels) {
  for (std::size_t at = 0; at < macs.size(); at += Group<Sha>::kLanes) {
    Group<Sha> group(Sha::kernel(kernels));
    group.run(macs.subspan(at, std::min(Group<Sha>::kLanes, macs.size() - at)));
  }
}

}  // namespace

void expand_hmac(MacHash hash, Bytes key, HmacStates& states) {
  states = {};
  switch (hash) {
    case MacHash::sha1:
      return expand<Sha1>(key, states, hash_kernels());
    case MacHash::sha256:
      return expand<Sha256>(key, states, hash_kernels());
    case MacHash::sha384:
      return expand<Sha384>(key, states, hash_kernels());
  }
}

void write_mac_header(const CbcRecordHeader& header, std::size_t size, std::uint8_t* out) {
  const std::uint64_t sequence_number = __builtin_bswap64(header.sequence_number);
  const auto version_and_size =
      __builtin_bswap32(static_cast<std::uint32_t>(header.version) << 16U | static_cast<std::uint16_t>(size));
  std::memcpy(out, &sequence_number, sizeof sequence_number);
  out[8] = header.content_type;
  std::memcpy(out + 9, &version_and_size, sizeof version_and_size);
}

void make_record_macs(MacHash hash, std::span<RecordMac> macs, const HashKernels& kernels) {
  switch (hash) {
    case MacHash::sha1:
      return make<Sha1>(macs, kernels);
    case MacHash::sha256:
      return make<Sha256>(macs, kernels);
    case MacHash::sha384:
      return make<Sha384>(macs, kernels);
  }
}

}  // namespace lockstep::crypto

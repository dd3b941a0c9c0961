// SHA-2 with one message per lane (FIPS 180-4 section 6), written once for all the lanes of sha2_avx512_lanes.h.
#include "crypto/base/sha2_avx512.h"

#include "crypto/base/sha2_avx512_lanes.h"

namespace lockstep::sha2 {

namespace {

template <class Sha>
struct State {
  typename Sha::Vector v[8];
};

template <class Sha>
struct Block {
  typename Sha::Vector w[16];
};

// A round whose message word and constant are in `input`; it is the `i`th as far as the variables' names go: instead of
// moving the eight on, each round names them one place further (as sha2_portable.cc does).
template <class Sha, std::size_t i>
LOCKSTEP_INLINE void round_with(typename Sha::Vector* v, typename Sha::Vector input) {
  auto& d = v[(3 + 16 - i) % 8];
  auto& h = v[(7 + 16 - i) % 8];
  const auto a = v[(0 + 16 - i) % 8];
  const auto e = v[(4 + 16 - i) % 8];
  const auto choice = Sha::template logic<0xca>(e, v[(5 + 16 - i) % 8], v[(6 + 16 - i) % 8]);
  const auto majority = Sha::template logic<0xe8>(a, v[(1 + 16 - i) % 8], v[(2 + 16 - i) % 8]);
  const auto t1 = Sha::add(Sha::add(Sha::add(input, h), choice), Sha::big_sigma1(e));
  d = Sha::add(d, t1);
  h = Sha::add(Sha::add(t1, majority), Sha::big_sigma0(a));
}

// Round t + i, and before it the message word it needs.
template <class Sha, bool scheduled, std::size_t i>
LOCKSTEP_INLINE void round(typename Sha::Vector* v, typename Sha::Vector* w, std::size_t t) {
  if constexpr (scheduled) {
    w[i] = Sha::add(Sha::add(w[i], w[(i + 9) % 16]),
                    Sha::add(Sha::small_sigma0(w[(i + 1) % 16]), Sha::small_sigma1(w[(i + 14) % 16])));
  }
  round_with<Sha, i>(v, Sha::add(w[i], Sha::constant(t + i)));
}

template <class Sha, bool scheduled>
LOCKSTEP_INLINE void sixteen_rounds(typename Sha::Vector* v, typename Sha::Vector* w, std::size_t t) {
  round<Sha, scheduled, 0>(v, w, t);
  round<Sha, scheduled, 1>(v, w, t);
  round<Sha, scheduled, 2>(v, w, t);
  round<Sha, scheduled, 3>(v, w, t);
  round<Sha, scheduled, 4>(v, w, t);
  round<Sha, scheduled, 5>(v, w, t);
  round<Sha, scheduled, 6>(v, w, t);
  round<Sha, scheduled, 7>(v, w, t);
  round<Sha, scheduled, 8>(v, w, t);
  round<Sha, scheduled, 9>(v, w, t);
  round<Sha, scheduled, 10>(v, w, t);
  round<Sha, scheduled, 11>(v, w, t);
  round<Sha, scheduled, 12>(v, w, t);
  round<Sha, scheduled, 13>(v, w, t);
  round<Sha, scheduled, 14>(v, w, t);
  round<Sha, scheduled, 15>(v, w, t);
}

// Adds a block to the state.
template <class Sha>
[[gnu::noinline]] void compress(State<Sha>& state, const Block<Sha>& block) {
  State<Sha> running = state;
  Block<Sha> schedule = block;
  sixteen_rounds<Sha, false>(running.v, schedule.w, 0);
  for (std::size_t t = 16; t < Sha::kRounds; t += 16) sixteen_rounds<Sha, true>(running.v, schedule.w, t);
  for (int i = 0; i < 8; ++i) state.v[i] = Sha::add(state.v[i], running.v[i]);
}

// Adds one block to all lanes, the same whose schedule (with the constants) is given.
template <class Sha>
[[gnu::noinline]] void compress_scheduled(State<Sha>& state, const typename Sha::Word* schedule) {
  State<Sha> running = state;
  for (std::size_t t = 0; t < Sha::kRounds; t += 8) {
    round_with<Sha, 0>(running.v, Sha::splat(schedule[t]));
    round_with<Sha, 1>(running.v, Sha::splat(schedule[t + 1]));
    round_with<Sha, 2>(running.v, Sha::splat(schedule[t + 2]));
    round_with<Sha, 3>(running.v, Sha::splat(schedule[t + 3]));
    round_with<Sha, 4>(running.v, Sha::splat(schedule[t + 4]));
    round_with<Sha, 5>(running.v, Sha::splat(schedule[t + 5]));
    round_with<Sha, 6>(running.v, Sha::splat(schedule[t + 6]));
    round_with<Sha, 7>(running.v, Sha::splat(schedule[t + 7]));
  }
  for (int i = 0; i < 8; ++i) state.v[i] = Sha::add(state.v[i], running.v[i]);
}

// Blocks and states may be keys or come from them.
template <class Sha>
LOCKSTEP_INLINE void wipe(State<Sha>& state, Block<Sha>& block) {
  for (auto& v : state.v) v = Sha::splat(0);
  for (auto& w : block.w) w = Sha::splat(0);
  asm volatile("" : : "r"(&state), "r"(&block) : "memory");
}

template <class Sha>
void compress_lanes(typename Sha::Word* const* states, const std::uint8_t* const* blocks, std::size_t count) {
  State<Sha> state;
  Block<Sha> block;
  Sha::load_states(states, 0, state.v);
  for (std::size_t i = 0; i < count; ++i) {
    Sha::load_blocks(blocks, i * 16 * sizeof(typename Sha::Word), block.w);
    compress<Sha>(state, block);
  }
  Sha::store_states(state.v, states, 0);
  wipe<Sha>(state, block);
}

template <class Sha>
void key_block_lanes(const std::uint8_t* const* keys, const std::size_t* sizes, const typename Sha::Word* pads,
                     typename Sha::Word* const* states) {
  State<Sha> state;
  Block<Sha> block;
  Sha::load_keys(keys, sizes, block.w);
  const auto pad = Sha::load(pads);
  for (auto& w : block.w) w = Sha::exclusive_or(w, pad);
  for (std::size_t i = 0; i < 8; ++i) state.v[i] = Sha::splat(Sha::kInitial[i]);
  compress<Sha>(state, block);
  Sha::store_states(state.v, states, 0);
  wipe<Sha>(state, block);
}

// From the inner state to the MAC: the outer message is the inner digest, padded (FIPS 180-4 section 5.1).
template <class Sha>
LOCKSTEP_INLINE void finish_hmac(State<Sha>& state, Block<Sha>& block, const typename Sha::Word* const* keys,
                                 std::uint8_t* const* macs) {
  using Word = typename Sha::Word;
  for (std::size_t i = 0; i < Sha::kDigestWords; ++i) block.w[i] = state.v[i];
  block.w[Sha::kDigestWords] = Sha::splat(static_cast<Word>(Word{1} << (8 * sizeof(Word) - 1)));
  for (std::size_t i = Sha::kDigestWords + 1; i < 15; ++i) block.w[i] = Sha::splat(0);
  block.w[15] = Sha::splat(Sha::kHmacBits);
  Sha::load_states(keys, 8, state.v);
  compress<Sha>(state, block);
  Sha::store_digests(state.v, macs);
  wipe<Sha>(state, block);
}

template <class Sha>
void hmac_lanes(const typename Sha::Word* const* keys, const std::uint8_t* const* blocks, std::size_t count,
                std::uint8_t* const* macs) {
  State<Sha> state;
  Block<Sha> block;
  Sha::load_states(keys, 0, state.v);
  for (std::size_t i = 0; i < count; ++i) {
    Sha::load_blocks(blocks, i * 16 * sizeof(typename Sha::Word), block.w);
    compress<Sha>(state, block);
  }
  finish_hmac<Sha>(state, block, keys, macs);
}

template <class Sha>
void hmac_scheduled_lanes(const typename Sha::Word* const* keys, const typename Sha::Word* schedule,
                          std::uint8_t* const* macs) {
  State<Sha> state;
  Block<Sha> block;
  Sha::load_states(keys, 0, state.v);
  compress_scheduled<Sha>(state, schedule);
  finish_hmac<Sha>(state, block, keys, macs);
}

template <class Sha>
constexpr LaneKernels<typename Sha::Word> kKernels = {Sha::kLanes, compress_lanes<Sha>, key_block_lanes<Sha>,
                                                      hmac_lanes<Sha>, hmac_scheduled_lanes<Sha>};

}  // namespace

const LaneKernels<std::uint32_t> kSha256Lanes16 = kKernels<Sha256x16>;
const LaneKernels<std::uint64_t> kSha384Lanes8 = kKernels<Sha384x8>;
const LaneKernels<std::uint64_t> kSha384Lanes4 = kKernels<Sha384x4>;

}  // namespace lockstep::sha2

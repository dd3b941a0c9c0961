#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "crypto/base/secret.h"
#include "crypto/base/sha2_compress.h"

namespace lockstep::sha2 {

namespace {

// FIPS 180-4 sections 4.1.2 and 4.1.3: SHA-256 and SHA-512 differ in word size, number of rounds and these distances.
struct Sha256 {
  using Word = std::uint32_t;
  static constexpr std::size_t kRounds = 64;
  static Word constant(std::size_t round) { return static_cast<Word>(kRoundConstants[round] >> 32U); }
  static Word big_sigma0(Word x) { return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22); }
  static Word big_sigma1(Word x) { return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25); }
  static Word small_sigma0(Word x) { return std::rotr(x, 7) ^ std::rotr(x, 18) ^ x >> 3U; }
  static Word small_sigma1(Word x) { return std::rotr(x, 17) ^ std::rotr(x, 19) ^ x >> 10U; }
  static Word big_endian(Word x) { return __builtin_bswap32(x); }
};

struct Sha512 {
  using Word = std::uint64_t;
  static constexpr std::size_t kRounds = 80;
  static Word constant(std::size_t round) { return kRoundConstants[round]; }
  static Word big_sigma0(Word x) { return std::rotr(x, 28) ^ std::rotr(x, 34) ^ std::rotr(x, 39); }
  static Word big_sigma1(Word x) { return std::rotr(x, 14) ^ std::rotr(x, 18) ^ std::rotr(x, 41); }
  static Word small_sigma0(Word x) { return std::rotr(x, 1) ^ std::rotr(x, 8) ^ x >> 7U; }
  static Word small_sigma1(Word x) { return std::rotr(x, 19) ^ std::rotr(x, 61) ^ x >> 6U; }
  static Word big_endian(Word x) { return __builtin_bswap64(x); }
};

// Round t + i (sections 6.2.2 and 6.4.2). Instead of moving the eight variables on, each round names them one place
// further, so that only two are written; all indices are known at compile time, which keeps everything in registers.
// `w` holds the last sixteen words of the message schedule; beyond the message each is made just before its round.
template <class Sha, std::size_t i, class Word = typename Sha::Word>
[[gnu::always_inline]] inline void round(std::array<Word, 8>& v, std::array<Word, 16>& w, std::size_t t) {
  if (t != 0) w[i] += Sha::small_sigma1(w[(i + 14) % 16]) + w[(i + 9) % 16] + Sha::small_sigma0(w[(i + 1) % 16]);
  const auto variable = [&v](std::size_t letter) -> Word& { return v[(letter + 16 - i) % 8]; };
  const Word a = variable(0);
  const Word b = variable(1);
  const Word c = variable(2);
  const Word e = variable(4);
  const Word f = variable(5);
  const Word g = variable(6);
  const Word t1 = variable(7) + Sha::big_sigma1(e) + (g ^ (e & (f ^ g))) + w[i] + Sha::constant(t + i);
  variable(3) += t1;
  variable(7) = t1 + Sha::big_sigma0(a) + ((a & b) | (c & (a | b)));
}

template <class Sha, class Word, std::size_t... i>
[[gnu::always_inline]] inline void rounds(std::array<Word, 8>& v, std::array<Word, 16>& w, std::size_t t,
                                          std::index_sequence<i...>) {
  (round<Sha, i>(v, w, t), ...);
}

template <class Sha, class Word = typename Sha::Word>
void compress(Word* state, const std::uint8_t* blocks, std::size_t count) {
  std::array<Word, 16> w;
  for (; count > 0; --count, blocks += sizeof w) {
    std::memcpy(w.data(), blocks, sizeof w);
    for (Word& word : w) word = Sha::big_endian(word);
    std::array<Word, 8> v;
    std::memcpy(v.data(), state, sizeof v);
    for (std::size_t t = 0; t < Sha::kRounds; t += 16) rounds<Sha>(v, w, t, std::make_index_sequence<16>());
    for (std::size_t i = 0; i < 8; ++i) state[i] += v[i];
  }
  // The blocks may be keys (HMAC pads), and the schedule gives them back.
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(w.data()), sizeof w));
}

template <class Sha, class Word = typename Sha::Word>
void expand(const std::uint8_t* block, Word* schedule) {
  std::memcpy(schedule, block, 16 * sizeof(Word));
  for (std::size_t t = 0; t < 16; ++t) schedule[t] = Sha::big_endian(schedule[t]);
  for (std::size_t t = 16; t < Sha::kRounds; ++t) {
    schedule[t] =
        Sha::small_sigma1(schedule[t - 2]) + schedule[t - 7] + Sha::small_sigma0(schedule[t - 15]) + schedule[t - 16];
  }
  for (std::size_t t = 0; t < Sha::kRounds; ++t) schedule[t] += Sha::constant(t);
}

}  // namespace

void compress256_portable(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
  compress<Sha256>(state, blocks, count);
}

void compress512_portable(std::uint64_t* state, const std::uint8_t* blocks, std::size_t count) {
  compress<Sha512>(state, blocks, count);
}

void schedule256(const std::uint8_t* block, std::uint32_t* schedule) {
  expand<Sha256>(block, schedule);
}

void schedule512(const std::uint8_t* block, std::uint64_t* schedule) {
  expand<Sha512>(block, schedule);
}

}  // namespace lockstep::sha2

#include <array>
#include <bit>
#include <cstring>

#include "crypto/base/secret.h"
#include "crypto/base/sha1_compress.h"

namespace lockstep::sha1 {

namespace {

using Words = std::array<std::uint32_t, 16>;

// FIPS 180-4 sections 4.1.1 and 4.2.1: twenty rounds each of Ch, Parity, Maj, Parity with their constants.
struct Ch {
  static constexpr std::uint32_t kConstant = 0x5a827999;
  static std::uint32_t of(std::uint32_t x, std::uint32_t y, std::uint32_t z) { return z ^ (x & (y ^ z)); }
};
struct Parity {
  static std::uint32_t of(std::uint32_t x, std::uint32_t y, std::uint32_t z) { return x ^ y ^ z; }
};
struct FirstParity : Parity {
  static constexpr std::uint32_t kConstant = 0x6ed9eba1;
};
struct Maj {
  static constexpr std::uint32_t kConstant = 0x8f1bbcdc;
  static std::uint32_t of(std::uint32_t x, std::uint32_t y, std::uint32_t z) { return (x & y) | (z & (x | y)); }
};
struct SecondParity : Parity {
  static constexpr std::uint32_t kConstant = 0xca62c1d6;
};

// Section 6.1.2. `w` holds the last sixteen words of the message schedule; the word of round t replaces that of t - 16.
template <class Function>
void twenty_rounds(std::array<std::uint32_t, 5>& v, Words& w, std::size_t t) {
  auto [a, b, c, d, e] = v;
  for (const std::size_t end = t + 20; t < end; ++t) {
    if (t >= 16) w[t % 16] = std::rotl(w[(t + 13) % 16] ^ w[(t + 8) % 16] ^ w[(t + 2) % 16] ^ w[t % 16], 1);
    const std::uint32_t next = std::rotl(a, 5) + Function::of(b, c, d) + e + Function::kConstant + w[t % 16];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  v = {a, b, c, d, e};
}

}  // namespace

void compress_portable(std::uint32_t* state, const std::uint8_t* blocks, std::size_t count) {
  Words w;
  for (; count > 0; --count, blocks += sizeof w) {
    std::memcpy(w.data(), blocks, sizeof w);
    for (std::uint32_t& word : w) word = __builtin_bswap32(word);
    std::array<std::uint32_t, 5> v;
    std::memcpy(v.data(), state, sizeof v);
    twenty_rounds<Ch>(v, w, 0);
    twenty_rounds<FirstParity>(v, w, 20);
    twenty_rounds<Maj>(v, w, 40);
    twenty_rounds<SecondParity>(v, w, 60);
    for (std::size_t i = 0; i < v.size(); ++i) state[i] += v[i];
  }
  // The blocks may be keys (HMAC pads), and the schedule gives them back.
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(w.data()), sizeof w));
}

}  // namespace lockstep::sha1

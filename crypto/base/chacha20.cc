#include "crypto/base/chacha20.h"

#include <bit>

#include "crypto/base/secret.h"

namespace lockstep {

static_assert(std::endian::native == std::endian::little, "words are read and written in memory order");

namespace {

using Words = std::array<std::uint32_t, 16>;

// RFC 8439 section 2.1.
void quarter_round(Words& x, std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 7);
}

void wipe_words(Words& words) {
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(words.data()), sizeof words));
}

}  // namespace

void chacha20_block(Bytes key, std::uint32_t counter, Bytes nonce, MutableBytes out) {
  Words start = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};  // "expand 32-byte k"
  std::memcpy(start.data() + 4, key.data(), 32);
  start[12] = counter;
  std::memcpy(start.data() + 13, nonce.data(), 12);

  Words x = start;
  for (int i = 0; i < 10; ++i) {
    for (std::size_t column = 0; column < 4; ++column) quarter_round(x, column, column + 4, column + 8, column + 12);
    for (std::size_t column = 0; column < 4; ++column)
      quarter_round(x, column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4);
  }
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += start[i];
  std::memcpy(out.data(), x.data(), kChaCha20Block);
  wipe_words(start);
  wipe_words(x);
}

void chacha20_four_blocks(Bytes key, std::uint32_t counter, Bytes nonce, MutableBytes out) {
  // Word i of all four blocks side by side.
  using Vector [[gnu::vector_size(16)]] = std::uint32_t;
  using Vectors = std::array<Vector, 16>;
  std::array<std::uint32_t, 16> words = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  std::memcpy(words.data() + 4, key.data(), 32);
  words[12] = counter;
  std::memcpy(words.data() + 13, nonce.data(), 12);
  Vectors start;
  for (std::size_t i = 0; i < 16; ++i) start[i] = Vector{words[i], words[i], words[i], words[i]};
  start[12] += Vector{0, 1, 2, 3};

  Vectors x = start;
  const auto rotate = [](Vector v, unsigned by) { return v << by | v >> (32 - by); };
  const auto quarter = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 7);
  };
  for (int i = 0; i < 10; ++i) {
    quarter(0, 4, 8, 12);
    quarter(1, 5, 9, 13);
    quarter(2, 6, 10, 14);
    quarter(3, 7, 11, 15);
    quarter(0, 5, 10, 15);
    quarter(1, 6, 11, 12);
    quarter(2, 7, 8, 13);
    quarter(3, 4, 9, 14);
  }
  for (std::size_t i = 0; i < 16; ++i) {
    x[i] += start[i];
    for (std::size_t block = 0; block < 4; ++block) {
      const std::uint32_t word = x[i][block];
      std::memcpy(out.data() + block * kChaCha20Block + 4 * i, &word, sizeof word);
    }
  }
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(words.data()), sizeof words));
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(start.data()), sizeof start));
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(x.data()), sizeof x));
}

}  // namespace lockstep

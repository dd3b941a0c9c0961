// SHA-512 (FIPS 180-4 section 6.4) of eight short messages at once.
#pragma once

#include "crypto/base/sha2_compress.h"
#include "crypto/lanes/field25519.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// Eight messages that are being put together. Their sizes are public, what is in them is not: wiped by sha512().
struct HashInput {
  /// Room for 639 bytes of message and their padding.
  static constexpr std::size_t kSize = std::size_t{6} * 128;
  std::uint8_t bytes[8][kSize];
  std::size_t size[8];
};

LOCKSTEP_INLINE void append(HashInput& input, int lane, const std::uint8_t* bytes, std::size_t size) {
  if (size != 0) __builtin_memcpy(input.bytes[lane] + input.size[lane], bytes, size);
  input.size[lane] += size;
}
LOCKSTEP_INLINE void append_zeros(HashInput& input, int lane, std::size_t size) {
  __builtin_memset(input.bytes[lane] + input.size[lane], 0, size);
  input.size[lane] += size;
}
/// Pads one message (section 5.1.2) and returns its number of blocks.
LOCKSTEP_INLINE std::size_t pad(HashInput& input, int lane) {
  const std::size_t size = input.size[lane];
  const std::size_t blocks = (size + 17 + 127) / 128;
  std::uint8_t* const bytes = input.bytes[lane];
  __builtin_memset(bytes + size, 0, blocks * 128 - size);
  bytes[size] = 0x80;
  bytes[blocks * 128 - 2] = static_cast<std::uint8_t>(size * 8 >> 8U);
  bytes[blocks * 128 - 1] = static_cast<std::uint8_t>(size * 8);
  return blocks;
}

/// Rotates to the right: one instruction where AVX-512 is.
template <int kCount>
LOCKSTEP_INLINE U64x8 rotate(U64x8 a) {
  return (a >> kCount) | (a << (64 - kCount));
}

#ifdef __AVX512IFMA__
/// The bit of kTable whose number is made of a's, b's and c's bit.
template <int kTable>
LOCKSTEP_INLINE U64x8 logic(U64x8 a, U64x8 b, U64x8 c) {
  return reinterpret_cast<U64x8>(_mm512_ternarylogic_epi64(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b),
                                                           reinterpret_cast<__m512i>(c), kTable));
}
LOCKSTEP_INLINE U64x8 exclusive_or(U64x8 a, U64x8 b, U64x8 c) {
  return logic<0x96>(a, b, c);
}
LOCKSTEP_INLINE U64x8 choose(U64x8 a, U64x8 b, U64x8 c) {
  return logic<0xca>(a, b, c);
}
LOCKSTEP_INLINE U64x8 majority(U64x8 a, U64x8 b, U64x8 c) {
  return logic<0xe8>(a, b, c);
}
#else
LOCKSTEP_INLINE U64x8 exclusive_or(U64x8 a, U64x8 b, U64x8 c) {
  return a ^ b ^ c;
}
LOCKSTEP_INLINE U64x8 choose(U64x8 a, U64x8 b, U64x8 c) {
  return (a & b) ^ (~a & c);
}
LOCKSTEP_INLINE U64x8 majority(U64x8 a, U64x8 b, U64x8 c) {
  return (a & b) ^ (a & c) ^ (b & c);
}
#endif

/// Adds a block of sixteen words to the state (section 6.4.2).
LOCKSTEP_FIELD void compress(U64x8* state, U64x8* w) {
  U64x8 a = state[0], b = state[1], c = state[2], d = state[3];
  U64x8 e = state[4], f = state[5], g = state[6], h = state[7];
  for (int t = 0; t < 80; ++t) {
    const int i = t % 16;
    const U64x8 word = w[i];
    const U64x8 t1 = h + exclusive_or(rotate<14>(e), rotate<18>(e), rotate<41>(e)) + choose(e, f, g) +
                     (word + splat(sha2::kRoundConstants[t]));
    const U64x8 t2 = exclusive_or(rotate<28>(a), rotate<34>(a), rotate<39>(a)) + majority(a, b, c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
    const U64x8 next = w[(i + 1) % 16], last = w[(i + 14) % 16];
    w[i] = word + exclusive_or(rotate<1>(next), rotate<8>(next), next >> 7) + w[(i + 9) % 16] +
           exclusive_or(rotate<19>(last), rotate<61>(last), last >> 6);
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/// The digests of eight messages, as eight words, most significant byte first in each. Wipes the input.
static void sha512(U64x8* state, HashInput& input) {
  static constexpr std::uint64_t kInitial[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                                0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                                0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  std::size_t blocks[8];
  std::size_t most = 0;
  for (int lane = 0; lane < 8; ++lane) {
    blocks[lane] = pad(input, lane);
    most = blocks[lane] > most ? blocks[lane] : most;
  }
  for (int i = 0; i < 8; ++i) state[i] = splat(kInitial[i]);
  U64x8 w[16];
  for (std::size_t block = 0; block < most; ++block) {
    unsigned active = 0;
    for (unsigned lane = 0; lane < 8; ++lane) {
      if (block >= blocks[lane]) continue;  // its bytes were never written
      active |= 1U << lane;
      for (std::size_t i = 0; i < 16; ++i) {
        std::uint64_t word;
        __builtin_memcpy(&word, input.bytes[lane] + 128 * block + 8 * i, 8);
        w[i][lane] = __builtin_bswap64(word);
      }
    }
    U64x8 next[8];
    for (int i = 0; i < 8; ++i) next[i] = state[i];
    compress(next, w);
    for (int i = 0; i < 8; ++i) state[i] = select(static_cast<Mask>(active), next[i], state[i]);
  }
  wipe_vectors(w, 16);
  for (int lane = 0; lane < 8; ++lane) __builtin_memset(input.bytes[lane], 0, blocks[lane] * 128);
  asm volatile("" : : "r"(&input) : "memory");
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

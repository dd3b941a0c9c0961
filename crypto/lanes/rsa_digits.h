// Between bytes and digits, and inverses of small numbers.
#pragma once

#include "crypto/lanes/rsa_blocks.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// Eight bytes, big-endian.
LOCKSTEP_INLINE std::uint64_t read_word(const std::uint8_t* bytes) {
  std::uint64_t word;
  __builtin_memcpy(&word, bytes, sizeof word);
  return __builtin_bswap64(word);
}

/// digits in lane `lane` = the big-endian number of `size` bytes, a multiple of 8.
template <int kDigits>
static void read_number(U64x8* digits, int lane, const std::uint8_t* bytes, int size) {
  for (int i = 0; i < kDigits; ++i) {
    // The word that ends where the digit does, or the highest one.
    const int lowest_byte = 52 * i / 8;
    const int first = size - 8 - lowest_byte;
    const int shift = 52 * i % 8 - (first < 0 ? 8 * first : 0);
    digits[i][lane] = shift < 64 ? read_word(bytes + (first < 0 ? 0 : first)) >> shift & kDigitMask : 0;
  }
}

/// The other way round, for digits without anything above them.
template <int kDigits>
static void write_number(std::uint8_t* bytes, int size, const U64x8* digits, int lane) {
  for (int bit = 0; bit < 8 * size; bit += 64) {
    const int digit = bit / 52;
    const int shift = bit % 52;
    std::uint64_t word = digits[digit][lane] >> shift | digits[digit + 1][lane] << (52 - shift);
    if (shift > 40 && digit + 2 < kDigits) word |= digits[digit + 2][lane] << (104 - shift);
    word = __builtin_bswap64(word);
    __builtin_memcpy(bytes + size - 8 - bit / 8, &word, sizeof word);
  }
}

/// digits in lane `lane` = the digits of `source`.
template <int kDigits>
static void read_digits(U64x8* digits, int lane, const std::uint64_t* source) {
  for (int i = 0; i < kDigits; ++i) digits[i][lane] = source[i];
}

/// -a^-1 modulo 2^52 for odd a.
LOCKSTEP_INLINE U64x8 negative_inverse_digit(U64x8 a) {
  // Right in 5 bits, then twice as many a turn (Newton; Hacker's Delight 10-16).
  U64x8 inverse = (a * splat(3)) ^ splat(2);
  for (int i = 0; i < 4; ++i) inverse *= splat(2) - a * inverse;
  return (U64x8{} - inverse) & splat(kDigitMask);
}

/// a^-1 modulo r for 0 < a < r < 2^52, r odd, no common factor. Bernstein and Yang 2019 ("Fast constant-time gcd
/// computation and modular inversion"): theorem 11.2 gives 153 division steps for 52 bits.
static __attribute__((noinline)) U64x8 invert_short(U64x8 a, U64x8 r) {
  U64x8 delta = splat(1);
  U64x8 f = r;
  U64x8 g = a;
  // f = f_factor * a and g = g_factor * a modulo r; factors stay in [0, r).
  U64x8 f_factor{};
  U64x8 g_factor = splat(1);
  for (int step = 0; step < 153; ++step) {
    const U64x8 odd = U64x8{} - (g & splat(1));
    const U64x8 swap = odd & ~shift_right_signed(delta - splat(1), 63);
    // Without a swap g += f where g is odd; with one g -= f, and f becomes the old g.
    const U64x8 old_g = g;
    g += ((f ^ swap) - swap) & odd;
    g = shift_right_signed(g, 1);
    f ^= (f ^ old_g) & swap;
    const U64x8 old_factor = g_factor;
    // r - f_factor may be r itself: no harm, the sum is brought below r again.
    U64x8 sum = g_factor + ((((r - f_factor) & swap) | (f_factor & ~swap)) & odd) - r;
    sum += r & shift_right_signed(sum, 63);
    g_factor = (sum + (r & (U64x8{} - (sum & splat(1))))) >> 1;
    f_factor ^= (f_factor ^ old_factor) & swap;
    delta = ((delta ^ swap) - swap) + splat(1);
  }
  // f is 1 or -1.
  const U64x8 negative = shift_right_signed(f, 63);
  return ((r - f_factor) & negative) | (f_factor & ~negative);
}

/// inverse = r^-1 modulo `modulus`, fully reduced, for odd r in [2^51, 2^52) without a common factor. With k =
/// -modulus^-1 mod r, 1 + k * modulus is a multiple of r, and what is left is an exact division by one digit.
template <int kDigits>
static __attribute__((noinline)) void invert_digit(U64x8* inverse, U64x8 r, const U64x8* modulus) {
  const U64x8 negative = negative_inverse_digit(r);
  // modulus * 2^(-52 * kDigits) modulo r: Montgomery's reduction of one digit, kDigits times.
  U64x8 rest{};
  for (int i = 0; i < kDigits; ++i) {
    rest += modulus[i];
    const U64x8 digit = madd52_lo(U64x8{}, rest, negative);
    rest = madd52_hi(madd52_lo(rest, digit, r) >> 52, digit, r);
  }
  U64x8 k = invert_short(rest, r);
  for (int i = 0; i < kDigits; ++i) {
    const U64x8 digit = madd52_lo(U64x8{}, k, negative);
    k = madd52_hi(madd52_lo(k, digit, r) >> 52, digit, r);
  }
  k = r - k;
  // Exact division from the lowest digit up (Jebelean 1993).
  const U64x8 positive = U64x8{} - negative;
  U64x8 column = splat(1);
  for (int i = 0; i < kDigits; ++i) {
    column = madd52_lo(column, modulus[i], k);
    const U64x8 digit = madd52_lo(U64x8{}, column, positive);
    inverse[i] = digit;
    column = shift_right_signed(column - madd52_lo(U64x8{}, digit, r), 52) - madd52_hi(U64x8{}, digit, r);
    column = madd52_hi(column, modulus[i], k);
  }
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

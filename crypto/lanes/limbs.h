// Numbers of several words in eight lanes: as 64-bit words, canonical and without a bound on the modulus (what comes in
// and goes out), and as limbs of 52 bits (what is multiplied).
#pragma once

#include "crypto/lanes/lanes.h"
#include "crypto/lanes/vector.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

constexpr int kLimbBits = 52;
constexpr std::uint64_t kLimbMask = (std::uint64_t{1} << 52U) - 1;

/// For the bodies of repeat().
#define LOCKSTEP_INLINED __attribute__((always_inline))

/// An integer that the compiler knows, to count with in repeat().
template <int kValue>
struct Index {
  constexpr operator int() const { return kValue; }  // NOLINT(google-explicit-constructor): it is the number
};

/// body(0), body(1), ... body(kCount - 1), written out: every array index is a constant, so that arrays become
/// registers.
template <int kCount, int kFirst = 0, class Body>
LOCKSTEP_INLINE void repeat(const Body& body) {
  if constexpr (kFirst < kCount) {
    body(Index<kFirst>{});
    repeat<kCount, kFirst + 1>(body);
  }
}

/// `kCount` words of 64 bits, least significant first, one number per lane.
template <int kCount>
struct Words {
  U64x8 word[kCount];
};

/// A number that is the same in all lanes.
template <int kCount>
struct Constant {
  std::uint64_t word[kCount];
};

/// Reads eight big-endian numbers of 8 kCount bytes; consecutive lanes are `stride` bytes apart.
template <int kCount>
LOCKSTEP_INLINE Words<kCount> load_words(const std::uint8_t* bytes, std::size_t stride) {
  alignas(64) std::uint64_t rows[kCount][kLanes];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint8_t* const number = bytes + lane * stride;
    for (int i = 0; i < kCount; ++i) {
      std::uint64_t word;
      __builtin_memcpy(&word, number + 8 * static_cast<std::size_t>(kCount - 1 - i), sizeof word);
      rows[i][lane] = __builtin_bswap64(word);
    }
  }
  Words<kCount> words;
  __builtin_memcpy(&words, rows, sizeof words);
  return words;
}

/// Writes what load_words reads; zeros in the lanes outside `lanes`.
template <int kCount>
LOCKSTEP_INLINE void store_words(std::uint8_t* bytes, std::size_t stride, const Words<kCount>& words, Mask lanes) {
  alignas(64) std::uint64_t rows[kCount][kLanes];
  for (int i = 0; i < kCount; ++i) {
    const U64x8 kept = select(lanes, words.word[i], U64x8{});
    __builtin_memcpy(rows[i], &kept, sizeof kept);
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    for (int i = 0; i < kCount; ++i) {
      const std::uint64_t word = __builtin_bswap64(rows[i][lane]);
      __builtin_memcpy(bytes + lane * stride + 8 * static_cast<std::size_t>(kCount - 1 - i), &word, sizeof word);
    }
  }
}

/// difference = a - b modulo 2^(64 kCount). Returns the lanes where a < b.
template <int kCount>
LOCKSTEP_INLINE Mask subtract_words(Words<kCount>& difference, const Words<kCount>& a, const Words<kCount>& b) {
  U64x8 borrow{};
  Mask borrows = 0;
  for (int i = 0; i < kCount; ++i) {
    const U64x8 partial = a.word[i] - b.word[i];
    borrows = static_cast<Mask>(less(a.word[i], b.word[i]) | less(partial, borrow));
    difference.word[i] = partial - borrow;
    borrow = select(borrows, splat(1), U64x8{});
  }
  return borrows;
}

/// sum = a + b modulo 2^(64 kCount). Returns the lanes with a carry out of it.
template <int kCount>
LOCKSTEP_INLINE Mask add_words(Words<kCount>& sum, const Words<kCount>& a, const Words<kCount>& b) {
  U64x8 carry{};
  Mask carries = 0;
  for (int i = 0; i < kCount; ++i) {
    const U64x8 partial = a.word[i] + b.word[i];
    sum.word[i] = partial + carry;
    carries = static_cast<Mask>(less(partial, a.word[i]) | less(sum.word[i], carry));
    carry = select(carries, splat(1), U64x8{});
  }
  return carries;
}

/// `constant` in every lane.
template <int kCount>
LOCKSTEP_INLINE Words<kCount> splat_words(const Constant<kCount>& constant) {
  Words<kCount> words;
  for (int i = 0; i < kCount; ++i) words.word[i] = splat(constant.word[i]);
  return words;
}

/// `a` in the lanes of `mask`, `b` in the others.
template <int kCount>
LOCKSTEP_INLINE Words<kCount> select_words(Mask mask, const Words<kCount>& a, const Words<kCount>& b) {
  Words<kCount> chosen;
  for (int i = 0; i < kCount; ++i) chosen.word[i] = select(mask, a.word[i], b.word[i]);
  return chosen;
}

/// Lanes in which a and b are equal.
template <int kCount>
LOCKSTEP_INLINE Mask equal_words(const Words<kCount>& a, const Words<kCount>& b) {
  U64x8 difference{};
  for (int i = 0; i < kCount; ++i) difference |= a.word[i] ^ b.word[i];
  return equal(difference, U64x8{});
}

/// Lanes whose number is zero.
template <int kCount>
LOCKSTEP_INLINE Mask is_zero(const Words<kCount>& a) {
  return equal_words(a, Words<kCount>{});
}

/// Lanes whose number is below `constant`.
template <int kCount>
LOCKSTEP_INLINE Mask is_below(const Words<kCount>& a, const Constant<kCount>& constant) {
  Words<kCount> ignored;
  return subtract_words(ignored, a, splat_words(constant));
}

/// a - constant where that is not negative, else a: brings a number below twice the constant under it.
template <int kCount>
LOCKSTEP_INLINE Words<kCount> reduce_once(const Words<kCount>& a, const Constant<kCount>& constant) {
  Words<kCount> reduced;
  const Mask below = subtract_words(reduced, a, splat_words(constant));
  return select_words(below, a, reduced);
}

/// The limb of weight 2^(52 limb) of a number in 64-bit words, with bits of the next limb above it.
template <int kCount>
LOCKSTEP_INLINE U64x8 limb_of_words(const U64x8* word, int limb) {
  const int first = kLimbBits * limb / 64;
  const int shift = kLimbBits * limb % 64;
  U64x8 bits = word[first] >> shift;
  if (shift > 64 - kLimbBits && first + 1 < kCount) bits |= word[first + 1] << (64 - shift);
  return bits;
}

/// The 64-bit word of a number in `kLimbs` limbs, all of them below 2^52.
template <int kLimbs>
LOCKSTEP_INLINE U64x8 word_of_limbs(const U64x8* limb, int word) {
  const int first = 64 * word / kLimbBits;
  const int shift = 64 * word % kLimbBits;
  U64x8 bits = limb[first] >> shift;
  if (first + 1 < kLimbs) bits |= limb[first + 1] << (kLimbBits - shift);
  if (2 * kLimbBits - shift < 64 && first + 2 < kLimbs) bits |= limb[first + 2] << (2 * kLimbBits - shift);
  return bits;
}

/// Overwrites the stack below the caller: what registers full of secrets were spilled to by functions that it called.
/// kBytes is to be no less than their frames together.
template <std::size_t kBytes>
__attribute__((noinline)) void wipe_stack() {
  alignas(64) U64x8 below[kBytes / sizeof(U64x8)];
  wipe_vectors(below, kBytes / sizeof(U64x8));
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

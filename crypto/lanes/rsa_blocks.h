// Products of kBlock by kBlock digits of 52 bits: what RSA's arithmetic spends its time in. Unrolled, so that the
// columns of a product stay in registers: operand scanning, each row a digit of one factor times a block of the other,
// with a window of kBlock + 1 columns that moves up by one a row. Twenty columns, a digit and the digit it meets leave
// the compiler a few of 32 registers to load ahead. A column is the sum of at most 4 * kMaxRsaDigits terms below 2^52:
// far from 2^64, so that carries wait until a column is finished.
#pragma once

#include "crypto/lanes/vector.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// Bits above a digit are ignored wherever it is multiplied, and may be anything there.
constexpr std::uint64_t kDigitMask = (std::uint64_t{1} << 52U) - 1;

#define LOCKSTEP_INLINE_BODY __attribute__((always_inline))

#ifdef __AVX512IFMA__

/// A loop counter that is a constant: with plain loops gcc 12 keeps arrays of accumulators in memory.
template <int kValue>
struct Index {
  constexpr operator int() const { return kValue; }
};

/// body(kFirst), ..., body(kLast - 1).
template <int kFirst, int kLast, class Body>
LOCKSTEP_INLINE void unroll(const Body& body) {
  if constexpr (kFirst < kLast) {
    body(Index<kFirst>{});
    unroll<kFirst + 1, kLast>(body);
  }
}
/// body(first + 1), ..., body(kLast - 1).
template <int kLast, int kFirst, class Body>
LOCKSTEP_INLINE void unroll_after(Index<kFirst>, const Body& body) {
  unroll<kFirst + 1, kLast>(body);
}

#else

template <int kValue>
constexpr int Index() {
  return kValue;
}
template <int kFirst, int kLast, class Body>
LOCKSTEP_INLINE void unroll(const Body& body) {
  for (int i = kFirst; i < kLast; ++i) body(i);
}
template <int kLast, class Body>
LOCKSTEP_INLINE void unroll_after(int first, const Body& body) {
  for (int i = first + 1; i < kLast; ++i) body(i);
}

#endif

/// *digit, in a register: gcc would make it a memory operand of both multiply-adds that use it, and two loads a cycle
/// are all there are.
LOCKSTEP_INLINE U64x8 load_once(const U64x8* digit) {
  U64x8 value = *digit;
#if defined(__AVX512IFMA__) && !defined(__clang__)
  asm("" : "+v"(value));
#endif
  return value;
}

/// Hides from gcc that *pointer is what it was: else it keeps what it read through it in a row for the next one, in
/// memory, for lack of registers; and storing 512 bits costs half a cycle of arithmetic (measured on Emerald Rapids).
LOCKSTEP_INLINE void forget_value([[maybe_unused]] const U64x8** pointer) {
#if defined(__AVX512IFMA__) && !defined(__clang__)
  asm("" : "+r"(*pointer));
#endif
}

/// columns = a * b if kFresh, else columns += a * b: kBlock digits each, 2 * kBlock columns. Without the last digit of
/// a if !last_row (the last column is left alone then).
template <int kBlock, bool kFresh>
static __attribute__((noinline)) void multiply_block(U64x8* columns, const U64x8* a, const U64x8* b, bool last_row) {
  U64x8 sum[2 * kBlock];
  unroll<0, kBlock>([&](auto j) LOCKSTEP_INLINE_BODY { sum[j] = kFresh ? U64x8{} : columns[j]; });
  const auto row = [&](auto i) LOCKSTEP_INLINE_BODY {
    const U64x8 digit = a[i];
    sum[i + kBlock] = kFresh ? U64x8{} : columns[i + kBlock];
    unroll<0, kBlock>([&](auto j) LOCKSTEP_INLINE_BODY {
      const U64x8 other = load_once(b + j);
      sum[i + j] = madd52_lo(sum[i + j], digit, other);
      sum[i + j + 1] = madd52_hi(sum[i + j + 1], digit, other);
    });
    columns[i] = sum[i];
  };
  unroll<0, kBlock - 1>(row);
  if (last_row) {
    row(Index<kBlock - 1>());
    columns[2 * kBlock - 1] = sum[2 * kBlock - 1];
  } else {
    columns[kBlock - 1] = sum[kBlock - 1];
  }
  unroll<kBlock, 2 * kBlock - 1>([&](auto j) LOCKSTEP_INLINE_BODY { columns[j] = sum[j]; });
}

/// columns = a^2 if kFresh, else columns = 2 * columns + a^2: what stands off the diagonal is summed up once and
/// doubled at the end, and so are the columns found, halves of the same square from other blocks.
template <int kBlock, bool kFresh>
static __attribute__((noinline)) void square_block(U64x8* columns, const U64x8* a) {
  U64x8 sum[2 * kBlock];
  unroll<0, kBlock>([&](auto j) LOCKSTEP_INLINE_BODY { sum[j] = kFresh ? U64x8{} : columns[j]; });
  columns[0] = madd52_lo(sum[0] + sum[0], a[0], a[0]);
  unroll<0, kBlock - 1>([&](auto i) LOCKSTEP_INLINE_BODY {
    const U64x8 digit = a[i];
    sum[i + kBlock] = kFresh ? U64x8{} : columns[i + kBlock];
    unroll_after<kBlock>(i, [&](auto j) LOCKSTEP_INLINE_BODY {
      const U64x8 other = load_once(a + j);
      sum[i + j] = madd52_lo(sum[i + j], digit, other);
      sum[i + j + 1] = madd52_hi(sum[i + j + 1], digit, other);
    });
    columns[2 * i + 1] = madd52_hi(sum[2 * i + 1] + sum[2 * i + 1], digit, digit);
    columns[2 * i + 2] = madd52_lo(sum[2 * i + 2] + sum[2 * i + 2], a[i + 1], a[i + 1]);
  });
  const U64x8 last = kFresh ? U64x8{} : columns[2 * kBlock - 1];
  columns[2 * kBlock - 1] = madd52_hi(last + last, a[kBlock - 1], a[kBlock - 1]);
}

/// Makes the lowest kBlock columns multiples of 2^52 and carries them away (see reduce in rsa_modulus.h): columns +=
/// 2^52 * quotient * folded, with a quotient whose digits are the lowest columns as they are met, and stay there.
/// Without the last digit if !last_row: its column is still to be reduced, and the highest column is left alone.
template <int kBlock>
static __attribute__((noinline)) void reduce_block(U64x8* columns, const U64x8* folded, bool last_row) {
  U64x8 sum[2 * kBlock + 1];
  unroll<0, kBlock + 1>([&](auto j) LOCKSTEP_INLINE_BODY { sum[j] = columns[j]; });
  const auto row = [&](auto i) LOCKSTEP_INLINE_BODY {
    const U64x8 digit = sum[i];
    columns[i] = digit;
    sum[i + 1] += digit >> 52;
    sum[i + kBlock + 1] = columns[i + kBlock + 1];
    unroll<0, kBlock>([&](auto j) LOCKSTEP_INLINE_BODY {
      const U64x8 other = load_once(folded + j);
      sum[i + j + 1] = madd52_lo(sum[i + j + 1], digit, other);
      sum[i + j + 2] = madd52_hi(sum[i + j + 2], digit, other);
    });
  };
  unroll<0, kBlock - 1>(row);
  if (last_row) {
    row(Index<kBlock - 1>());
    constexpr std::ptrdiff_t kLast = std::ptrdiff_t{2} * kBlock;
    columns[kLast] = sum[kLast];
  } else {
    columns[kBlock - 1] = sum[kBlock - 1];
  }
  unroll<kBlock, 2 * kBlock>([&](auto j) LOCKSTEP_INLINE_BODY { columns[j] = sum[j]; });
}

/// reduce of rsa_modulus.h for a modulus of one block, `value` and a zero above it: reduce_block without the last row,
/// then the row that clears the last column with the modulus itself, all in registers.
template <int kBlock>
static __attribute__((noinline)) void reduce_one_block(U64x8* result, const U64x8* columns, const U64x8* folded,
                                                       const U64x8* value, const U64x8* negative_inverse) {
  U64x8 sum[2 * kBlock + 1];
  unroll<0, kBlock + 1>([&](auto j) LOCKSTEP_INLINE_BODY { sum[j] = columns[j]; });
  unroll<0, kBlock - 1>([&](auto i) LOCKSTEP_INLINE_BODY {
    const U64x8 digit = sum[i];
    forget_value(&folded);
    sum[i + 1] += digit >> 52;
    sum[i + kBlock + 1] = i + kBlock + 1 < 2 * kBlock ? columns[i + kBlock + 1] : U64x8{};
    unroll<0, kBlock>([&](auto j) LOCKSTEP_INLINE_BODY {
      const U64x8 other = load_once(folded + j);
      sum[i + j + 1] = madd52_lo(sum[i + j + 1], digit, other);
      sum[i + j + 2] = madd52_hi(sum[i + j + 2], digit, other);
    });
  });
  const U64x8 digit = madd52_lo(U64x8{}, sum[kBlock - 1], *negative_inverse);
  U64x8 carry = madd52_lo(sum[kBlock - 1], digit, value[0]) >> 52;
  unroll<0, kBlock>([&](auto j) LOCKSTEP_INLINE_BODY {
    U64x8 column = madd52_hi(sum[j + kBlock], digit, value[j]);
    column = madd52_lo(column, digit, value[j + 1]) + carry;
    result[j] = column;
    carry = column >> 52;
  });
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

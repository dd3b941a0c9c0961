// Powers with a public exponent: a whole operation for verification, and in pieces for the private operation's blinding
// and check.
#pragma once

#include "crypto/lanes/lanes.h"
#include "crypto/lanes/rsa_digits.h"
#include "crypto/lanes/rsa_modulus.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// base^exponent in the making, from the highest bit down. Exponents are odd, at least 3, below 2^32, and public.
template <int kDigits>
struct PublicPower {
  /// Set by the caller: a number, and base * R.
  U64x8 base[kDigits];
  U64x8 base_form[kDigits];
  /// The result, almost reduced, when step_power has returned true.
  U64x8 power[kDigits];
  U64x8 product[kDigits];
  U64x8 exponent;
  int bit;
};

/// All ones in the lanes whose exponent has the bit.
LOCKSTEP_INLINE U64x8 lanes_with_bit(U64x8 exponent, int bit) {
  return U64x8{} - ((exponent >> bit) & splat(1));
}

/// The lanes of a vector of all ones and zeros.
LOCKSTEP_INLINE LaneMask to_lanes(U64x8 condition) {
  return static_cast<LaneMask>(~equal(condition, U64x8{}));
}

/// The exponents' highest bit; 1 at least, even if a damaged key has no exponent.
LOCKSTEP_INLINE int highest_bit(U64x8 exponent) {
  int bit = 31;
  while (bit > 1 && to_lanes(lanes_with_bit(exponent, bit)) == 0) --bit;
  return bit;
}

/// result = a where `lanes` is all ones, else b.
template <int kDigits>
LOCKSTEP_INLINE void choose(U64x8* result, U64x8 lanes, const U64x8* a, const U64x8* b) {
  for (int i = 0; i < kDigits; ++i) result[i] = (a[i] & lanes) | (b[i] & ~lanes);
}

/// Begins the power of base and base_form. Lanes with shorter exponents begin with r1, the form of 1.
template <int kDigits>
static void begin_power(PublicPower<kDigits>* state, U64x8 exponent, const U64x8* r1) {
  state->exponent = exponent;
  state->bit = highest_bit(exponent);
  choose<kDigits>(state->power, lanes_with_bit(exponent, state->bit), state->base_form, r1);
}

/// One bit of the exponent. The last one, a one in all lanes, multiplies by the number itself: the product is no form.
template <int kDigits, int kBlock>
static bool step_power(PublicPower<kDigits>* state, U64x8* columns, const Modulus<kDigits, kBlock>& modulus) {
  square(state->power, state->power, columns, modulus);
  const int bit = --state->bit;
  if (bit == 0) {
    multiply(state->power, state->power, state->base, columns, modulus);
    return true;
  }
  const U64x8 lanes = lanes_with_bit(state->exponent, bit);
  if (to_lanes(lanes) != 0) {
    multiply(state->product, state->power, state->base_form, columns, modulus);
    choose<kDigits>(state->power, lanes, state->product, state->power);
  }
  return false;
}

using F64x8 = double __attribute__((vector_size(64)));

/// The highest three digits as a floating-point number.
template <int kDigits>
LOCKSTEP_INLINE F64x8 leading(const U64x8* a) {
  constexpr double kRadix = 4503599627370496.0;
  return (__builtin_convertvector(a[kDigits - 1], F64x8) * kRadix + __builtin_convertvector(a[kDigits - 2], F64x8)) *
             kRadix +
         __builtin_convertvector(a[kDigits - 3], F64x8);
}

/// a = a * R modulo the modulus, below 8 * modulus, for a below 2 * modulus: division from the top, 48 bits a step. An
/// estimate of the quotient from the leading digits is wrong by less than 2, since three digits have 53 bits at least;
/// 3 less than it leaves a rest in [0, 6 * modulus), so the next quotient is below 2^51. Not constant time.
template <int kDigits>
static void shift_into_form(U64x8* a, const U64x8* modulus) {
  constexpr int kStep = 48;
  const F64x8 reciprocal = 1.0 / leading<kDigits>(modulus);
  for (int left = 52 * kDigits; left > 0; left -= kStep) {
    const U64x8 factor = splat(std::uint64_t{1} << static_cast<unsigned>(left < kStep ? left : kStep));
    const F64x8 estimate = leading<kDigits>(a) * reciprocal * __builtin_convertvector(factor, F64x8);
    U64x8 quotient = __builtin_convertvector(estimate, U64x8) - splat(3);
    quotient &= ~shift_right_signed(quotient, 63);
    U64x8 higher{};
    U64x8 quotient_higher{};
    U64x8 borrow{};
    for (int i = 0; i < kDigits; ++i) {
      const U64x8 digit = a[i];
      const U64x8 plus = madd52_lo(higher, digit, factor);
      const U64x8 minus = madd52_lo(quotient_higher, quotient, modulus[i]);
      higher = madd52_hi(U64x8{}, digit, factor);
      quotient_higher = madd52_hi(U64x8{}, quotient, modulus[i]);
      const U64x8 column = plus - minus + borrow;
      a[i] = column & splat(kDigitMask);
      borrow = shift_right_signed(column, 52);
    }
  }
}

/// What a public operation works with.
template <class Size>
struct PublicOperation {
  static constexpr int kDigits = 2 * Size::kPrimeDigits;
  static constexpr int kBytes = Size::kBits / 8;

  Modulus<kDigits, Size::kBlock> modulus;
  PublicPower<kDigits> power;
  U64x8 columns[kColumns<kDigits>];
  U64x8 one[kDigits];
  LaneMask valid;

  /// Reads moduli and bases, or stand-ins of invalid lanes; returns the exponents.
  U64x8 read(const std::uint8_t* const* moduli, const std::uint32_t* exponents, const std::uint8_t* const* inputs) {
    U64x8 exponent = splat(3);
    valid = 0;
    for (int lane = 0; lane < 8; ++lane) {
      const std::uint8_t* bytes = moduli[lane];
      const bool good = bytes != nullptr && bytes[0] >> 7U != 0 && (bytes[kBytes - 1] & 1U) != 0 &&
                        (exponents[lane] & 1U) != 0 && exponents[lane] >= 3;
      if (good) {
        read_number<kDigits>(modulus.value, lane, bytes, kBytes);
        read_number<kDigits>(power.base, lane, inputs[lane], kBytes);
        exponent[lane] = exponents[lane];
        valid = static_cast<LaneMask>(valid | 1U << static_cast<unsigned>(lane));
      } else {
        // The stand-in: 0 modulo 2^bits - 1.
        for (int i = 0; i < kDigits; ++i) {
          const int bits = Size::kBits - 52 * i;
          modulus.value[i][lane] = bits >= 52 ? kDigitMask : bits > 0 ? (std::uint64_t{1} << bits) - 1 : 0;
          power.base[i][lane] = 0;
        }
      }
    }
    modulus.value[kDigits] = U64x8{};
    // `one` is free to hold the difference.
    valid &= to_lanes(subtract<kDigits>(one, power.base, modulus.value));
    return exponent;
  }
};

/// RsaKernels::public_operation.
template <class Size>
static LaneMask public_operation(std::uint8_t* const* output, const std::uint8_t* const* moduli,
                                 const std::uint32_t* exponents, const std::uint8_t* const* inputs) {
  constexpr int kDigits = PublicOperation<Size>::kDigits;
  constexpr int kBytes = PublicOperation<Size>::kBytes;
  PublicOperation<Size> state;
  const U64x8 exponent = state.read(moduli, exponents, inputs);
  state.modulus.negative_inverse = negative_inverse_digit(state.modulus.value[0]);
  fold(&state.modulus);
  for (int i = 0; i < kDigits; ++i) {
    state.power.base_form[i] = state.power.base[i];
    state.one[i] = splat(i == 0 ? 1 : 0);
  }
  shift_into_form<kDigits>(state.power.base_form, state.modulus.value);
  // Only lanes with a shorter exponent than others begin with the form of 1.
  if (to_lanes(lanes_with_bit(exponent, highest_bit(exponent))) != kAllLanes)
    shift_into_form<kDigits>(state.one, state.modulus.value);
  begin_power<kDigits>(&state.power, exponent, state.one);
  while (!step_power(&state.power, state.columns, state.modulus)) continue;
  reduce_fully<kDigits>(state.power.power, state.modulus.value, state.columns);
  for (int lane = 0; lane < 8; ++lane) {
    if (moduli[lane] == nullptr) continue;
    if ((state.valid >> lane & 1U) != 0)
      write_number<kDigits>(output[lane], kBytes, state.power.power, lane);
    else
      for (int i = 0; i < kBytes; ++i) output[lane][i] = 0;
  }
  return state.valid;
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

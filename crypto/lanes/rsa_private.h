// The private operation in pieces: blinding, two powers by the remainder theorem, recombination, check.
#pragma once

#include "crypto/lanes/rsa.h"
#include "crypto/lanes/rsa_public.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

constexpr int kWindowBits = 4;
constexpr int kTableSize = 1 << kWindowBits;

/// What a piece does; in this order, `enter` to `leave` once for each prime.
enum class Phase : std::uint8_t {
  invert,
  blind,
  blind_power,
  blind_input,
  enter,
  table,
  windows,
  leave,
  recombine,
  check,
  finished
};

/// Everything of eight private operations. Index 0 is the key's prime2, 1 its prime1: the order in which they are used.
template <class Size>
struct PrivateState {
  static constexpr int kHalf = Size::kPrimeDigits;
  static constexpr int kWhole = 2 * kHalf;
  static constexpr int kBytes = Size::kBits / 8;
  static constexpr int kWindows = (Size::kBits / 2 + kWindowBits - 1) / kWindowBits;

  // What a squaring modulo a prime touches stands together.
  Modulus<kHalf, Size::kBlock> prime[2];
  U64x8 columns[kColumns<kWhole>];
  U64x8 power[kHalf];
  U64x8 entry[kHalf];
  U64x8 table[kTableSize][kHalf];
  U64x8 exponent[2][kHalf];
  U64x8 residue[kHalf];
  U64x8 coefficient[kHalf];

  Modulus<kWhole, Size::kBlock> modulus;
  PublicPower<kWhole> public_power;
  U64x8 public_exponent;
  U64x8 input[kWhole];
  U64x8 blinded[kWhole];
  /// The blinding's two digits, as numbers, and their inverses.
  U64x8 blind[2][kWhole];
  U64x8 unblind[2][kWhole];

  LaneMask active;
  LaneMask in_range;
  LaneMask verified;
  Phase phase;
  int half;
  int position;
};

template <int kDigits, int kBlock>
static void read_prime(Modulus<kDigits, kBlock>* modulus, U64x8* exponent, int lane, const RsaPrime& prime) {
  read_digits<kDigits>(modulus->value, lane, prime.value);
  read_digits<kDigits>(modulus->r1, lane, prime.r1);
  read_digits<kDigits>(modulus->r2, lane, prime.r2);
  read_digits<kDigits>(modulus->r3, lane, prime.r3);
  read_digits<kDigits>(exponent, lane, prime.exponent);
  modulus->negative_inverse[lane] = prime.negative_inverse;
}

template <class Size>
static void read_key(PrivateState<Size>* state, int lane, const RsaKey& key) {
  constexpr int kHalf = PrivateState<Size>::kHalf;
  constexpr int kWhole = PrivateState<Size>::kWhole;
  read_digits<kWhole>(state->modulus.value, lane, key.modulus);
  read_digits<kWhole>(state->modulus.r1, lane, key.r1);
  read_digits<kWhole>(state->modulus.r2, lane, key.r2);
  read_digits<kWhole>(state->modulus.r3, lane, key.r3);
  state->modulus.negative_inverse[lane] = key.negative_inverse;
  state->public_exponent[lane] = key.public_exponent;
  read_prime(&state->prime[0], state->exponent[0], lane, key.prime2);
  read_prime(&state->prime[1], state->exponent[1], lane, key.prime1);
  read_digits<kHalf>(state->coefficient, lane, key.coefficient);
}

/// A random odd number in [2^51, 2^52) of eight bytes.
LOCKSTEP_INLINE std::uint64_t read_blinding(const std::uint8_t* random) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= std::uint64_t{random[i]} << (8 * i);
  return (value & kDigitMask) | std::uint64_t{1} << 51U | 1;
}

/// RsaKernels::begin.
template <class Size>
static LaneMask begin(void* memory, const RsaKey* const* keys, const std::uint8_t* const* inputs,
                      const std::uint8_t (*random)[kRsaRandomSize]) {
  constexpr int kWhole = PrivateState<Size>::kWhole;
  auto* state = static_cast<PrivateState<Size>*>(memory);
  const RsaKey* any = nullptr;
  for (int lane = 0; lane < 8; ++lane)
    if (keys[lane] != nullptr) any = keys[lane];
  for (int i = 0; i < kWhole; ++i) state->input[i] = state->blind[0][i] = state->blind[1][i] = U64x8{};
  state->active = 0;
  for (int lane = 0; lane < 8; ++lane) {
    const bool active = keys[lane] != nullptr;
    read_key(state, lane, active ? *keys[lane] : *any);
    if (active) {
      read_number<kWhole>(state->input, lane, inputs[lane], PrivateState<Size>::kBytes);
      state->active = static_cast<LaneMask>(state->active | 1U << static_cast<unsigned>(lane));
    }
    for (int i = 0; i < 2; ++i) state->blind[i][0][lane] = read_blinding(random[lane] + std::ptrdiff_t{8} * i);
  }
  state->modulus.value[kWhole] = U64x8{};
  fold(&state->modulus);
  for (int i = 0; i < 2; ++i) {
    state->prime[i].value[kWhole / 2] = U64x8{};
    fold(&state->prime[i]);
  }
  // Inputs out of range become 0.
  const U64x8 less = subtract<kWhole>(state->columns, state->input, state->modulus.value);
  for (int i = 0; i < kWhole; ++i) state->input[i] &= less;
  state->in_range = static_cast<LaneMask>(to_lanes(less) & state->active);
  state->verified = 0;
  state->phase = Phase::invert;
  state->half = 0;
  state->position = 0;
  return state->in_range;
}

/// Digits that are looked up at once.
constexpr int kLookUpDigits = 10;

/// kLookUpDigits digits of entry = table[index] in each lane, from `first` up: reads them in all of the table and keeps
/// what each lane's index names.
template <int kDigits>
static __attribute__((noinline)) void look_up(U64x8* entry, const U64x8 (*table)[kDigits], U64x8 index, int first) {
  U64x8 sum[kLookUpDigits];
  unroll<0, kLookUpDigits>([&](auto j) LOCKSTEP_INLINE_BODY { sum[j] = table[0][first + j]; });
  for (int e = 1; e < kTableSize; ++e) {
    const U64x8* candidate = table[e] + first;
    const Mask named = equal(index, splat(static_cast<std::uint64_t>(e)));
    unroll<0, kLookUpDigits>([&](auto j) LOCKSTEP_INLINE_BODY { sum[j] = select(named, candidate[j], sum[j]); });
  }
  unroll<0, kLookUpDigits>([&](auto j) LOCKSTEP_INLINE_BODY { entry[first + j] = sum[j]; });
}

/// The exponents' window number `window`, kWindowBits bits, 0 the lowest.
LOCKSTEP_INLINE U64x8 exponent_window(const U64x8* exponent, int window) {
  static_assert(52 % kWindowBits == 0);
  const int bit = window * kWindowBits;
  return (exponent[bit / 52] >> (bit % 52)) & splat(kTableSize - 1);
}

/// r = blind[0] / blind[1] modulo n, and the beginning of r^e. The quotient of two short numbers is as long as n, even
/// to the power 3.
template <class Size>
static void begin_blinding(PrivateState<Size>* state) {
  constexpr int kWhole = PrivateState<Size>::kWhole;
  PublicPower<kWhole>& power = state->public_power;
  multiply(power.product, state->unblind[1], state->modulus.r2, state->columns, state->modulus);
  multiply(power.base, power.product, state->blind[0], state->columns, state->modulus);
  multiply(power.base_form, power.base, state->modulus.r2, state->columns, state->modulus);
  begin_power<kWhole>(&power, state->public_exponent, state->modulus.r1);
}

/// blinded = input * r^e.
template <class Size>
static void blind_input(PrivateState<Size>* state) {
  PublicPower<PrivateState<Size>::kWhole>& power = state->public_power;
  multiply(power.product, state->input, state->modulus.r2, state->columns, state->modulus);
  multiply(state->blinded, power.product, power.power, state->columns, state->modulus);
}

/// The table's first two entries, 1 and blinded, modulo the prime.
template <class Size>
static void enter_prime(PrivateState<Size>* state) {
  constexpr int kWhole = PrivateState<Size>::kWhole;
  constexpr int kHalf = PrivateState<Size>::kHalf;
  const Modulus<kHalf, Size::kBlock>& prime = state->prime[state->half];
  for (int i = 0; i < kWhole; ++i) state->columns[i] = state->blinded[i] & splat(kDigitMask);
  reduce(state->power, state->columns, prime);
  multiply(state->table[1], state->power, prime.r3, state->columns, prime);
  for (int i = 0; i < kHalf; ++i) state->table[0][i] = prime.r1[i];
}

/// Table entries 2k and 2k + 1.
template <class Size>
static void fill_table(PrivateState<Size>* state, int k) {
  const auto& prime = state->prime[state->half];
  square(state->table[2 * k], state->table[k], state->columns, prime);
  multiply(state->table[2 * k + 1], state->table[2 * k], state->table[1], state->columns, prime);
}

/// power = power^(2^kWindowBits) * table[the window's bits]. The parts of the look-up stand between the squarings,
/// which do not depend on it: its loads, more than arithmetic, run beside theirs.
template <class Size>
static void do_window(PrivateState<Size>* state, int window) {
  static_assert(Size::kPrimeDigits <= kWindowBits * kLookUpDigits);
  const auto& prime = state->prime[state->half];
  const U64x8 index = exponent_window(state->exponent[state->half], window);
  for (int i = 0; i < kWindowBits; ++i) {
    const int first = i * kLookUpDigits;
    if (first < Size::kPrimeDigits) look_up(state->entry, state->table, index, first);
    square(state->power, state->power, state->columns, prime);
  }
  multiply(state->power, state->power, state->entry, state->columns, prime);
}

/// residue = power modulo prime2, no longer a form, fully reduced.
template <class Size>
static void leave_prime(PrivateState<Size>* state) {
  constexpr int kHalf = PrivateState<Size>::kHalf;
  for (int i = 0; i < kHalf; ++i) {
    state->columns[i] = state->power[i] & splat(kDigitMask);
    state->columns[kHalf + i] = U64x8{};
  }
  reduce(state->residue, state->columns, state->prime[0]);
  reduce_fully<kHalf>(state->residue, state->prime[0].value, state->columns);
}

/// Garner's recombination (RFC 8017 section 5.1.2): residue + prime2 * ((power - residue) / prime2 mod prime1), and the
/// blinding is taken away; begins the check.
template <class Size>
static void recombine(PrivateState<Size>* state) {
  constexpr int kWhole = PrivateState<Size>::kWhole;
  constexpr int kHalf = PrivateState<Size>::kHalf;
  const Modulus<kHalf, Size::kBlock>& prime = state->prime[1];
  multiply(state->entry, state->residue, prime.r2, state->columns, prime);
  for (int i = 0; i < kHalf; ++i) {
    state->columns[i] =
        (state->power[i] & splat(kDigitMask)) + prime.value[i] * splat(3) - (state->entry[i] & splat(kDigitMask));
  }
  carry_digits<kHalf>(state->power, state->columns);
  multiply(state->power, state->power, state->coefficient, state->columns, prime);
  reduce_fully<kHalf>(state->power, prime.value, state->columns);
  for (int i = 0; i < kHalf; ++i) {
    state->columns[i] = state->residue[i];
    state->columns[kHalf + i] = U64x8{};
  }
  add_product<kHalf, Size::kBlock>(state->columns, state->power, state->prime[0].value);
  carry_digits<kWhole>(state->blinded, state->columns);

  PublicPower<kWhole>& power = state->public_power;
  multiply(power.product, state->blinded, state->modulus.r3, state->columns, state->modulus);
  multiply(power.power, power.product, state->unblind[0], state->columns, state->modulus);
  multiply(power.base, power.power, state->blind[1], state->columns, state->modulus);
  reduce_fully<kWhole>(power.base, state->modulus.value, state->columns);
  multiply(power.base_form, power.base, state->modulus.r2, state->columns, state->modulus);
  begin_power<kWhole>(&power, state->public_exponent, state->modulus.r1);
}

/// After the last piece of the check: the lanes whose root is one.
template <class Size>
static void finish_check(PrivateState<Size>* state) {
  constexpr int kWhole = PrivateState<Size>::kWhole;
  PublicPower<kWhole>& power = state->public_power;
  reduce_fully<kWhole>(power.power, state->modulus.value, state->columns);
  state->verified = to_lanes(equal_digits<kWhole>(power.power, state->input));
}

/// The cost of work in squarings modulo a prime, as measured on Emerald Rapids and rounded up.
constexpr std::uint32_t kMultiplyCost = 2;
constexpr std::uint32_t kModulusSquareCost = 4;
constexpr std::uint32_t kModulusMultiplyCost = 5;
constexpr std::uint32_t kInvertCost = 10;

/// Does the next piece and returns its cost.
template <class Size>
static std::uint32_t do_piece(PrivateState<Size>* state) {
  constexpr int kWindows = PrivateState<Size>::kWindows;
  const int position = state->position++;
  // Begins the next phase.
  const auto next = [state](Phase phase, int first) {
    state->phase = phase;
    state->position = first;
  };
  const auto power_cost = [state] {
    const int bit = state->public_power.bit;
    return bit > 1 && to_lanes(lanes_with_bit(state->public_exponent, bit - 1)) == 0
               ? kModulusSquareCost
               : kModulusSquareCost + kModulusMultiplyCost;
  };
  switch (state->phase) {
    case Phase::invert:
      invert_digit<PrivateState<Size>::kWhole>(state->unblind[position], state->blind[position][0],
                                               state->modulus.value);
      if (position == 1) next(Phase::blind, 0);
      return kInvertCost;
    case Phase::blind:
      begin_blinding(state);
      next(Phase::blind_power, 0);
      return 3 * kModulusMultiplyCost;
    case Phase::blind_power: {
      const std::uint32_t cost = power_cost();
      if (step_power(&state->public_power, state->columns, state->modulus)) next(Phase::blind_input, 0);
      return cost;
    }
    case Phase::blind_input:
      blind_input(state);
      next(Phase::enter, 0);
      return 2 * kModulusMultiplyCost;
    case Phase::enter:
      enter_prime(state);
      next(Phase::table, 1);
      return 2 * kMultiplyCost;
    case Phase::table:
      fill_table(state, position);
      if (position == kTableSize / 2 - 1) {
        const U64x8 index = exponent_window(state->exponent[state->half], kWindows - 1);
        for (int first = 0; first < Size::kPrimeDigits; first += kLookUpDigits)
          look_up(state->power, state->table, index, first);
        next(Phase::windows, 1);
      }
      return 1 + kMultiplyCost;
    case Phase::windows:
      do_window(state, kWindows - 1 - position);
      if (position == kWindows - 1) next(state->half == 0 ? Phase::leave : Phase::recombine, 0);
      return kWindowBits + kMultiplyCost;
    case Phase::leave:
      leave_prime(state);
      state->half = 1;
      next(Phase::enter, 0);
      return kMultiplyCost;
    case Phase::recombine:
      recombine(state);
      next(Phase::check, 0);
      return 3 * kMultiplyCost + 4 * kModulusMultiplyCost;
    case Phase::check: {
      const std::uint32_t cost = power_cost();
      if (step_power(&state->public_power, state->columns, state->modulus)) {
        finish_check(state);
        next(Phase::finished, 0);
      }
      return cost;
    }
    case Phase::finished:
      break;
  }
  return 0;
}

/// RsaKernels::step.
template <class Size>
static RsaProgress step(void* memory, std::uint32_t squarings) {
  auto* state = static_cast<PrivateState<Size>*>(memory);
  RsaProgress progress{.finished = state->phase == Phase::finished, .squarings = 0};
  while (!progress.finished) {
    progress.squarings += do_piece(state);
    progress.finished = state->phase == Phase::finished;
    if (progress.squarings >= squarings) break;
  }
  return progress;
}

/// RsaKernels::finish.
template <class Size>
static LaneMask finish(void* memory, std::uint8_t* const* output) {
  using State = PrivateState<Size>;
  auto* state = static_cast<State*>(memory);
  const auto good = static_cast<LaneMask>(state->in_range & state->verified);
  for (int lane = 0; lane < 8; ++lane) {
    if ((state->active >> lane & 1U) == 0) continue;
    if ((good >> lane & 1U) != 0)
      write_number<State::kWhole>(output[lane], State::kBytes, state->public_power.base, lane);
    else
      for (int i = 0; i < State::kBytes; ++i) output[lane][i] = 0;
  }
  wipe_vectors(static_cast<U64x8*>(memory), sizeof(State) / sizeof(U64x8));
  return good;
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

// Inversion modulo a prime by Fermat's little theorem: a power whose exponent is public, as a chain of squarings and
// multiplications. Two inversions can run in step, since a chain alone
// waits for its own results.
#pragma once

#include "crypto/lanes/montgomery.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

/// slot[to] = slot[from]^(2^squarings) * slot[factor]. The squarings take place in slot[to], which is not slot[factor].
struct ChainStep {
  std::uint8_t to;
  std::uint8_t from;
  std::uint8_t squarings;
  std::uint8_t factor;
};
/// As a factor: none.
constexpr std::uint8_t kNoFactor = 0xff;

/// An addition chain for one exponent: begins with the base in slot 0, ends with the power in the last step's slot.
template <int kMaximumSteps>
struct Chain {
  static constexpr int kSlots = 18;
  ChainStep step[kMaximumSteps];
  int steps;
};

/// A chain by sliding windows of five bits: slots 0 to 15 hold the odd powers, slot 16 the square, 17 the result.
template <int kWords>
constexpr auto window_chain(const Constant<kWords>& exponent) {
  constexpr int kWindow = 5;
  constexpr std::uint8_t kSquare = 16;
  constexpr std::uint8_t kResult = 17;
  Chain<64 * kWords / kWindow + 32> chain{};
  const auto bit = [&](int i) { return i < 0 ? 0U : static_cast<unsigned>(exponent.word[i / 64] >> (i % 64) & 1U); };
  chain.step[chain.steps++] = {kSquare, 0, 1, kNoFactor};
  for (std::uint8_t i = 1; i < 16; ++i) chain.step[chain.steps++] = {i, static_cast<std::uint8_t>(i - 1), 0, kSquare};
  std::uint8_t from = kNoFactor;
  int squarings = 0;
  int i = 64 * kWords - 1;
  while (i >= 0) {
    if (bit(i) == 0) {
      ++squarings;
      --i;
      continue;
    }
    int last = i - kWindow + 1 < 0 ? 0 : i - kWindow + 1;
    while (bit(last) == 0) ++last;
    unsigned value = 0;
    for (; i >= last; --i, ++squarings) value = 2 * value + bit(i);
    const auto slot = static_cast<std::uint8_t>(value / 2);
    if (from == kNoFactor) {
      from = slot;
    } else {
      chain.step[chain.steps++] = {kResult, from, static_cast<std::uint8_t>(squarings), slot};
      from = kResult;
    }
    squarings = 0;
  }
  if (squarings > 0) chain.step[chain.steps++] = {kResult, from, static_cast<std::uint8_t>(squarings), kNoFactor};
  return chain;
}

/// `count` squarings of a factor, carried. In registers, since each waits for the one before.
template <class M>
__attribute__((noinline)) void square_times(U64x8* limb, int count) {
  U64x8 power[M::kLimbs];
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { power[i] = limb[i]; });
  for (; count > 0; --count) {
    square_limbs_inline<M>(power, power);
    carry<M::kLimbs>(power);
  }
  repeat<M::kLimbs>([&](auto i) LOCKSTEP_INLINED { limb[i] = power[i]; });
}

/// `count` squarings of two factors, side by side.
template <class M, class N>
__attribute__((noinline)) void square_both_times(U64x8* a, U64x8* b, int count) {
  for (; count > 0; --count) {
    square_limbs_inline<M>(a, a);
    carry<M::kLimbs>(a);
    square_limbs_inline<N>(b, b);
    carry<N::kLimbs>(b);
  }
}

/// A power in the making; M::kInversionChain is its chain.
template <class M>
class Inversion {
 public:
  /// A bound that stays when products are taken.
  using Element = Factor < M, M::kSlackBits<8 ? 3 * kOne : 64 * kOne>;

  explicit Inversion(const Element& base) {
    slot_[0] = base;
    begin_step();
  }

  bool done() const { return step_ == M::kInversionChain.steps; }
  /// How many squarings of accumulator() come next; then a multiplication.
  int squarings() const { return squarings_; }
  U64x8* accumulator() { return slot_[M::kInversionChain.step[step_].to].limb; }
  void squared(int count) {
    squarings_ -= count;
    if (squarings_ == 0 && M::kInversionChain.step[step_].factor == kNoFactor) end_step();
  }
  void multiply_step() {
    const ChainStep& step = M::kInversionChain.step[step_];
    slot_[step.to] = factor(multiply(slot_[step.to], slot_[step.factor]));
    end_step();
  }
  /// All that is left.
  void finish() {
    while (!done()) {
      if (const int count = squarings_; count > 0) {
        square_times<M>(accumulator(), count);
        squared(count);
      } else {
        multiply_step();
      }
    }
  }
  /// The inverse; zero for zero.
  const Element& result() const { return slot_[M::kInversionChain.step[M::kInversionChain.steps - 1].to]; }

 private:
  void begin_step() {
    const ChainStep& step = M::kInversionChain.step[step_];
    slot_[step.to] = slot_[step.from];
    squarings_ = step.squarings;
  }
  void end_step() {
    ++step_;
    if (!done()) begin_step();
  }

  Element slot_[M::kInversionChain.kSlots];
  int step_ = 0;
  int squarings_ = 0;
};

/// 1 / a.
template <class M>
__attribute__((noinline)) void invert(typename Inversion<M>::Element& inverse,
                                      const typename Inversion<M>::Element& a) {
  Inversion<M> power(a);
  power.finish();
  inverse = power.result();
}

/// 1 / a and 1 / b, in little more than the time of one of them.
template <class M, class N>
__attribute__((noinline)) void invert_both(typename Inversion<M>::Element& a_inverse,
                                           const typename Inversion<M>::Element& a,
                                           typename Inversion<N>::Element& b_inverse,
                                           const typename Inversion<N>::Element& b) {
  Inversion<M> a_power(a);
  Inversion<N> b_power(b);
  while (!a_power.done() && !b_power.done()) {
    const int count = a_power.squarings() < b_power.squarings() ? a_power.squarings() : b_power.squarings();
    if (count > 0) {
      square_both_times<M, N>(a_power.accumulator(), b_power.accumulator(), count);
      a_power.squared(count);
      b_power.squared(count);
    } else if (a_power.squarings() == 0) {
      a_power.multiply_step();
    } else {
      b_power.multiply_step();
    }
  }
  a_power.finish();
  b_power.finish();
  a_inverse = a_power.result();
  b_inverse = b_power.result();
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

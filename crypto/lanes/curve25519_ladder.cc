#if defined(__AVX512IFMA__) && !defined(__clang__)
// A step of the ladder is one block of some 680 vector instructions. Ordering them before registers are given out is
// worth a sixth of its time with gcc 12.
#pragma GCC optimize("schedule-insns", "no-schedule-insns2")
#endif

#include "crypto/lanes/curve25519_ladder.h"

#include "crypto/lanes/clamp25519.h"
#include "crypto/lanes/invert25519.h"

namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE {

namespace {

/// (A - 2) / 4 of the curve v^2 = u^3 + A u^2 + u.
constexpr std::uint64_t kA24 = 121665;

/// Two points whose difference is the peer's: what RFC 7748 calls (x_2 : z_2) and (x_3 : z_3). The x are biased.
struct Ladder {
  Wide<U64x8> x2, z2, x3, z3;
};

/// (x_2 : z_2) = 2 (sum + difference : sum - difference), with aa = sum^2 and bb = difference^2; aa is biased.
LOCKSTEP_FIELD Wide<Pair> finish_double(const Wide<Pair>& squares) {
  const Tight<Pair> tight = carry(squares);
  const Wide<U64x8> aa = first(squares);
  const Number e = carry(aa - second(squares));
  const Number f = carry(multiply_add_small(aa, e, kA24));
  return multiply<Biased>(pair(first(tight), e), pair(second(tight), f));
}

/// One bit: the sum of both points into (x_3 : z_3), and twice one of them into (x_2 : z_2): of the second in the lanes
/// of `change`. RFC 7748 swaps the points instead; but their sum does not depend on their order, so that swapping what
/// is doubled is enough.
LOCKSTEP_FIELD void step(Ladder& ladder, const FixedFactor& peer, Mask change) {
  const Tight<Pair> a_b = carry(pair(ladder.x2 + ladder.z2, ladder.x2 - ladder.z2));
  const Tight<Pair> d_c = carry(pair(ladder.x3 - ladder.z3, ladder.x3 + ladder.z3));
  const Tight<Pair> doubled = pair(select(change, second(d_c), first(a_b)), select(change, first(d_c), second(a_b)));
  const Wide<Pair> squares = square<Biased>(doubled);
  const Wide<Pair> da_cb = multiply<Biased>(a_b, d_c);
  const Tight<Pair> sums = carry(pair(first(da_cb) + second(da_cb), first(da_cb) - second(da_cb)));
  const Wide<Pair> sums_squared = square<Biased>(sums);
  const Number z = carry(second(sums_squared));
  const Wide<Pair> twice = finish_double(squares);
  ladder.x3 = first(sums_squared);
  ladder.z3 = multiply(z, peer);
  ladder.x2 = first(twice);
  ladder.z2 = second(twice);
}

/// 2 (x_2 : z_2).
LOCKSTEP_FIELD void double_only(Ladder& ladder) {
  const Wide<Pair> twice = finish_double(square<Biased>(carry(pair(ladder.x2 + ladder.z2, ladder.x2 - ladder.z2))));
  ladder.x2 = first(twice);
  ladder.z2 = second(twice);
}

/// The ladder after bit 254, which clamping sets: (2 peer, peer).
LOCKSTEP_INLINE Ladder start(const Number& peer) {
  const Number one{splat(1), U64x8{}, U64x8{}, U64x8{}, U64x8{}};
  Ladder ladder;
  ladder.x2 = multiply<Biased>(peer, one);
  ladder.z2 = {splat(1), U64x8{}, U64x8{}, U64x8{}, U64x8{}};
  ladder.x3 = ladder.x2;
  ladder.z3 = ladder.z2;
  double_only(ladder);
  return ladder;
}

/// The bits of the scalar that differ from the next higher one.
LOCKSTEP_INLINE Words changing_bits(const Words& scalar) {
  Words changes;
  for (int i = 0; i < 4; ++i) {
    changes.word[i] = scalar.word[i] ^ (scalar.word[i] >> 1);
    if (i < 3) changes.word[i] ^= scalar.word[i + 1] << 63;
  }
  return changes;
}

/// The bits of the scalar from 253 down. Clamping clears bits 2 to 0: the last change comes before bit 2, after it
/// there is only doubling.
LOCKSTEP_INLINE void climb(Ladder& ladder, const FixedFactor& peer, const Words& changes) {
  U64x8 pending = changes.word[3] << 2;
  for (int index = 253; index >= 3; --index) {
    step(ladder, peer, negative(pending));
    pending = index % 64 == 0 ? changes.word[index / 64 - 1] : pending + pending;
  }
  const Mask change = negative(pending);
  ladder.x2 = select(change, ladder.x3, ladder.x2);
  ladder.z2 = select(change, ladder.z3, ladder.z2);
  for (int i = 0; i < 3; ++i) double_only(ladder);
}

}  // namespace

LaneMask x25519(std::uint8_t (*shared)[32], const std::uint8_t (*private_key)[32], const std::uint8_t (*peer)[32]) {
  Words changes = changing_bits(clamp(load_words(private_key)));
  const Number u = from_words(load_words(peer));
  const FixedFactor factor = fixed_factor(u);
  Ladder ladder = start(u);
  climb(ladder, factor, changes);
  Words result = to_words(product(carry(ladder.x2), invert(carry(ladder.z2))));
  store_words(shared[0], 32, result);
  const Mask zero = equal(result.word[0] | result.word[1] | result.word[2] | result.word[3], U64x8{});
  wipe_vectors(result.word, 4);
  wipe_vectors(changes.word, 4);
  wipe_vectors(&ladder.x2.d0, sizeof ladder / sizeof(U64x8));
  return static_cast<LaneMask>(~zero);
}

}  // namespace lockstep::crypto::lanes::LOCKSTEP_LANES_INSTANCE

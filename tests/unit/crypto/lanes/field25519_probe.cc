#include "tests/unit/crypto/lanes/field25519_probe.h"

#include "crypto/lanes/invert25519.h"

namespace lockstep::crypto::lanes {

namespace LOCKSTEP_LANES_INSTANCE {
namespace {

template <template <class> class Kind>
Kind<U64x8> from(const Digits25519* digits) {
  U64x8 d[5];
  __builtin_memcpy(d, *digits, sizeof d);
  return {d[0], d[1], d[2], d[3], d[4]};
}
template <template <class> class Kind>
void to(Digits25519* digits, const Kind<U64x8>& a) {
  const U64x8 d[5] = {a.d0, a.d1, a.d2, a.d3, a.d4};
  __builtin_memcpy(*digits, d, sizeof d);
}
template <template <class> class Kind>
void to_both(Digits25519* digits, const Kind<Pair>& a) {
  to(digits, first(a));
  to(digits + 1, second(a));
}

void multiply_probe(Digits25519* out, const Digits25519* a, const Digits25519* b) {
  to(out, multiply(from<Tight>(a), from<Tight>(b)));
}
void multiply_biased_probe(Digits25519* out, const Digits25519* a, const Digits25519* b) {
  to(out, multiply<Biased>(from<Tight>(a), from<Tight>(b)));
}
void square_probe(Digits25519* out, const Digits25519* a) {
  to(out, square(from<Tight>(a)));
}
void square_biased_probe(Digits25519* out, const Digits25519* a) {
  to(out, square<Biased>(from<Tight>(a)));
}
void multiply_pair_probe(Digits25519* out, const Digits25519* a, const Digits25519* b) {
  to_both(out, multiply<Biased>(pair(from<Tight>(a), from<Tight>(a + 1)), pair(from<Tight>(b), from<Tight>(b + 1))));
}
void square_pair_probe(Digits25519* out, const Digits25519* a) {
  to_both(out, square<Biased>(pair(from<Tight>(a), from<Tight>(a + 1))));
}
void multiply_fixed_probe(Digits25519* out, const Digits25519* a, const Digits25519* factor) {
  to(out, multiply(from<Tight>(a), fixed_factor(from<Tight>(factor))));
}
void multiply_add_small_probe(Digits25519* out, const Digits25519* sum, const Digits25519* a) {
  to(out, multiply_add_small(from<Wide>(sum), from<Tight>(a), 121665));
}
void difference_probe(Digits25519* out, const Digits25519* a, const Digits25519* b) {
  to(out, difference(from<Wide>(a), from<Wide>(b)));
}
void carry_probe(Digits25519* out, const Digits25519* a) {
  to(out, carry(from<Wide>(a)));
}
void invert_probe(Digits25519* out, const Digits25519* a) {
  to(out, invert(from<Tight>(a)));
}
void to_bytes_probe(std::uint8_t (*out)[32], const Digits25519* a) {
  store_words(out[0], 32, to_words(from<Tight>(a)));
}

}  // namespace
}  // namespace LOCKSTEP_LANES_INSTANCE

#ifdef __AVX512IFMA__
const Field25519Probe kField25519ProbeIfma = {
#else
const Field25519Probe kField25519ProbePortable = {
#endif
    LOCKSTEP_LANES_INSTANCE::multiply_probe,       LOCKSTEP_LANES_INSTANCE::multiply_biased_probe,
    LOCKSTEP_LANES_INSTANCE::square_probe,         LOCKSTEP_LANES_INSTANCE::square_biased_probe,
    LOCKSTEP_LANES_INSTANCE::multiply_pair_probe,  LOCKSTEP_LANES_INSTANCE::square_pair_probe,
    LOCKSTEP_LANES_INSTANCE::multiply_fixed_probe, LOCKSTEP_LANES_INSTANCE::multiply_add_small_probe,
    LOCKSTEP_LANES_INSTANCE::difference_probe,     LOCKSTEP_LANES_INSTANCE::carry_probe,
    LOCKSTEP_LANES_INSTANCE::invert_probe,         LOCKSTEP_LANES_INSTANCE::to_bytes_probe};

}  // namespace lockstep::crypto::lanes

// A door into the field arithmetic of curve25519, which is inlined into its kernels: numbers as plain digits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::crypto::lanes {

/// A number per lane: digit, lane.
using Digits25519 = std::uint64_t[5][8];

/// See crypto/lanes/field25519.h for what Wide and Tight mean; `out` is Wide unless said
/// otherwise.
struct Field25519Probe {
  void (*multiply)(Digits25519* out, const Digits25519* a, const Digits25519* b);
  void (*multiply_biased)(Digits25519* out, const Digits25519* a, const Digits25519* b);
  void (*square)(Digits25519* out, const Digits25519* a);
  void (*square_biased)(Digits25519* out, const Digits25519* a);
  /// Two at once: out[i] = a[i] * b[i]; the first is biased.
  void (*multiply_pair)(Digits25519* out, const Digits25519* a, const Digits25519* b);
  void (*square_pair)(Digits25519* out, const Digits25519* a);
  void (*multiply_fixed)(Digits25519* out, const Digits25519* a, const Digits25519* factor);
  /// out = sum + 121665 a; sum is Wide.
  void (*multiply_add_small)(Digits25519* out, const Digits25519* sum, const Digits25519* a);
  /// a and b are Wide.
  void (*difference)(Digits25519* out, const Digits25519* a, const Digits25519* b);
  /// a is Wide, out is Tight.
  void (*carry)(Digits25519* out, const Digits25519* a);
  /// out is Tight. See crypto/lanes/invert25519.h.
  void (*invert)(Digits25519* out, const Digits25519* a);
  /// Little-endian bytes of the number below p.
  void (*to_bytes)(std::uint8_t (*out)[32], const Digits25519* a);
};

extern const Field25519Probe kField25519ProbeIfma;
extern const Field25519Probe kField25519ProbePortable;

}  // namespace lockstep::crypto::lanes

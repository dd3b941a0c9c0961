#include "crypto/lanes/curve25519.h"

#include "crypto/lanes/clamp25519.h"
#include "crypto/lanes/curve25519_ladder.h"
#include "crypto/lanes/ed25519.h"
#include "crypto/lanes/edwards25519.h"

namespace lockstep::crypto::lanes {

namespace LOCKSTEP_LANES_INSTANCE {
namespace {

void x25519_base(std::uint8_t (*public_key)[32], const std::uint8_t (*private_key)[32]) {
  Words scalar = clamp(load_words(private_key));
  base_to_montgomery(public_key, scalar);
  wipe_vectors(scalar.word, 4);
}

}  // namespace
}  // namespace LOCKSTEP_LANES_INSTANCE

#ifdef __AVX512IFMA__
const Curve25519Kernels kCurve25519Ifma =
#else
const Curve25519Kernels kCurve25519Portable =
#endif
    {LOCKSTEP_LANES_INSTANCE::x25519_base, LOCKSTEP_LANES_INSTANCE::x25519, LOCKSTEP_LANES_INSTANCE::ed25519_expand,
     LOCKSTEP_LANES_INSTANCE::ed25519_sign};

}  // namespace lockstep::crypto::lanes

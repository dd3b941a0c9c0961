#include "crypto/lanes/rsa.h"

#include "crypto/lanes/rsa_private.h"

namespace lockstep::crypto::lanes {
namespace LOCKSTEP_LANES_INSTANCE {

/// A modulus' bits, its primes' digits, and how many of these a block of a product has: as many as registers allow.
template <int kModulusBits, int kDigits, int kBlockDigits>
struct Size {
  static constexpr int kBits = kModulusBits;
  static constexpr int kPrimeDigits = kDigits;
  static constexpr int kBlock = kBlockDigits;
};

template <class Size>
static constexpr RsaKernels kernels(std::uint32_t slice) {
  static_assert(sizeof(PrivateState<Size>) % sizeof(U64x8) == 0);
  return RsaKernels{.modulus_size = Size::kBits / 8,
                    .state_size = sizeof(PrivateState<Size>),
                    .slice = slice,
                    .begin = begin<Size>,
                    .step = step<Size>,
                    .finish = finish<Size>,
                    .public_operation = public_operation<Size>};
}

}  // namespace LOCKSTEP_LANES_INSTANCE

#ifdef __AVX512IFMA__
#define LOCKSTEP_RSA_TABLE kRsaIfma
#else
#define LOCKSTEP_RSA_TABLE kRsaPortable
#endif

using namespace LOCKSTEP_LANES_INSTANCE;
const RsaKernels LOCKSTEP_RSA_TABLE[kRsaSizes] = {kernels<Size<2048, 20, 20>>(280), kernels<Size<3072, 30, 15>>(125),
                                                  kernels<Size<4096, 40, 20>>(75)};

}  // namespace lockstep::crypto::lanes

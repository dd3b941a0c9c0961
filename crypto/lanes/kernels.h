// All kernels of one instance, so that engines do not care which one they run on.
#pragma once

#include "crypto/lanes/curve25519.h"
#include "crypto/lanes/rsa.h"
#include "crypto/lanes/weierstrass.h"

namespace lockstep::crypto::lanes {

struct Kernels {
  const Curve25519Kernels* curve25519;
  const P256Kernels* p256;
  const P384Kernels* p384;
  const RsaKernels* rsa;  // kRsaSizes of them
};

/// The instance that runs on processors with AVX512-IFMA; see ifma_available().
inline constexpr Kernels kIfmaKernels = {&kCurve25519Ifma, &kP256Ifma, &kP384Ifma, kRsaIfma};

}  // namespace lockstep::crypto::lanes

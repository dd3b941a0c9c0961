// P-256.
#include "crypto/lanes/p256_moduli.h"
#include "crypto/lanes/weierstrass_kernels.h"

namespace lockstep::crypto::lanes {
namespace LOCKSTEP_LANES_INSTANCE {

/// See weierstrass_group.h.
struct P256Curve {
  using Field = P256Field;
  using Order = P256Order;
  static constexpr Constant<5> kB = doubled(
      limbs_of<5>(Constant<4>{{0x3bce3c3e27d2604b, 0x651d06b0cc53b0f6, 0xb3ebbd55769886bc, 0x5ac635d8aa3a93e7}}),
      Field::kModulusLimbs, 260);
  static constexpr Constant<5> kThree = doubled(Constant<5>{{3}}, Field::kModulusLimbs, 260);
  static constexpr int kCoordinate = 40;
  static constexpr int kBaseWidth = 7;
  static constexpr int kBaseWindows = 37;
  static constexpr int kBaseSpacing = 1;
  static constexpr int kBaseEntries = 1 << (kBaseWidth - 1);
  alignas(64) static constexpr std::uint64_t kBaseTable[][8][kBaseEntries] = {
#include "crypto/lanes/tables/p256_table.inc"
  };
};

}  // namespace LOCKSTEP_LANES_INSTANCE

#ifdef __AVX512IFMA__
constexpr P256Kernels kP256Ifma = LOCKSTEP_LANES_INSTANCE::Kernels<LOCKSTEP_LANES_INSTANCE::P256Curve>::kTable;
#else
constexpr P256Kernels kP256Portable = LOCKSTEP_LANES_INSTANCE::Kernels<LOCKSTEP_LANES_INSTANCE::P256Curve>::kTable;
#endif

}  // namespace lockstep::crypto::lanes

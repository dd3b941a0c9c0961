// P-384.
#include "crypto/lanes/p384_moduli.h"
#include "crypto/lanes/weierstrass_kernels.h"

namespace lockstep::crypto::lanes {
namespace LOCKSTEP_LANES_INSTANCE {

/// See weierstrass_group.h.
struct P384Curve {
  using Field = P384Field;
  using Order = P384Order;
  static constexpr Constant<8> kB =
      doubled(limbs_of<8>(Constant<6>{{0x2a85c8edd3ec2aef, 0xc656398d8a2ed19d, 0x0314088f5013875a, 0x181d9c6efe814112,
                                       0x988e056be3f82d19, 0xb3312fa7e23ee7e4}}),
              Field::kModulusLimbs, 416);
  static constexpr Constant<8> kThree = doubled(Constant<8>{{3}}, Field::kModulusLimbs, 416);
  static constexpr int kCoordinate = 1024;
  static constexpr int kBaseWidth = 6;
  static constexpr int kBaseWindows = 64;
  static constexpr int kBaseSpacing = 1;
  static constexpr int kBaseEntries = 1 << (kBaseWidth - 1);
  alignas(64) static constexpr std::uint64_t kBaseTable[][12][kBaseEntries] = {
#include "crypto/lanes/tables/p384_table.inc"
  };
};

}  // namespace LOCKSTEP_LANES_INSTANCE

#ifdef __AVX512IFMA__
constexpr P384Kernels kP384Ifma = LOCKSTEP_LANES_INSTANCE::Kernels<LOCKSTEP_LANES_INSTANCE::P384Curve>::kTable;
#else
constexpr P384Kernels kP384Portable = LOCKSTEP_LANES_INSTANCE::Kernels<LOCKSTEP_LANES_INSTANCE::P384Curve>::kTable;
#endif

}  // namespace lockstep::crypto::lanes

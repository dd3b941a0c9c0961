#include "crypto/lanes/weierstrass_field.h"

#include "crypto/lanes/p256_moduli.h"
#include "crypto/lanes/p384_moduli.h"

namespace lockstep::crypto::lanes {
namespace LOCKSTEP_LANES_INSTANCE {

template <class M>
struct Field {
  using Number = typename FieldKernels<M::kLimbs>::Number;

  template <class Result>
  static Result read(const Number& number) {
    Result result;
    __builtin_memcpy(&result, &number, sizeof result);
    return result;
  }
  template <class Result>
  static void write(Number& number, const Result& result) {
    __builtin_memcpy(&number, &result, sizeof number);
  }

  static void multiply_numbers(Number& out, const Number& a, const Number& b) {
    write(out, carried(multiply(read<Factor<M, M::kMaximum / 4>>(a), read<Factor<M, 4 * kOne>>(b))));
  }
  static void square_number(Number& out, const Number& a) { write(out, carried(square(read<Factor<M, 4 * kOne>>(a)))); }
  static void invert_number(Number& out, const Number& a) {
    typename Inversion<M>::Element inverse;
    invert<M>(inverse, read<typename Inversion<M>::Element>(a));
    write(out, carried(multiply(inverse, splat_limbs<M>(M::kR))));
  }
  template <int kCoordinate>
  static void subtract_numbers(Number& out, const Number& a, const Number& b) {
    const auto difference = read<Residue<M, 2 * kOne>>(a) - read<Residue<M, 2 * kOne>>(b);
    write(out, residue<kCoordinate>(shifted<2>(difference)));
  }
};

template <class M, int kCoordinate>
constexpr FieldKernels<M::kLimbs> kField{Field<M>::multiply_numbers, Field<M>::square_number, Field<M>::invert_number,
                                         Field<M>::template subtract_numbers<kCoordinate>};
template <class M>
constexpr FieldKernels<M::kLimbs> kOrder{Field<M>::multiply_numbers, Field<M>::square_number, Field<M>::invert_number,
                                         nullptr};

}  // namespace LOCKSTEP_LANES_INSTANCE

namespace instance = LOCKSTEP_LANES_INSTANCE;
#ifdef __AVX512IFMA__
constexpr FieldKernels<5> kP256FieldIfma = instance::kField<instance::P256Field, 40>;
constexpr FieldKernels<5> kP256OrderIfma = instance::kOrder<instance::P256Order>;
constexpr FieldKernels<8> kP384FieldIfma = instance::kField<instance::P384Field, 1024>;
constexpr FieldKernels<8> kP384OrderIfma = instance::kOrder<instance::P384Order>;
#else
constexpr FieldKernels<5> kP256FieldPortable = instance::kField<instance::P256Field, 40>;
constexpr FieldKernels<5> kP256OrderPortable = instance::kOrder<instance::P256Order>;
constexpr FieldKernels<8> kP384FieldPortable = instance::kField<instance::P384Field, 1024>;
constexpr FieldKernels<8> kP384OrderPortable = instance::kOrder<instance::P384Order>;
#endif

}  // namespace lockstep::crypto::lanes

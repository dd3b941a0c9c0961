// The field arithmetic of P-256 and P-384 with limbs at their bounds.
#include "crypto/lanes/weierstrass_field.h"

#include "weierstrass_reference.h"

namespace lockstep::crypto::lanes::test {
namespace {

struct Prime {
  const char* name;
  const char* modulus;
  /// What a coordinate of a point is below, in sixteenths of the prime.
  std::uint64_t coordinate;
};
constexpr Prime kPrimes[] = {
    {"p256", "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", 40},
    {"n256", "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 0},
    {"p384", "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff", 1024},
    {"n384", "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 0}};

// One lane's number.
using Limbs = std::vector<std::uint64_t>;

// The tables of both sizes behind one face.
class Field {
 public:
  Field(const FieldKernels<5>& kernels, const Prime& prime) : small_(&kernels), prime_(prime) {}
  Field(const FieldKernels<8>& kernels, const Prime& prime) : large_(&kernels), prime_(prime) {}

  std::size_t limbs() const { return small_ != nullptr ? 5 : 8; }
  Big modulus() const { return Big(std::string_view(prime_.modulus)); }
  const Prime& prime() const { return prime_; }
  Big radix() const { return Big(1) << static_cast<int>(52 * limbs()); }

  std::vector<Limbs> multiply(const std::vector<Limbs>& a, const std::vector<Limbs>& b) const {
    return small_ != nullptr ? run<5>(small_->multiply, a, b) : run<8>(large_->multiply, a, b);
  }
  std::vector<Limbs> square(const std::vector<Limbs>& a) const {
    return small_ != nullptr ? run<5>(small_->square, a) : run<8>(large_->square, a);
  }
  std::vector<Limbs> invert(const std::vector<Limbs>& a) const {
    return small_ != nullptr ? run<5>(small_->invert, a) : run<8>(large_->invert, a);
  }
  std::vector<Limbs> subtract(const std::vector<Limbs>& a, const std::vector<Limbs>& b) const {
    return small_ != nullptr ? run<5>(small_->subtract, a, b) : run<8>(large_->subtract, a, b);
  }

  /// The number that limbs of up to 64 bits mean.
  Big value(const Limbs& limbs) const {
    Big sum;
    for (std::size_t i = 0; i < limbs.size(); ++i) sum = sum + (Big(limbs[i]) << static_cast<int>(52 * i));
    return sum;
  }
  Limbs split(const Big& number) const {
    Bytes<64> bytes;
    number.write(bytes);
    Limbs limbs(this->limbs());
    for (std::size_t bit = 0; bit < 52 * limbs.size(); ++bit)
      limbs[bit / 52] |= static_cast<std::uint64_t>(bytes[63 - bit / 8] >> (bit % 8) & 1) << (bit % 52);
    return limbs;
  }
  /// Numbers below `times` sixteenths of the prime with limbs at their bounds: all of 0, 1, 2^51, 2^52 - 1 in each
  /// limb, the edges of small multiples of the prime, and random ones.
  std::vector<Limbs> edges(std::uint64_t times, Random& random) const {
    std::vector<Limbs> numbers;
    const Big bound = Big(times).times(modulus(), Big(1) << 600) >> 4;
    const auto keep = [&](const Limbs& candidate) {
      if (value(candidate) < bound) numbers.push_back(candidate);
    };
    constexpr std::uint64_t kFull = (std::uint64_t{1} << 52U) - 1;
    for (const std::uint64_t others : {std::uint64_t{0}, kFull}) {
      for (std::size_t i = 0; i < limbs(); ++i) {
        for (const std::uint64_t limb :
             {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 51U, kFull - 1, kFull}) {
          Limbs candidate(limbs(), others);
          candidate[i] = limb;
          keep(candidate);
          // The highest limb small enough for the bound.
          candidate.back() = split(modulus()).back() - 1;
          keep(candidate);
        }
      }
    }
    for (std::uint64_t multiple = 0; multiple <= times / 16; ++multiple) {
      const Big edge = Big(multiple).times(modulus(), Big(1) << 600);
      keep(split(edge));
      keep(split(edge + Big(1)));
      if (multiple > 0) keep(split(edge - Big(1)));
    }
    for (int i = 0; i < 100; ++i) {
      Limbs candidate(limbs());
      for (std::uint64_t& limb : candidate)
        limb = random.number() & (random.number() % 3 == 0 ? kFull : random.number()) & kFull;
      candidate.back() &= split(bound).back();
      keep(candidate);
    }
    while (numbers.size() % kLanes != 0) numbers.push_back(numbers.front());
    return numbers;
  }

 private:
  // Eight at a time through a kernel.
  template <std::size_t kLimbs, class Kernel, class... Arguments>
  static std::vector<Limbs> run(Kernel kernel, const Arguments&... arguments) {
    std::vector<Limbs> results;
    const std::size_t count = std::min({arguments.size()...});
    for (std::size_t first = 0; first < count; first += kLanes) {
      alignas(64) std::uint64_t out[kLimbs][kLanes];
      [&](const auto&... batches) { kernel(out, batches.limb...); }(Batched<kLimbs>(arguments, first)...);
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        Limbs result(kLimbs);
        for (std::size_t i = 0; i < kLimbs; ++i) result[i] = out[i][lane];
        results.push_back(result);
      }
    }
    return results;
  }
  template <std::size_t kLimbs>
  struct Batched {
    Batched(const std::vector<Limbs>& numbers, std::size_t first) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        for (std::size_t i = 0; i < kLimbs; ++i) limb[i][lane] = numbers[first + lane][i];
      }
    }
    alignas(64) std::uint64_t limb[kLimbs][kLanes];
  };

  const FieldKernels<5>* small_ = nullptr;
  const FieldKernels<8>* large_ = nullptr;
  Prime prime_;
};

// Parameter: which of the primes, and whether in the portable instance.
class WeierstrassFieldTest : public ::testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  void SetUp() override {
    if (!portable() && !ifma_available()) GTEST_SKIP() << "no AVX512-IFMA";
  }
  static bool portable() { return std::get<1>(GetParam()); }
  static Field field() {
    const int which = std::get<0>(GetParam());
    const Prime& prime = kPrimes[which];
    switch (which) {
      case 0:
        return {portable() ? kP256FieldPortable : kP256FieldIfma, prime};
      case 1:
        return {portable() ? kP256OrderPortable : kP256OrderIfma, prime};
      case 2:
        return {portable() ? kP384FieldPortable : kP384FieldIfma, prime};
      default:
        return {portable() ? kP384OrderPortable : kP384OrderIfma, prime};
    }
  }
  // Limbs are below 2^52 and the number is below `sixteenths` of the prime.
  static void expect_bounded(const Field& field, const Limbs& limbs, std::uint64_t sixteenths) {
    for (const std::uint64_t limb : limbs) ASSERT_LT(limb, std::uint64_t{1} << 52U);
    ASSERT_TRUE(field.value(limbs) < (Big(sixteenths).times(field.modulus(), Big(1) << 600) >> 4));
  }
  // Every pair of two lists, lined up.
  static void pairs(const std::vector<Limbs>& a, const std::vector<Limbs>& b, std::vector<Limbs>& first,
                    std::vector<Limbs>& second) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = i % 3; j < b.size(); j += 3) {
        first.push_back(a[i]);
        second.push_back(b[j]);
      }
    }
    while (first.size() % kLanes != 0) {
      first.push_back(a.front());
      second.push_back(b.front());
    }
  }

  Random random_;
};

TEST_P(WeierstrassFieldTest, ProductsOfLimbsAtTheirBounds) {
  const Field prime = field();
  const Big modulus = prime.modulus();
  const Big inverse = prime.radix().inverse(modulus);
  std::vector<Limbs> a;
  std::vector<Limbs> b;
  pairs(prime.edges(64, random_), prime.edges(64, random_), a, b);
  const std::vector<Limbs> products = prime.multiply(a, b);
  for (std::size_t i = 0; i < products.size(); ++i) {
    expect_bounded(prime, products[i], 32);
    ASSERT_EQ(prime.value(products[i]).modulo(modulus),
              prime.value(a[i]).times(prime.value(b[i]), modulus).times(inverse, modulus))
        << i;
  }
}

TEST_P(WeierstrassFieldTest, BitsAboveTheLimbsAreNoPartOfAFactor) {
  const Field prime = field();
  const std::vector<Limbs> a = prime.edges(64, random_);
  std::vector<Limbs> dirty = a;
  for (Limbs& limbs : dirty) {
    for (std::uint64_t& limb : limbs) limb |= random_.number() << 52U;
  }
  EXPECT_EQ(prime.multiply(dirty, dirty), prime.multiply(a, a));
  EXPECT_EQ(prime.square(dirty), prime.square(a));
}

TEST_P(WeierstrassFieldTest, SquaresAreProducts) {
  const Field prime = field();
  const std::vector<Limbs> a = prime.edges(64, random_);
  EXPECT_EQ(prime.square(a), prime.multiply(a, a));
}

TEST_P(WeierstrassFieldTest, InversesOfLimbsAtTheirBounds) {
  const Field prime = field();
  const Big modulus = prime.modulus();
  std::vector<Limbs> a = prime.edges(48, random_);
  if (portable()) a.resize(4 * kLanes);
  const std::vector<Limbs> inverses = prime.invert(a);
  for (std::size_t i = 0; i < inverses.size(); ++i) {
    const Big value = prime.value(a[i]).modulo(modulus);
    const Big expected =
        value.is_zero() ? value : prime.radix().times(prime.radix(), modulus).times(value.inverse(modulus), modulus);
    ASSERT_EQ(prime.value(inverses[i]).modulo(modulus), expected) << i;
  }
}

// Only the fields' primes: nothing is subtracted modulo an order.
class WeierstrassFieldDifferenceTest : public WeierstrassFieldTest {};

TEST_P(WeierstrassFieldDifferenceTest, DifferencesComeBackIntoTheirBound) {
  const Field prime = field();
  const Big modulus = prime.modulus();
  std::vector<Limbs> a;
  std::vector<Limbs> b;
  pairs(prime.edges(32, random_), prime.edges(32, random_), a, b);
  const std::vector<Limbs> differences = prime.subtract(a, b);
  for (std::size_t i = 0; i < differences.size(); ++i) {
    expect_bounded(prime, differences[i], prime.prime().coordinate);
    ASSERT_EQ(prime.value(differences[i]).modulo(modulus), Big(4).times(prime.value(a[i]) - prime.value(b[i]), modulus))
        << i;
  }
}

std::string name_of(const ::testing::TestParamInfo<std::tuple<int, bool>>& instance) {
  return std::string(kPrimes[std::get<0>(instance.param)].name) + (std::get<1>(instance.param) ? "portable" : "ifma");
}
INSTANTIATE_TEST_SUITE_P(Primes, WeierstrassFieldTest, ::testing::Combine(::testing::Range(0, 4), ::testing::Bool()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Primes, WeierstrassFieldDifferenceTest,
                         ::testing::Combine(::testing::Values(0, 2), ::testing::Bool()), name_of);

}  // namespace
}  // namespace lockstep::crypto::lanes::test

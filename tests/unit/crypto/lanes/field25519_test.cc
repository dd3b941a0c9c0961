#include <gtest/gtest.h>
#include <openssl/bn.h>

#include <array>
#include <memory>
#include <vector>

#include "tests/unit/crypto/lanes/field25519_probe.h"
#include "tests/unit/crypto/lanes/support.h"

namespace lockstep::crypto::lanes {
namespace {

using Big = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

Big big(std::uint64_t value = 0) {
  Big number(BN_new(), BN_free);
  BN_set_word(number.get(), value);
  return number;
}

constexpr std::uint64_t kLow52 = (std::uint64_t{1} << 52U) - 1;
constexpr std::uint64_t kTop = (std::uint64_t{1} << 47U) + (std::uint64_t{1} << 12U);  // Tight's top digit is less
constexpr std::uint64_t kProduct = 12 * (std::uint64_t{1} << 52U);                     // a product's digits are less
constexpr std::uint64_t kBias = std::uint64_t{1} << 56U;

/// Eight numbers of five digits.
struct Numbers {
  Digits25519 digits{};
};

class Field25519 : public testing::TestWithParam<test::Instance<Field25519Probe>> {
 protected:
  void SetUp() override {
    if (!GetParam().runs) GTEST_SKIP() << "no AVX512-IFMA";
    prime_ = big(1);
    BN_lshift(prime_.get(), prime_.get(), 255);
    BN_sub_word(prime_.get(), 19);
  }

  /// The number of one lane modulo p, of the digits' bits in `mask`.
  Big value(const Digits25519& digits, std::size_t lane, std::uint64_t mask) const {
    Big sum = big();
    for (std::size_t i = 5; i-- > 0;) {
      BN_lshift(sum.get(), sum.get(), 52);
      BN_add(sum.get(), sum.get(), big(digits[i][lane] & mask).get());
    }
    Big reduced = big();
    BN_nnmod(reduced.get(), sum.get(), prime_.get(), context_.get());
    return reduced;
  }
  Big wide(const Numbers& a, std::size_t lane) const { return value(a.digits, lane, ~std::uint64_t{0}); }
  Big tight(const Numbers& a, std::size_t lane) const { return value(a.digits, lane, kLow52); }

  Big product(const Big& a, const Big& b) const {
    Big result = big();
    BN_mod_mul(result.get(), a.get(), b.get(), prime_.get(), context_.get());
    return result;
  }
  Big sum(const Big& a, const Big& b) const {
    Big result = big();
    BN_mod_add(result.get(), a.get(), b.get(), prime_.get(), context_.get());
    return result;
  }

  /// One of the values at which carries and halves of products change, or any.
  std::uint64_t boundary(std::uint64_t limit) {
    const std::uint64_t values[] = {0, 1, 18, 19, limit / 2 - 1, limit / 2, limit - 19, limit - 2, limit - 1};
    const std::uint32_t choice = random_.below(std::size(values) + 3);
    return choice < std::size(values) ? values[choice] : random_.u64() % limit;
  }
  /// Digits as carry() leaves them: anything above bit 52.
  Numbers any_tight() {
    Numbers a;
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t lane = 0; lane < 8; ++lane)
        a.digits[i][lane] = boundary(i == 4 ? kTop : kLow52 + 1) | (random_.u64() & ~kLow52);
    }
    return a;
  }
  Numbers any_wide(std::uint64_t limit) {
    Numbers a;
    for (auto& digit : a.digits) {
      for (std::uint64_t& lane : digit) lane = random_.below(2) == 0 ? boundary(limit) : boundary(kLow52 + 1);
    }
    return a;
  }
  /// The same digit everywhere.
  static Numbers all(std::uint64_t digit, std::uint64_t top) {
    Numbers a;
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::uint64_t& lane : a.digits[i]) lane = i == 4 ? top : digit;
    }
    return a;
  }

  void expect_product(const Numbers& out, const Numbers& a, const Numbers& b, bool biased) const {
    for (std::size_t lane = 0; lane < 8; ++lane) {
      EXPECT_EQ(BN_cmp(wide(out, lane).get(), product(tight(a, lane), tight(b, lane)).get()), 0) << "lane " << lane;
      for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_LT(out.digits[i][lane], kProduct + (biased ? kBias : 0));
        if (biased) {
          EXPECT_GE(out.digits[i][lane], kBias - 9728);
        }
      }
    }
  }

  const Field25519Probe& field() const { return *GetParam().kernels; }

  Random random_ = Random::from_number(25519);
  Big prime_{nullptr, BN_free};
  std::unique_ptr<BN_CTX, decltype(&BN_CTX_free)> context_{BN_CTX_new(), BN_CTX_free};
};

LOCKSTEP_BOTH_INSTANCES(Field25519, Field25519Probe, kField25519ProbeIfma, kField25519ProbePortable);

TEST_P(Field25519, MultipliesAtTheBoundariesOfDigits) {
  for (std::size_t i = 0; i < test::checks(100'000); ++i) {
    const Numbers a = i == 0 ? all(kLow52, kTop - 1) : any_tight();
    const Numbers b = i == 0 ? a : any_tight();
    Numbers out;
    field().multiply(&out.digits, &a.digits, &b.digits);
    expect_product(out, a, b, false);
    field().multiply_biased(&out.digits, &a.digits, &b.digits);
    expect_product(out, a, b, true);
    field().multiply_fixed(&out.digits, &a.digits, &b.digits);
    expect_product(out, a, b, false);
  }
}

TEST_P(Field25519, SquaresAtTheBoundariesOfDigits) {
  for (std::size_t i = 0; i < test::checks(100'000); ++i) {
    const Numbers a = i == 0 ? all(kLow52, kTop - 1) : any_tight();
    Numbers out;
    field().square(&out.digits, &a.digits);
    expect_product(out, a, a, false);
    field().square_biased(&out.digits, &a.digits);
    expect_product(out, a, a, true);
  }
}

TEST_P(Field25519, PairsAreTwoIndependentCalculations) {
  for (std::size_t i = 0; i < test::checks(50'000); ++i) {
    const std::array<Numbers, 2> a = {any_tight(), any_tight()};
    const std::array<Numbers, 2> b = {any_tight(), any_tight()};
    std::array<Numbers, 2> out;
    field().multiply_pair(&out[0].digits, &a[0].digits, &b[0].digits);
    expect_product(out[0], a[0], b[0], true);
    expect_product(out[1], a[1], b[1], false);
    field().square_pair(&out[0].digits, &a[0].digits);
    expect_product(out[0], a[0], a[0], true);
    expect_product(out[1], a[1], a[1], false);
  }
}

TEST_P(Field25519, CarriesWhateverDigitsHold) {
  for (std::size_t i = 0; i < test::checks(100'000); ++i) {
    const std::uint64_t limit = std::uint64_t{1} << (53 + i % 11);
    const Numbers a = i == 0 ? all((std::uint64_t{1} << 63U) - 1, (std::uint64_t{1} << 63U) - 1) : any_wide(limit);
    Numbers out;
    field().carry(&out.digits, &a.digits);
    for (std::size_t lane = 0; lane < 8; ++lane) {
      EXPECT_EQ(BN_cmp(tight(out, lane).get(), wide(a, lane).get()), 0);
      EXPECT_LT(out.digits[4][lane], kTop);
    }
  }
}

TEST_P(Field25519, AddsSmallMultiples) {
  for (std::size_t i = 0; i < test::checks(50'000); ++i) {
    const Numbers a = i == 0 ? all(kLow52, kTop - 1) : any_tight();
    const Numbers start = any_wide(std::uint64_t{1} << 57U);
    Numbers out;
    field().multiply_add_small(&out.digits, &start.digits, &a.digits);
    for (std::size_t lane = 0; lane < 8; ++lane) {
      const Big expected = sum(wide(start, lane), product(tight(a, lane), big(121665)));
      EXPECT_EQ(BN_cmp(wide(out, lane).get(), expected.get()), 0);
    }
  }
}

TEST_P(Field25519, SubtractsAnyTwoProducts) {
  for (std::size_t i = 0; i < test::checks(50'000); ++i) {
    const Numbers a = any_wide(kBias + kProduct);
    const Numbers b =
        i == 0 ? all(2 * kBias + 2 * kProduct, 2 * kBias + 2 * kProduct) : any_wide(2 * (kBias + kProduct));
    Numbers out;
    field().difference(&out.digits, &a.digits, &b.digits);
    for (std::size_t lane = 0; lane < 8; ++lane) {
      EXPECT_EQ(BN_cmp(sum(wide(out, lane), wide(b, lane)).get(), wide(a, lane).get()), 0);
      for (const auto& digit : out.digits) EXPECT_LT(digit[lane], std::uint64_t{1} << 63U);
    }
  }
}

TEST_P(Field25519, InvertsAllButZero) {
  constexpr std::uint64_t kP4 = (std::uint64_t{1} << 47U) - 1;
  std::vector<Numbers> cases = {all(0, 0), all(kLow52, kP4)};
  for (std::size_t i = 0; i < 5; ++i) {
    // Lane by lane around 0, p and powers of two, whose division steps are few, many, or all alike.
    Numbers powers = all(0, 0);
    Numbers negative = all(kLow52, kP4);
    for (std::size_t lane = 0; lane < 8; ++lane) {
      powers.digits[i][lane] = std::uint64_t{1} << (6 * lane);
      negative.digits[0][lane] -= lane;
      negative.digits[i][lane] -= i == 0 ? 18 : std::uint64_t{1} << (6 * lane);
    }
    cases.push_back(powers);
    cases.push_back(negative);
  }
  while (cases.size() < 12 + test::checks(100'000)) cases.push_back(any_tight());
  for (const Numbers& a : cases) {
    Numbers inverse;
    field().invert(&inverse.digits, &a.digits);
    for (std::size_t lane = 0; lane < 8; ++lane) {
      const Big one = product(tight(a, lane), tight(inverse, lane));
      EXPECT_TRUE(BN_is_zero(tight(a, lane).get()) != 0 ? BN_is_zero(tight(inverse, lane).get()) != 0
                                                        : BN_is_one(one.get()) != 0);
    }
  }
}

TEST_P(Field25519, WritesTheNumberBelowP) {
  // Around 0, p and 2^255, up to the largest Tight.
  std::vector<std::array<std::uint64_t, 5>> edges;
  constexpr std::uint64_t kP4 = (std::uint64_t{1} << 47U) - 1;
  for (std::uint64_t i = 0; i < 40; ++i) {
    edges.push_back({i, 0, 0, 0, 0});
    edges.push_back({kLow52 - i, kLow52, kLow52, kLow52, kP4});
    edges.push_back({i, 0, 0, 0, kP4 + 1});
    edges.push_back({kLow52 - i, kLow52, kLow52, kLow52, kTop - 1});
    edges.push_back({kLow52 - i, kLow52, kLow52, kLow52 - 1, kP4});
    edges.push_back({kLow52 - i, kLow52 - 1, kLow52, kLow52, kP4});
    edges.push_back({kLow52 - i, kLow52, kLow52 - 1, kLow52, kP4});
  }
  for (std::size_t i = 0; i < edges.size() + test::checks(100'000); ++i) {
    Numbers a = any_tight();
    for (std::size_t digit = 0; digit < 5 && i < edges.size(); ++digit) a.digits[digit][i % 8] = edges[i][digit];
    std::array<std::uint8_t[32], 8> bytes;
    field().to_bytes(bytes.data(), &a.digits);
    for (std::size_t lane = 0; lane < 8; ++lane) {
      Big number = big();
      BN_lebin2bn(bytes[lane], 32, number.get());
      EXPECT_EQ(BN_cmp(number.get(), tight(a, lane).get()), 0);
    }
  }
}

}  // namespace
}  // namespace lockstep::crypto::lanes

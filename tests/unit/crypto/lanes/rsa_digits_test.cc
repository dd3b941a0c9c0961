// The kernels' inner functions on boundary digits, against libcrypto's numbers. Compiled for the portable instance: the
// same source, seen from inside.
#define LOCKSTEP_LANES_INSTANCE portable
#include "crypto/lanes/rsa_digits.h"
#include "crypto/lanes/rsa_modulus.h"
#include "tests/unit/crypto/lanes/rsa_support.h"

namespace lockstep::crypto::lanes::test {
namespace {

using portable::kDigitMask;
using portable::U64x8;

constexpr int kDigits = 20;
using Digits = std::array<U64x8, kDigits>;
constexpr std::uint64_t kOnes = kDigitMask;
constexpr std::uint64_t kBoundaries[] = {
    0, 1, 2, kOnes, kOnes - 1, std::uint64_t{1} << 51U, (std::uint64_t{1} << 51U) - 1};

Digits boundary_digits() {
  Digits digits;
  for (U64x8& digit : digits) {
    for (int lane = 0; lane < 8; ++lane) {
      const std::uint64_t choice = generator()() % 8;
      digit[lane] = choice == 7 ? generator()() & kDigitMask : kBoundaries[choice];
    }
  }
  return digits;
}

/// The number in a lane; what stands above its digits counts too.
Big number(const Digits& digits, int lane) {
  Big sum(BN_new());
  const Big digit(BN_new());
  for (int i = kDigits - 1; i >= 0; --i) {
    BN_lshift(sum.get(), sum.get(), 52);
    BN_set_word(digit.get(), digits[i][lane]);
    BN_add(sum.get(), sum.get(), digit.get());
  }
  return sum;
}

/// Odd and large in all lanes, with 16 bits to spare.
Digits boundary_modulus() {
  Digits modulus = boundary_digits();
  modulus[0] |= portable::splat(1);
  modulus[kDigits - 1] = (modulus[kDigits - 1] & portable::splat(0xfffffffff)) | portable::splat(0x800000000);
  return modulus;
}

TEST(RsaDigits, NumbersAreWrittenAsTheyWereRead) {
  for (int round = 0; round < 50; ++round) {
    const Number bytes = round == 0 ? Number(128, 0xff) : random_bytes(128);
    Digits digits{};
    portable::read_number<kDigits>(digits.data(), 3, bytes.data(), 128);
    for (const U64x8& digit : digits) EXPECT_LE(digit[3], kOnes);
    EXPECT_EQ(BN_cmp(number(digits, 3).get(), big(bytes).get()), 0);
    Number written(128);
    portable::write_number<kDigits>(written.data(), 128, digits.data(), 3);
    EXPECT_EQ(written, bytes);
  }
}

TEST(RsaDigits, AreEqualOnlyIfAllAre) {
  const Digits digits = boundary_digits();
  EXPECT_EQ(portable::equal(portable::equal_digits<kDigits>(digits.data(), digits.data()), U64x8{}), 0);
  for (int i = 0; i < kDigits; ++i) {
    for (unsigned bit = 0; bit < 52; ++bit) {
      Digits other = digits;
      const int lane = static_cast<int>(bit % 8);
      other[i][lane] ^= std::uint64_t{1} << bit;
      const U64x8 equal = portable::equal_digits<kDigits>(digits.data(), other.data());
      EXPECT_EQ(portable::equal(equal, U64x8{}), 1U << lane) << i << ' ' << bit;
    }
  }
}

TEST(RsaDigits, SubtractionBorrows) {
  for (int round = 0; round < 100; ++round) {
    Digits a = boundary_digits();
    const Digits b = boundary_digits();
    Digits difference;
    const U64x8 less = portable::subtract<kDigits>(difference.data(), a.data(), b.data());
    for (int lane = 0; lane < 8; ++lane) {
      const Big first = number(a, lane);
      const Big second = number(b, lane);
      EXPECT_EQ(less[lane], BN_cmp(first.get(), second.get()) < 0 ? ~std::uint64_t{0} : 0);
      const Big expected(BN_new());
      BN_set_bit(expected.get(), 52 * kDigits);
      BN_add(expected.get(), expected.get(), first.get());
      BN_sub(expected.get(), expected.get(), second.get());
      BN_mask_bits(expected.get(), 52 * kDigits);
      EXPECT_EQ(BN_cmp(number(difference, lane).get(), expected.get()), 0);
    }
  }
}

TEST(RsaDigits, AreFullyReducedFromBelowThreeTimesTheModulus) {
  const std::unique_ptr<BN_CTX, FreeNumber> context(BN_CTX_new());
  for (int round = 0; round < 20; ++round) {
    const Digits modulus = boundary_modulus();
    for (const int times : {0, 1, 2, 3}) {
      for (const int more : {-1, 0, 1}) {
        if (times == 0 && more < 0) continue;
        if (times == 3 && more >= 0) continue;
        Digits columns = modulus;
        for (U64x8& column : columns) column *= portable::splat(static_cast<std::uint64_t>(times));
        columns[0] += portable::splat(static_cast<std::uint64_t>(more));
        Digits a;
        portable::carry_digits<kDigits>(a.data(), columns.data());
        // What stands above digits is no part of them.
        for (int i = 0; i < kDigits - 1; ++i) a[i] |= portable::splat(std::uint64_t{0xabc} << 52U);
        Digits scratch;
        portable::reduce_fully<kDigits>(a.data(), modulus.data(), scratch.data());
        for (int lane = 0; lane < 8; ++lane) {
          const Big expected = number(modulus, lane);
          if (more < 0)
            BN_sub_word(expected.get(), 1);
          else
            BN_set_word(expected.get(), static_cast<BN_ULONG>(more));
          EXPECT_EQ(BN_cmp(number(a, lane).get(), expected.get()), 0) << times << ' ' << more;
        }
      }
    }
  }
}

TEST(RsaDigits, ColumnsCarryBothWays) {
  for (int round = 0; round < 100; ++round) {
    const Digits a = boundary_digits();
    const Digits b = boundary_digits();
    Digits columns;
    Digits carried;
    // 3a - b with the highest digit of b taken away, so that the sum is not negative.
    for (int i = 0; i < kDigits; ++i) columns[i] = a[i] * portable::splat(3) - (i < kDigits - 1 ? b[i] : U64x8{});
    columns[kDigits - 1] = a[kDigits - 1] / 4 + portable::splat(1);
    portable::carry_digits<kDigits>(carried.data(), columns.data());
    for (int lane = 0; lane < 8; ++lane) {
      const Big expected(BN_new());
      const Big word(BN_new());
      for (int i = kDigits - 1; i >= 0; --i) {
        const auto column = static_cast<std::int64_t>(columns[i][lane]);
        BN_lshift(expected.get(), expected.get(), 52);
        BN_set_word(word.get(), static_cast<BN_ULONG>(column < 0 ? -column : column));
        BN_set_negative(word.get(), column < 0 ? 1 : 0);
        BN_add(expected.get(), expected.get(), word.get());
      }
      EXPECT_EQ(BN_cmp(number(carried, lane).get(), expected.get()), 0);
      for (const U64x8& digit : carried) EXPECT_LE(digit[lane], kOnes);
    }
  }
}

TEST(RsaDigits, ShortNumbersHaveTheirInverses) {
  const std::unique_ptr<BN_CTX, FreeNumber> context(BN_CTX_new());
  constexpr std::uint64_t kTop = std::uint64_t{1} << 51U;
  const std::uint64_t edges[] = {kTop + 1, kTop + 3, kOnes, kOnes - 2, kTop | 0x5555555555555, kTop | 0x3333333333333};
  for (int round = 0; round < 40; ++round) {
    const Digits modulus = boundary_modulus();
    U64x8 r;
    for (int lane = 0; lane < 8; ++lane) {
      r[lane] = generator()() % 4 == 0 ? edges[generator()() % 6] : (generator()() & kDigitMask) | kTop | 1;
    }
    Digits inverse;
    portable::invert_digit<kDigits>(inverse.data(), r, modulus.data());
    for (int lane = 0; lane < 8; ++lane) {
      const Big word(BN_new());
      BN_set_word(word.get(), r[lane]);
      const Big m = number(modulus, lane);
      const Big expected(BN_new());
      // Boundary moduli may have a factor in common with r, which primes have not.
      if (BN_mod_inverse(expected.get(), word.get(), m.get(), context.get()) == nullptr) continue;
      EXPECT_EQ(BN_cmp(number(inverse, lane).get(), expected.get()), 0) << r[lane];
    }
  }
}

TEST(RsaDigits, ProductsOfBoundaryDigitsAreReduced) {
  const std::unique_ptr<BN_CTX, FreeNumber> context(BN_CTX_new());
  for (int round = 0; round < 100; ++round) {
    const Digits value = boundary_modulus();
    portable::Modulus<kDigits, kDigits> modulus{};
    std::copy(value.begin(), value.end(), modulus.value);
    modulus.negative_inverse = portable::negative_inverse_digit(value[0]);
    portable::fold(&modulus);
    Digits a = boundary_digits();
    Digits b = round % 2 == 0 ? boundary_digits() : a;
    // Below 8 times the modulus' 2^1023, and with anything above the digits.
    a[kDigits - 1] &= portable::splat(0x3fffffffff);
    b[kDigits - 1] &= portable::splat(0x3fffffffff);
    const Digits exact_a = a;
    const Digits exact_b = round % 2 == 0 ? b : a;
    for (int i = 0; i < kDigits - 1; ++i) a[i] |= portable::splat(std::uint64_t{0xdef} << 52U);
    U64x8 columns[portable::kColumns<kDigits>];
    Digits result;
    if (round % 2 == 0)
      portable::multiply(result.data(), a.data(), b.data(), columns, modulus);
    else
      portable::square(result.data(), a.data(), columns, modulus);
    for (U64x8& digit : result) digit &= portable::splat(kDigitMask);
    for (int lane = 0; lane < 8; ++lane) {
      const Big m = number(value, lane);
      const Big product(BN_new());
      BN_mod_mul(product.get(), number(exact_a, lane).get(), number(exact_b, lane).get(), m.get(), context.get());
      const Big back(BN_new());
      BN_lshift(back.get(), number(result, lane).get(), 52 * kDigits);
      BN_mod(back.get(), back.get(), m.get(), context.get());
      EXPECT_EQ(BN_cmp(back.get(), product.get()), 0);
      // Almost reduced: below 2.01 times the modulus.
      BN_mul_word(m.get(), 201);
      const Big hundredfold = number(result, lane);
      BN_mul_word(hundredfold.get(), 100);
      EXPECT_LT(BN_cmp(hundredfold.get(), m.get()), 0);
    }
  }
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

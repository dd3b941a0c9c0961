// Scalars, points and digests at the edges.
#include "weierstrass_reference.h"

namespace lockstep::crypto::lanes::test {
namespace {

template <class Instance>
class WeierstrassEdgesTest : public WeierstrassTest<Instance> {
 protected:
  using Number = Bytes<Instance::kSize>;

  // Scalars with long runs of equal bits, and those for which the last addition of a multiplication adds a point to
  // itself (weierstrass_multiply.h), with their opposites.
  std::vector<Number> edge_scalars() const {
    const Big& order = this->reference_.order();
    std::vector<Big> scalars;
    for (std::uint64_t small = 1; small <= 40; ++small) scalars.emplace_back(small);
    for (const int bit : {51, 52, 63, 64, 103, 104, 127, 128, 155, 156, 207, 208, 252, 255}) {
      scalars.push_back(Big(1) << bit);
      scalars.push_back((Big(1) << bit) - Big(1));
    }
    scalars.push_back(order >> 1);
    // A fixed base: D = d 2^top below n with d odd, A = D - n.
    const Big digit = order >> Instance::kBaseTop;
    scalars.push_back((digit << (Instance::kBaseTop + 1)) - order);
    // A variable base: A = n - d, D = -d with d = n modulo 2^w (P-384; P-256 has no such scalar).
    scalars.push_back(order - (order.modulo(Big(1) << Instance::kWidth) << 1));
    std::vector<Number> bytes;
    for (const Big& scalar : scalars) {
      bytes.push_back(this->reference_.number(scalar));
      bytes.push_back(this->reference_.number(order - scalar));
    }
    while (bytes.size() % kLanes != 0) bytes.push_back(bytes.front());
    return bytes;
  }
  Bytes<1 + 2 * Instance::kSize> public_of(const Big& key) const {
    return this->reference_.base_multiply(this->reference_.number(key));
  }
  // The answer of verify for one signature, in all lanes.
  bool verifies(const Bytes<1 + 2 * Instance::kSize>& key, const Bytes<2 * Instance::kSize>& signature,
                const Number& digest) const {
    typename WeierstrassTest<Instance>::Points publics;
    typename WeierstrassTest<Instance>::Signatures signatures;
    typename WeierstrassTest<Instance>::Numbers digests;
    for (std::size_t i = 0; i < kLanes; ++i) {
      publics.set(i, key);
      signatures.set(i, signature);
      digests.set(i, digest);
    }
    const LaneMask valid = this->kernels_.verify(publics.lane, signatures.lane, digests.lane);
    EXPECT_TRUE(valid == 0 || valid == kAllLanes);
    return valid == kAllLanes;
  }
  // Whether derive takes the point, in all lanes.
  bool derives(const Bytes<1 + 2 * Instance::kSize>& point) {
    typename WeierstrassTest<Instance>::Points peers;
    typename WeierstrassTest<Instance>::Numbers keys;
    typename WeierstrassTest<Instance>::Numbers shared;
    for (std::size_t i = 0; i < kLanes; ++i) {
      keys.set(i, this->reference_.random_scalar(this->random_));
      peers.set(i, point);
    }
    const LaneMask valid = this->kernels_.derive(shared.lane, keys.lane, peers.lane);
    EXPECT_TRUE(valid == 0 || valid == kAllLanes);
    if (valid != 0) {
      EXPECT_EQ(shared.get(3), this->reference_.derive(keys.get(3), point));
    }
    return valid == kAllLanes;
  }
};

TYPED_TEST_SUITE(WeierstrassEdgesTest, Instances);

TYPED_TEST(WeierstrassEdgesTest, EdgeScalarsTimesTheBase) {
  const auto scalars = this->edge_scalars();
  for (std::size_t first = 0; first < scalars.size(); first += kLanes) {
    typename TestFixture::Numbers keys;
    typename TestFixture::Points publics;
    for (std::size_t i = 0; i < kLanes; ++i) keys.set(i, scalars[first + i]);
    ASSERT_EQ(this->kernels_.base_multiply(publics.lane, keys.lane), kAllLanes);
    for (std::size_t i = 0; i < kLanes; ++i)
      EXPECT_EQ(publics.get(i), this->reference_.base_multiply(scalars[first + i])) << "scalar " << first + i;
  }
}

TYPED_TEST(WeierstrassEdgesTest, EdgeScalarsTimesAPoint) {
  const auto scalars = this->edge_scalars();
  for (std::size_t first = 0; first < scalars.size(); first += kLanes) {
    typename TestFixture::Numbers keys;
    typename TestFixture::Numbers shared;
    typename TestFixture::Points peers;
    for (std::size_t i = 0; i < kLanes; ++i) {
      keys.set(i, scalars[first + i]);
      peers.set(i, this->reference_.base_multiply(this->reference_.random_scalar(this->random_)));
    }
    ASSERT_EQ(this->kernels_.derive(shared.lane, keys.lane, peers.lane), kAllLanes);
    for (std::size_t i = 0; i < kLanes; ++i)
      EXPECT_EQ(shared.get(i), this->reference_.derive(keys.get(i), peers.get(i))) << "scalar " << first + i;
  }
}

TYPED_TEST(WeierstrassEdgesTest, EdgeNonces) {
  const auto scalars = this->edge_scalars();
  for (std::size_t first = 0; first < scalars.size(); first += kLanes) {
    typename TestFixture::Numbers nonces;
    NoncePair<TypeParam::kSize> pairs[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) nonces.set(i, scalars[first + i]);
    ASSERT_EQ(this->kernels_.make_nonce_pair(pairs, nonces.lane), kAllLanes);
    for (std::size_t i = 0; i < kLanes; ++i) {
      const auto expected = this->reference_.nonce_pair(nonces.get(i));
      EXPECT_EQ(std::memcmp(&pairs[i], &expected, sizeof expected), 0) << "scalar " << first + i;
    }
  }
}

TYPED_TEST(WeierstrassEdgesTest, APointWithXZeroIsAPoint) {
  typename TestFixture::Point point;
  ASSERT_TRUE(this->reference_.lift(Big(), point));
  EXPECT_TRUE(this->derives(point));
}

TYPED_TEST(WeierstrassEdgesTest, ACoordinateIsReduced) {
  // A small x of a point, and the same plus p: only the first is the encoding of a point.
  typename TestFixture::Point point;
  std::uint64_t x = 1;
  while (!this->reference_.lift(Big(x), point)) ++x;
  EXPECT_TRUE(this->derives(point));
  (Big(x) + this->reference_.field()).write(std::span(point).subspan(1, TypeParam::kSize));
  EXPECT_FALSE(this->derives(point));
  // p itself for x = 0.
  ASSERT_TRUE(this->reference_.lift(Big(), point));
  this->reference_.field().write(std::span(point).subspan(1, TypeParam::kSize));
  EXPECT_FALSE(this->derives(point));
}

TYPED_TEST(WeierstrassEdgesTest, PointsOfOtherCurvesAreRefused) {
  // (0, 0) is on y^2 = x^3 - 3x, (0, 2) on y^2 = x^3 - 3x + 4.
  typename TestFixture::Point point{4};
  EXPECT_FALSE(this->derives(point));
  point.back() = 2;
  EXPECT_FALSE(this->derives(point));
}

TYPED_TEST(WeierstrassEdgesTest, DigestsAreReduced) {
  const Big& order = this->reference_.order();
  typename TestFixture::Number ones;
  ones.fill(0xff);
  const auto key = this->reference_.random_scalar(this->random_);
  const auto nonce = this->reference_.random_scalar(this->random_);
  NoncePair<TypeParam::kSize> pairs[kLanes];
  typename TestFixture::Numbers keys;
  typename TestFixture::Numbers digests;
  typename TestFixture::Signatures signatures;
  const typename TestFixture::Number edge[kLanes] = {{},
                                                     this->reference_.number(Big(1)),
                                                     this->reference_.number(order - Big(1)),
                                                     this->reference_.number(order),
                                                     this->reference_.number(order + Big(1)),
                                                     ones,
                                                     this->reference_.number(order >> 1),
                                                     this->reference_.number(this->reference_.field())};
  for (std::size_t i = 0; i < kLanes; ++i) {
    pairs[i] = this->reference_.nonce_pair(nonce);
    keys.set(i, key);
    digests.set(i, edge[i]);
  }
  ASSERT_EQ(this->kernels_.sign(signatures.lane, pairs, keys.lane, digests.lane), kAllLanes);
  for (std::size_t i = 0; i < kLanes; ++i) {
    EXPECT_EQ(signatures.get(i), this->reference_.sign(nonce, key, edge[i])) << "digest " << i;
    EXPECT_TRUE(this->verifies(this->reference_.base_multiply(key), signatures.get(i), edge[i])) << "digest " << i;
  }
}

TYPED_TEST(WeierstrassEdgesTest, VerifyDoublesWhereBothMultiplesAreEqual) {
  // e = r d gives u1 G = u2 Q.
  const Big& order = this->reference_.order();
  const auto key = this->reference_.random_scalar(this->random_);
  const auto nonce = this->reference_.random_scalar(this->random_);
  const Big r(this->reference_.nonce_pair(nonce).r);
  const auto digest = this->reference_.number(r.times(Big(key), order));
  EXPECT_TRUE(this->verifies(this->reference_.base_multiply(key), this->reference_.sign(nonce, key, digest), digest));
}

TYPED_TEST(WeierstrassEdgesTest, VerifyRefusesInfinity) {
  // e = -r d gives u1 G = -u2 Q. With r = x(2 u2 Q) a doubling in place of the sum would be found valid.
  const Big& order = this->reference_.order();
  const auto key = this->reference_.random_scalar(this->random_);
  const Big u2(this->reference_.random_scalar(this->random_));
  const auto twice = this->public_of((Big(2).times(u2, order)).times(Big(key), order));
  const Big r = Big(this->reference_.x_of(twice)).modulo(order);
  const auto digest = this->reference_.number(order - r.times(Big(key), order));
  typename TestFixture::Signature signature;
  r.write(std::span(signature).template first<TypeParam::kSize>());
  r.times(u2.inverse(order), order).write(std::span(signature).template last<TypeParam::kSize>());
  EXPECT_FALSE(this->verifies(this->reference_.base_multiply(key), signature, digest));
}

TYPED_TEST(WeierstrassEdgesTest, VerifyRefusesAKeyOffTheCurve) {
  // With e = 0 and s = r the sum is the key itself: any point would verify that has x = r.
  auto key = this->reference_.base_multiply(this->reference_.random_scalar(this->random_));
  typename TestFixture::Signature signature;
  std::memcpy(signature.data(), key.data() + 1, TypeParam::kSize);
  std::memcpy(signature.data() + TypeParam::kSize, key.data() + 1, TypeParam::kSize);
  EXPECT_TRUE(this->verifies(key, signature, {}));
  key.back() ^= 1;
  EXPECT_FALSE(this->verifies(key, signature, {}));
}

TYPED_TEST(WeierstrassEdgesTest, VerifyTakesAnXBetweenNAndP) {
  // With e = 0 and s = r the sum is the key itself.
  const Big& order = this->reference_.order();
  typename TestFixture::Point key;
  std::uint64_t r = 1;
  while (!this->reference_.lift(order + Big(r), key)) ++r;
  typename TestFixture::Signature signature;
  Big(r).write(std::span(signature).template first<TypeParam::kSize>());
  Big(r).write(std::span(signature).template last<TypeParam::kSize>());
  EXPECT_TRUE(this->verifies(key, signature, {}));
}

TYPED_TEST(WeierstrassEdgesTest, VerifyDoesNotReduceRPlusN) {
  // The key's small x is r + n - p.
  const Big difference = this->reference_.field() - this->reference_.order();
  typename TestFixture::Point key;
  std::uint64_t x = 1;
  while (!this->reference_.lift(Big(x), key)) ++x;
  typename TestFixture::Signature signature;
  (difference + Big(x)).write(std::span(signature).template first<TypeParam::kSize>());
  (difference + Big(x)).write(std::span(signature).template last<TypeParam::kSize>());
  EXPECT_FALSE(this->verifies(key, signature, {}));
}

TYPED_TEST(WeierstrassEdgesTest, VerifyTakesNoOtherRForAnX) {
  // x may be r or r + n (FIPS 186-5 section 6.4.2: x modulo n is r). It may be neither r + n - 2^(8 size) nor r + n -
  // p.
  const Big& order = this->reference_.order();
  const auto key = this->reference_.random_scalar(this->random_);
  const auto nonce = this->reference_.random_scalar(this->random_);
  const auto digest = this->random_.template bytes<TypeParam::kSize>();
  const Big x(this->reference_.x_of(this->reference_.base_multiply(nonce)));
  const Big size = Big(1) << static_cast<int>(8 * TypeParam::kSize);
  const auto signature_with = [&](const Big& r) {
    typename TestFixture::Signature signature;
    r.write(std::span(signature).template first<TypeParam::kSize>());
    const Big sum = Big(digest) + r.times(Big(key), order);
    Big(nonce).inverse(order).times(sum, order).write(std::span(signature).template last<TypeParam::kSize>());
    return signature;
  };
  const auto public_key = this->reference_.base_multiply(key);
  EXPECT_TRUE(this->verifies(public_key, signature_with(x), digest));
  for (const Big& r : {x + size - order, x + this->reference_.field() - order}) {
    ASSERT_TRUE(r < order);
    EXPECT_FALSE(this->verifies(public_key, signature_with(r), digest));
  }
}

TYPED_TEST(WeierstrassEdgesTest, VerifyWithTheKeysOfTheSmallestScalars) {
  const Big& order = this->reference_.order();
  for (const Big& key : {Big(1), Big(2), order - Big(1), order - Big(2)}) {
    const auto digest = this->random_.template bytes<TypeParam::kSize>();
    const auto nonce = this->reference_.random_scalar(this->random_);
    EXPECT_TRUE(this->verifies(this->public_of(key), this->reference_.sign(nonce, this->reference_.number(key), digest),
                               digest));
  }
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

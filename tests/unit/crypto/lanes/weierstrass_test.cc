// The operations of P-256 and P-384 against libcrypto, in both instances.
#include "weierstrass_reference.h"

namespace lockstep::crypto::lanes::test {
namespace {

TYPED_TEST_SUITE(WeierstrassTest, Instances);

TYPED_TEST(WeierstrassTest, BaseMultiplyAgreesWithLibcrypto) {
  for (int done = 0; done < checks<TypeParam>(); done += kLanes) {
    typename TestFixture::Numbers keys;
    typename TestFixture::Points publics;
    for (std::size_t i = 0; i < kLanes; ++i) keys.set(i, this->reference_.random_scalar(this->random_));
    ASSERT_EQ(this->kernels_.base_multiply(publics.lane, keys.lane), kAllLanes);
    for (std::size_t i = 0; i < kLanes; ++i)
      ASSERT_EQ(publics.get(i), this->reference_.base_multiply(keys.get(i))) << "lane " << i;
  }
}

TYPED_TEST(WeierstrassTest, DeriveAgreesWithLibcrypto) {
  for (int done = 0; done < checks<TypeParam>(); done += kLanes) {
    typename TestFixture::Numbers keys;
    typename TestFixture::Numbers shared;
    typename TestFixture::Points peers;
    for (std::size_t i = 0; i < kLanes; ++i) {
      keys.set(i, this->reference_.random_scalar(this->random_));
      peers.set(i, this->reference_.base_multiply(this->reference_.random_scalar(this->random_)));
    }
    ASSERT_EQ(this->kernels_.derive(shared.lane, keys.lane, peers.lane), kAllLanes);
    for (std::size_t i = 0; i < kLanes; ++i)
      ASSERT_EQ(shared.get(i), this->reference_.derive(keys.get(i), peers.get(i))) << "lane " << i;
  }
}

TYPED_TEST(WeierstrassTest, SignaturesAgreeWithLibcryptoAndVerify) {
  for (int done = 0; done < checks<TypeParam>(); done += kLanes) {
    typename TestFixture::Numbers keys;
    typename TestFixture::Numbers nonces;
    typename TestFixture::Numbers digests;
    typename TestFixture::Points publics;
    typename TestFixture::Signatures signatures;
    NoncePair<TypeParam::kSize> pairs[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) {
      keys.set(i, this->reference_.random_scalar(this->random_));
      nonces.set(i, this->reference_.random_scalar(this->random_));
      digests.set(i, this->random_.template bytes<TypeParam::kSize>());
    }
    ASSERT_EQ(this->kernels_.make_nonce_pair(pairs, nonces.lane), kAllLanes);
    ASSERT_EQ(this->kernels_.sign(signatures.lane, pairs, keys.lane, digests.lane), kAllLanes);
    ASSERT_EQ(this->kernels_.base_multiply(publics.lane, keys.lane), kAllLanes);
    for (std::size_t i = 0; i < kLanes; ++i) {
      const NoncePair<TypeParam::kSize> expected = this->reference_.nonce_pair(nonces.get(i));
      ASSERT_EQ(std::memcmp(&pairs[i], &expected, sizeof expected), 0) << "lane " << i;
      ASSERT_EQ(signatures.get(i), this->reference_.sign(nonces.get(i), keys.get(i), digests.get(i))) << "lane " << i;
    }
    ASSERT_EQ(this->kernels_.verify(publics.lane, signatures.lane, digests.lane), kAllLanes);
  }
}

TYPED_TEST(WeierstrassTest, VerifyRefusesWhatLibcryptoRefuses) {
  for (int done = 0; done < checks<TypeParam>() / 2; done += kLanes) {
    typename TestFixture::Points publics;
    typename TestFixture::Signatures signatures;
    typename TestFixture::Numbers digests;
    LaneMask expected = 0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const auto key = this->reference_.random_scalar(this->random_);
      const auto digest = this->random_.template bytes<TypeParam::kSize>();
      auto signature = this->reference_.sign(this->reference_.random_scalar(this->random_), key, digest);
      const std::uint64_t draw = this->random_.number();
      if (draw % 2 != 0) signature[draw / 2 % signature.size()] ^= static_cast<std::uint8_t>(1U << (draw >> 32U & 7U));
      publics.set(i, this->reference_.base_multiply(key));
      signatures.set(i, signature);
      digests.set(i, digest);
      if (this->reference_.verify(publics.get(i), signature, digest)) expected |= static_cast<LaneMask>(1U << i);
    }
    ASSERT_EQ(this->kernels_.verify(publics.lane, signatures.lane, digests.lane), expected);
  }
}

// Both instances get the same bytes, most of them out of range, and answer alike.
template <std::size_t kSize>
void expect_agreement(const WeierstrassKernels<kSize>& one, const WeierstrassKernels<kSize>& other) {
  Random random;
  const auto bytes = [&] {
    Bytes<kSize> drawn = random.bytes<kSize>();
    if (random.number() % 4 == 0) drawn.fill(0xff);
    if (random.number() % 8 == 0) drawn.fill(0);
    return drawn;
  };
  for (int round = 0; round < 8; ++round) {
    Batch<kSize> a;
    Batch<kSize> b;
    Batch<2 * kSize> pairs;
    for (std::size_t i = 0; i < kLanes; ++i) {
      a.set(i, bytes());
      b.set(i, bytes());
      std::memcpy(&pairs.lane[i][0], bytes().data(), kSize);
      std::memcpy(&pairs.lane[i][kSize], bytes().data(), kSize);
    }
    NoncePair<kSize> first[kLanes];
    NoncePair<kSize> second[kLanes];
    EXPECT_EQ(one.make_nonce_pair(first, a.lane), other.make_nonce_pair(second, a.lane));
    EXPECT_EQ(std::memcmp(&first, &second, sizeof first), 0);
    std::memcpy(&first, &pairs, sizeof first);
    Batch<2 * kSize> signature;
    Batch<2 * kSize> other_signature;
    EXPECT_EQ(one.sign(signature.lane, first, a.lane, b.lane), other.sign(other_signature.lane, first, a.lane, b.lane));
    EXPECT_EQ(std::memcmp(&signature, &other_signature, sizeof signature), 0);
  }
}

TEST(WeierstrassInstances, AgreeOnAnyBytes) {
  if (!ifma_available()) GTEST_SKIP() << "no AVX512-IFMA";
  expect_agreement(kP256Ifma, kP256Portable);
  expect_agreement(kP384Ifma, kP384Portable);
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

// Valid and invalid lanes in one batch: every mix of them, whatever makes a lane invalid.
#include "weierstrass_reference.h"

namespace lockstep::crypto::lanes::test {
namespace {

template <class Instance>
class WeierstrassLanesTest : public WeierstrassTest<Instance> {
 protected:
  // All 256 masks, or a sample of them where the instance is slow. It holds the counts from 1 to 8 from below.
  static std::vector<LaneMask> masks() {
    std::vector<LaneMask> chosen;
    for (unsigned mask = 0; mask < 256; ++mask) {
      if (!Instance::kPortable || (mask & (mask + 1)) == 0 || mask % 51 == 0)
        chosen.push_back(static_cast<LaneMask>(mask));
    }
    return chosen;
  }
  static bool has(LaneMask mask, std::size_t lane) { return (mask >> lane & 1) != 0; }

  void SetUp() override {
    WeierstrassTest<Instance>::SetUp();
    for (std::size_t i = 0; i < kLanes; ++i) {
      keys_.set(i, this->reference_.random_scalar(this->random_));
      nonces_.set(i, this->reference_.random_scalar(this->random_));
      publics_.set(i, this->reference_.base_multiply(keys_.get(i)));
      digests_.set(i, this->random_.template bytes<Instance::kSize>());
      signatures_.set(i, this->reference_.sign(nonces_.get(i), keys_.get(i), digests_.get(i)));
    }
  }

  // Out of (0, n).
  Bytes<Instance::kSize> bad_scalar(std::size_t kind) const {
    const Big order = this->reference_.order();
    Bytes<Instance::kSize> ones;
    ones.fill(0xff);
    const Bytes<Instance::kSize> bad[] = {this->reference_.number(Big()), this->reference_.number(order),
                                          this->reference_.number(order + Big(1)), ones};
    return bad[kind % std::size(bad)];
  }
  // Not a point of the curve in the uncompressed form.
  Bytes<1 + 2 * Instance::kSize> bad_point(std::size_t kind) const {
    Bytes<1 + 2 * Instance::kSize> bad = publics_.get(0);
    switch (kind % 6) {
      case 0:
        bad.fill(0);
        break;
      case 1:
        bad[0] = static_cast<std::uint8_t>(2 + (bad.back() & 1));
        break;
      case 2:
        bad[0] = static_cast<std::uint8_t>(6 + (bad.back() & 1));
        break;
      case 3:
        bad.back() ^= 1;
        break;
      case 4:
        bad.fill(0xff);
        bad[0] = 4;
        break;
      default:
        bad[1] ^= 0x80;
        break;
    }
    return bad;
  }
  template <std::size_t kSize>
  static bool is_zero(const Bytes<kSize>& bytes) {
    return bytes == Bytes<kSize>{};
  }

  typename WeierstrassTest<Instance>::Numbers keys_, nonces_, digests_;
  typename WeierstrassTest<Instance>::Points publics_;
  typename WeierstrassTest<Instance>::Signatures signatures_;
};

TYPED_TEST_SUITE(WeierstrassLanesTest, Instances);

TYPED_TEST(WeierstrassLanesTest, ABadScalarTakesItsOwnKeyPairOnly) {
  for (const LaneMask mask : this->masks()) {
    typename TestFixture::Numbers keys = this->keys_;
    typename TestFixture::Points publics;
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (!this->has(mask, i)) keys.set(i, this->bad_scalar(i + mask));
    }
    ASSERT_EQ(this->kernels_.base_multiply(publics.lane, keys.lane), mask);
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (this->has(mask, i)) {
        EXPECT_EQ(publics.get(i), this->publics_.get(i));
      } else {
        EXPECT_TRUE(this->is_zero(publics.get(i)));
      }
    }
  }
}

TYPED_TEST(WeierstrassLanesTest, ABadScalarOrPeerTakesItsOwnSharedSecretOnly) {
  typename TestFixture::Points peers;
  typename TestFixture::Numbers expected;
  for (std::size_t i = 0; i < kLanes; ++i) {
    peers.set(i, this->publics_.get(kLanes - 1 - i));
    expected.set(i, this->reference_.derive(this->keys_.get(i), peers.get(i)));
  }
  for (const LaneMask mask : this->masks()) {
    typename TestFixture::Numbers keys = this->keys_;
    typename TestFixture::Points mixed = peers;
    typename TestFixture::Numbers shared;
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (this->has(mask, i)) continue;
      if ((i + mask) % 8 == 0) {
        keys.set(i, this->bad_scalar(mask));
      } else {
        mixed.set(i, this->bad_point(i + mask));
      }
    }
    ASSERT_EQ(this->kernels_.derive(shared.lane, keys.lane, mixed.lane), mask);
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (this->has(mask, i)) {
        EXPECT_EQ(shared.get(i), expected.get(i));
      } else {
        EXPECT_TRUE(this->is_zero(shared.get(i)));
      }
    }
  }
}

TYPED_TEST(WeierstrassLanesTest, ABadNonceTakesItsOwnPairOnly) {
  for (const LaneMask mask : this->masks()) {
    typename TestFixture::Numbers nonces = this->nonces_;
    NoncePair<TypeParam::kSize> pairs[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (!this->has(mask, i)) nonces.set(i, this->bad_scalar(i + mask));
    }
    ASSERT_EQ(this->kernels_.make_nonce_pair(pairs, nonces.lane), mask);
    for (std::size_t i = 0; i < kLanes; ++i) {
      const NoncePair<TypeParam::kSize> expected =
          this->has(mask, i) ? this->reference_.nonce_pair(this->nonces_.get(i)) : NoncePair<TypeParam::kSize>{};
      EXPECT_EQ(std::memcmp(&pairs[i], &expected, sizeof expected), 0);
    }
  }
}

TYPED_TEST(WeierstrassLanesTest, AZeroSTakesItsOwnSignatureOnly) {
  NoncePair<TypeParam::kSize> pairs[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) pairs[i] = this->reference_.nonce_pair(this->nonces_.get(i));
  for (unsigned mask = 0; mask < 256; ++mask) {
    typename TestFixture::Numbers digests = this->digests_;
    typename TestFixture::Signatures signatures;
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (this->has(static_cast<LaneMask>(mask), i)) continue;
      // e = -r d modulo n.
      const Big& order = this->reference_.order();
      const Big product = Big(pairs[i].r).times(Big(this->keys_.get(i)), order);
      digests.set(i, this->reference_.number(order - product));
    }
    ASSERT_EQ(this->kernels_.sign(signatures.lane, pairs, this->keys_.lane, digests.lane), mask);
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (this->has(static_cast<LaneMask>(mask), i)) {
        EXPECT_EQ(signatures.get(i), this->signatures_.get(i));
      } else {
        EXPECT_TRUE(this->is_zero(signatures.get(i)));
      }
    }
  }
}

TYPED_TEST(WeierstrassLanesTest, VerifyTellsEveryMixApart) {
  for (const LaneMask mask : this->masks()) {
    typename TestFixture::Points publics = this->publics_;
    typename TestFixture::Signatures signatures = this->signatures_;
    typename TestFixture::Numbers digests = this->digests_;
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (this->has(mask, i)) continue;
      const std::size_t kind = (i + mask) % 5;
      const auto bad = this->bad_scalar(mask / 5U);
      if (kind == 0) publics.set(i, this->bad_point(mask));
      if (kind == 1) publics.set(i, this->publics_.get((i + 1) % kLanes));
      if (kind == 2) std::memcpy(&signatures.lane[i][0], bad.data(), bad.size());
      if (kind == 3) std::memcpy(&signatures.lane[i][TypeParam::kSize], bad.data(), bad.size());
      if (kind == 4) digests.lane[i][mask % TypeParam::kSize] ^= 1;
    }
    ASSERT_EQ(this->kernels_.verify(publics.lane, signatures.lane, digests.lane), mask);
  }
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

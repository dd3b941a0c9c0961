// The private operation.
#include <cstring>
#include <functional>

#include "tests/unit/crypto/lanes/rsa_support.h"

namespace lockstep::crypto::lanes::test {
namespace {

class RsaPrivate : public testing::TestWithParam<Instance> {
 protected:
  void SetUp() override {
    if (!GetParam().runs()) GTEST_SKIP() << "this processor has no AVX512-IFMA";
  }
  const RsaKernels& kernels() const { return *GetParam().kernels; }
  /// The portable instance is slow.
  std::size_t rounds(std::size_t count) const { return GetParam().portable ? 1 : count; }
  Number zeros() const { return Number(kernels().modulus_size); }

  /// Eight lanes with keys of different shapes and random inputs.
  void fill(PrivateBatch* batch) const {
    const std::vector<const TestKey*> keys = own_keys(GetParam().bits());
    for (std::size_t i = 0; i < kLanes; ++i) {
      lane_key_[i] = keys[generator()() % keys.size()];
      batch->keys[i] = &lane_key_[i]->prepared;
      batch->input[i] = random_below(lane_key_[i]->n);
    }
  }
  const TestKey& lane_key(std::size_t lane) const { return *lane_key_[lane]; }

 private:
  mutable std::array<const TestKey*, kLanes> lane_key_{};
};

class RsaPrivateVectors : public RsaPrivate {};

TEST_P(RsaPrivateVectors, AreTheRootsThatOpensslAndGnutlsMade) {
  std::size_t cases = 0;
  std::vector<const TestVector*> vectors;
  for (const TestVector& vector : own_vectors().vectors) {
    if (vector.key->bits == GetParam().bits()) vectors.push_back(&vector);
  }
  for (std::size_t first = 0; first < vectors.size(); first += kLanes) {
    PrivateBatch batch(kernels());
    const std::size_t count = std::min(kLanes, vectors.size() - first);
    for (std::size_t i = 0; i < count; ++i) {
      batch.keys[i] = &vectors[first + i]->key->prepared;
      batch.input[i] = vectors[first + i]->input;
    }
    EXPECT_EQ(batch.run(), (1U << count) - 1);
    for (std::size_t i = 0; i < count; ++i, ++cases) {
      EXPECT_EQ(batch.output[i], vectors[first + i]->root) << vectors[first + i]->made_by << first + i;
    }
  }
  lockstep::test::report_cases("rsa_private.json", cases);
}

TEST_P(RsaPrivate, AgreesWithLibcryptoOnRandomInputs) {
  const std::unique_ptr<TestKey> fresh = generate_key(GetParam().bits());
  const std::size_t checks = check_count(GetParam().size == 0 ? 10'000 : 1'000);
  for (std::size_t done = 0; done < rounds(checks); done += kLanes) {
    PrivateBatch batch(kernels());
    fill(&batch);
    batch.keys[0] = &fresh->prepared;
    batch.input[0] = random_below(fresh->n);
    EXPECT_EQ(batch.run(), kAllLanes);
    EXPECT_EQ(batch.output[0], reference_root(*fresh, batch.input[0]));
    // The reference takes most of the time: one lane by it, all by what a root is.
    const std::size_t lane = 1 + done / kLanes % 7;
    EXPECT_EQ(batch.output[lane], reference_root(lane_key(lane), batch.input[lane]));
    for (std::size_t i = 1; i < kLanes; ++i) {
      EXPECT_EQ(public_power(batch.output[i], lane_key(i).e, lane_key(i).n), batch.input[i]);
      EXPECT_LT(batch.output[i], lane_key(i).n);
    }
  }
}

TEST_P(RsaPrivate, EveryNumberOfLanesGivesTheSame) {
  for (std::size_t count = 1; count <= kLanes; ++count) {
    if (GetParam().portable && count % 4 != 3) continue;
    PrivateBatch batch(kernels());
    fill(&batch);
    // Dummies among them, not only behind.
    for (std::size_t i = 0; i < kLanes - count; ++i) batch.keys[(3 * i + count) % kLanes] = nullptr;
    unsigned expected = 0;
    for (std::size_t i = 0; i < kLanes; ++i) expected |= (batch.keys[i] != nullptr ? 1U : 0U) << i;
    EXPECT_EQ(batch.begin(), expected);
    while (!batch.step(1000).finished) continue;
    EXPECT_EQ(batch.finish(), expected);
    for (std::size_t i = 0; i < kLanes; ++i) {
      if (batch.keys[i] == nullptr) continue;
      EXPECT_EQ(batch.output[i], reference_root(lane_key(i), batch.input[i])) << count << ' ' << i;
    }
  }
}

TEST_P(RsaPrivate, EveryMixOfInputsInAndOutOfRange) {
  // Every mask for the smallest size, some for the others.
  const unsigned step = GetParam().portable ? 97 : GetParam().size == 0 ? 1 : 17;
  for (unsigned in_range = 0; in_range < 256; in_range += step) {
    PrivateBatch batch(kernels());
    fill(&batch);
    std::array<Number, kLanes> expected;
    for (std::size_t i = 0; i < kLanes; ++i) {
      const Number& n = lane_key(i).n;
      const std::uint64_t choice = generator()() % 4;
      if ((in_range >> i & 1U) != 0) {
        // 0, 1 and n - 1 are their own roots.
        if (choice == 0) batch.input[i] = zeros();
        if (choice == 1) batch.input[i] = plus(zeros(), 1);
        if (choice == 2) batch.input[i] = plus(n, -1);
        expected[i] = choice == 3 ? reference_root(lane_key(i), batch.input[i]) : batch.input[i];
      } else {
        batch.input[i] = Number(n.size(), 0xff);
        if (choice == 0) batch.input[i] = n;
        if (choice == 1 && n != plus(Number(n.size(), 0xff), 0)) batch.input[i] = plus(n, 1);
        expected[i] = zeros();
      }
    }
    EXPECT_EQ(batch.begin(), in_range);
    while (!batch.step(1000).finished) continue;
    EXPECT_EQ(batch.finish(), in_range);
    EXPECT_EQ(batch.output, expected) << in_range;
  }
}

TEST_P(RsaPrivate, InputsWithoutAnInverseHaveTheirRoots) {
  PrivateBatch batch(kernels());
  fill(&batch);
  for (std::size_t i = 0; i < kLanes; ++i) {
    const Number& prime = i % 2 == 0 ? lane_key(i).p : lane_key(i).q;
    batch.input[i] = zeros();
    std::copy(prime.begin(), prime.end(), batch.input[i].end() - static_cast<std::ptrdiff_t>(prime.size()));
  }
  EXPECT_EQ(batch.run(), kAllLanes);
  for (std::size_t i = 0; i < kLanes; ++i) EXPECT_EQ(batch.output[i], reference_root(lane_key(i), batch.input[i])) << i;
}

TEST_P(RsaPrivate, ADamagedKeyFailsItsLaneOnly) {
  const std::vector<std::function<std::uint64_t*(RsaKey*)>> places = {
      [](RsaKey* key) { return &key->prime1.exponent[3]; },
      [](RsaKey* key) { return &key->prime2.exponent[0]; },
      [](RsaKey* key) { return &key->prime1.value[7]; },
      [](RsaKey* key) { return &key->prime2.value[0]; },
      [](RsaKey* key) { return &key->prime1.r1[1]; },
      [](RsaKey* key) { return &key->prime1.r2[2]; },
      [](RsaKey* key) { return &key->prime2.r3[5]; },
      [](RsaKey* key) { return &key->prime1.negative_inverse; },
      [](RsaKey* key) { return &key->prime2.negative_inverse; },
      [](RsaKey* key) { return &key->coefficient[10]; },
      [](RsaKey* key) { return &key->modulus[12]; },
      [](RsaKey* key) { return &key->r2[9]; },
      [](RsaKey* key) { return &key->r3[8]; },
      [](RsaKey* key) { return &key->negative_inverse; },
      [](RsaKey* key) { return &key->public_exponent; },
  };
  for (std::size_t i = 0; i < rounds(places.size()); ++i) {
    PrivateBatch batch(kernels());
    fill(&batch);
    const std::size_t lane = i % kLanes;
    // A key of random shape: the exponents of others have no window of zeros, and so no use for R.
    RsaKey damaged = own_keys(GetParam().bits())[0]->prepared;
    *places[i](&damaged) ^= std::uint64_t{1} << (i % 30 + 1);
    batch.keys[lane] = &damaged;
    batch.input[lane][0] = 0;  // In range whatever happened to the modulus.
    EXPECT_EQ(batch.run(), kAllLanes ^ 1U << lane) << "place " << i;
    EXPECT_EQ(batch.output[lane], zeros()) << "place " << i;
    for (std::size_t j = 0; j < kLanes; ++j) {
      if (j == lane) continue;
      EXPECT_EQ(public_power(batch.output[j], lane_key(j).e, lane_key(j).n), batch.input[j]) << j;
    }
  }
}

TEST_P(RsaPrivate, AnySlicesGiveTheSame) {
  std::array<Number, kLanes> expected;
  std::uint32_t work = 0;
  PrivateBatch first(kernels());
  fill(&first);
  for (const std::uint32_t slice : {1U, 7U, kernels().slice, 100'000U}) {
    if (GetParam().portable && slice == kernels().slice) continue;
    PrivateBatch batch(kernels());
    batch.keys = first.keys;
    batch.input = first.input;
    batch.begin();
    std::uint32_t sum = 0;
    for (RsaProgress progress{}; !progress.finished; sum += progress.squarings) progress = batch.step(slice);
    // More calls do nothing.
    const RsaProgress after = batch.step(slice);
    EXPECT_TRUE(after.finished);
    EXPECT_EQ(after.squarings, 0U);
    EXPECT_EQ(batch.finish(), kAllLanes);
    if (work == 0) {
      work = sum;
      expected = batch.output;
    }
    EXPECT_EQ(sum, work) << slice;
    EXPECT_EQ(batch.output, expected) << slice;
  }
}

TEST_P(RsaPrivate, NoSliceIsMuchLongerThanAsked) {
  constexpr std::uint32_t kLongestPiece = 30;
  for (const std::uint32_t slice : {1U, 50U}) {
    PrivateBatch batch(kernels());
    fill(&batch);
    batch.begin();
    for (RsaProgress progress{}; !progress.finished;) {
      progress = batch.step(slice);
      EXPECT_LT(progress.squarings, slice + kLongestPiece);
      EXPECT_TRUE(progress.finished || progress.squarings >= slice);
    }
    batch.finish();
    if (GetParam().portable) break;
  }
}

// The state in the middle of the second prime's power.
Number state_under_way(const RsaKernels& kernels, const PrivateBatch& like, std::uint8_t randomness) {
  PrivateBatch batch(kernels);
  std::memset(const_cast<std::uint8_t*>(batch.state().data()), 0, batch.state().size());
  batch.keys = like.keys;
  batch.input = like.input;
  // Not the same byte everywhere: the blinding is a quotient.
  for (std::size_t i = 0; i < kLanes * kRsaRandomSize; ++i) {
    batch.random[i / kRsaRandomSize][i % kRsaRandomSize] = static_cast<std::uint8_t>(randomness * (i + 1));
  }
  batch.begin();
  batch.step(2000);
  const Number state(batch.state().begin(), batch.state().end());
  while (!batch.step(kernels.slice).finished) continue;
  EXPECT_EQ(batch.finish(), kAllLanes);
  return state;
}

TEST_P(RsaPrivate, OtherRandomnessGivesOtherNumbersUnderWay) {
  PrivateBatch batch(kernels());
  fill(&batch);
  const Number once = state_under_way(kernels(), batch, 1);
  EXPECT_EQ(once, state_under_way(kernels(), batch, 1));
  const Number other = state_under_way(kernels(), batch, 2);
  std::size_t different = 0;
  for (std::size_t i = 0; i < once.size(); ++i) different += once[i] != other[i] ? 1 : 0;
  // The table alone, 16 powers of the blinded input, in at least 6 of 8 bytes.
  EXPECT_GT(different, std::size_t{16} * kernels().modulus_size / 2 * kLanes);
}

TEST_P(RsaPrivate, ExtremeRandomnessWillDo) {
  for (const int value : {0x00, 0xff}) {
    PrivateBatch batch(kernels());
    fill(&batch);
    for (auto& lane : batch.random) std::memset(lane, value, sizeof lane);
    EXPECT_EQ(batch.run(), kAllLanes);
    EXPECT_EQ(batch.output[5], reference_root(lane_key(5), batch.input[5]));
  }
}

TEST_P(RsaPrivate, FinishLeavesNothingInItsState) {
  PrivateBatch batch(kernels());
  fill(&batch);
  std::memset(const_cast<std::uint8_t*>(batch.state().data()), 0xa5, batch.state().size());
  EXPECT_EQ(batch.run(), kAllLanes);
  EXPECT_EQ(Number(batch.state().begin(), batch.state().end()), Number(kernels().state_size));
}

// The portable instance takes a second for eight operations of 4096 bits: the vectors and the agreement of the
// instances must do for its larger sizes.
INSTANTIATE_TEST_SUITE_P(Instances, RsaPrivate, testing::ValuesIn([] {
                           std::vector<Instance> instances = all_instances();
                           std::erase_if(instances, [](const Instance& i) { return i.portable && i.size > 0; });
                           return instances;
                         }()),
                         instance_name);
INSTANTIATE_TEST_SUITE_P(Instances, RsaPrivateVectors, testing::ValuesIn(all_instances()), instance_name);

TEST(RsaPrivate, BothInstancesAgree) {
  if (!ifma_available()) GTEST_SKIP() << "this processor has no AVX512-IFMA";
  for (std::size_t size = 0; size < kRsaSizes; ++size) {
    const std::vector<const TestKey*> keys = own_keys(static_cast<unsigned>(2048 + 1024 * size));
    PrivateBatch one(kRsaIfma[size]);
    PrivateBatch other(kRsaPortable[size]);
    for (std::size_t i = 0; i < kLanes; ++i) {
      one.keys[i] = other.keys[i] = &keys[i % keys.size()]->prepared;
      one.input[i] = other.input[i] = random_bytes(kRsaIfma[size].modulus_size);
    }
    EXPECT_EQ(one.run(), other.run());
    EXPECT_EQ(one.output, other.output);
  }
}

TEST(RsaKeys, AreRefusedWhenTheyAreNone) {
  const TestKey& good = *own_keys(2048)[0];
  const auto refused = [](const TestKey& key) {
    RsaKey prepared;
    std::memset(&prepared, 0xa5, sizeof prepared);
    const RsaKey nothing{};
    const bool made = prepare_rsa_key(&prepared, key.bits, key.numbers());
    EXPECT_TRUE(made || std::memcmp(&prepared, &nothing, sizeof prepared) == 0);
    return !made;
  };
  EXPECT_FALSE(refused(good));
  const auto changed = [&good](const std::function<void(TestKey*)>& change) {
    TestKey key = good;
    change(&key);
    return key;
  };
  for (const std::uint64_t e :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{65536}, (std::uint64_t{1} << 32U) + 1}) {
    EXPECT_TRUE(refused(changed([e](TestKey* key) { key->e = e; }))) << e;
  }
  for (const unsigned bits : {0U, 1024U, 2047U, 3072U}) {
    EXPECT_TRUE(refused(changed([bits](TestKey* key) {
      key->bits = bits;
      for (Number* number : {&key->n, &key->p, &key->q, &key->dp, &key->dq, &key->qinv}) number->resize(512);
    }))) << bits;
  }
  EXPECT_TRUE(refused(changed([](TestKey* key) { key->n[100] ^= 1U; })));
  EXPECT_TRUE(refused(changed([](TestKey* key) { key->n.back() ^= 1U; })));
  EXPECT_TRUE(refused(changed([](TestKey* key) { key->p[0] ^= 0x80U; })));
  EXPECT_TRUE(refused(changed([](TestKey* key) { key->q[0] ^= 0x80U; })));
  EXPECT_TRUE(refused(changed([](TestKey* key) { key->p.back() ^= 1U; })));
  EXPECT_TRUE(refused(changed([](TestKey* key) { key->q = key->p; })));
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

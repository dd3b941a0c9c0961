// The public operation, and Wycheproof's RSA vectors.
#include "tests/unit/crypto/lanes/rsa_support.h"

namespace lockstep::crypto::lanes::test {
namespace {

/// Eight public operations; a lane without a modulus is a dummy.
struct PublicBatch {
  std::array<Number, kLanes> modulus;
  std::array<std::uint32_t, kLanes> exponent{};
  std::array<Number, kLanes> input;
  std::array<Number, kLanes> output;

  LaneMask run(const RsaKernels& kernels) {
    std::array<const std::uint8_t*, kLanes> moduli;
    std::array<const std::uint8_t*, kLanes> inputs;
    std::array<std::uint8_t*, kLanes> outputs;
    for (std::size_t i = 0; i < kLanes; ++i) {
      output[i].assign(modulus[i].size(), 0x5a);
      moduli[i] = modulus[i].empty() ? nullptr : modulus[i].data();
      inputs[i] = modulus[i].empty() ? nullptr : input[i].data();
      outputs[i] = modulus[i].empty() ? nullptr : output[i].data();
    }
    return kernels.public_operation(outputs.data(), moduli.data(), exponent.data(), inputs.data());
  }
};

class RsaPublic : public testing::TestWithParam<Instance> {
 protected:
  void SetUp() override {
    if (!GetParam().runs()) GTEST_SKIP() << "this processor has no AVX512-IFMA";
  }
  const RsaKernels& kernels() const { return *GetParam().kernels; }
  std::size_t size() const { return kernels().modulus_size; }

  /// A number whose 52-bit digits are boundary values.
  Number boundary_number() const {
    const Big number(BN_new());
    const Big digit(BN_new());
    const std::uint64_t style = generator()() % 5;
    for (std::size_t i = 0; i < kMaxRsaDigits; ++i) {
      constexpr std::uint64_t kOnes = (std::uint64_t{1} << 52U) - 1;
      const std::uint64_t values[] = {0, 1, kOnes, kOnes - 1, std::uint64_t{1} << 51U, generator()() & kOnes};
      BN_lshift(number.get(), number.get(), 52);
      BN_set_word(digit.get(), style == 0 ? kOnes : style == 1 ? (i % 2 == 0 ? 0 : kOnes) : values[generator()() % 6]);
      BN_add(number.get(), number.get(), digit.get());
    }
    BN_mask_bits(number.get(), static_cast<int>(8 * size()));
    return bytes_of(number.get(), size());
  }
  Number boundary_modulus() const {
    Number modulus = boundary_number();
    modulus.front() |= 0x80U;
    modulus.back() |= 1U;
    return modulus;
  }
};

TEST_P(RsaPublic, AgreesWithLibcryptoOnBoundaryDigits) {
  const std::size_t checks = GetParam().portable ? 16 : check_count(100'000);
  constexpr std::uint32_t kExponents[] = {3, 5, 17, 257, 65537, 65539, 0x80000001, 0xffffffff};
  for (std::size_t done = 0; done < checks; done += kLanes) {
    PublicBatch batch;
    std::array<Number, kLanes> expected;
    unsigned in_range = 0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      batch.modulus[i] = boundary_modulus();
      batch.exponent[i] = done % 16 == 0 ? 65537 : kExponents[generator()() % 8];
      batch.input[i] = generator()() % 4 == 0 ? plus(batch.modulus[i], -1) : boundary_number();
      expected[i] = Number(size());
      if (batch.input[i] < batch.modulus[i]) {
        in_range |= 1U << i;
        expected[i] = public_power(batch.input[i], batch.exponent[i], batch.modulus[i]);
      }
    }
    EXPECT_EQ(batch.run(kernels()), in_range);
    EXPECT_EQ(batch.output, expected);
  }
}

TEST_P(RsaPublic, RefusesModuliAndExponentsThatAreNoneAndGoesOn) {
  PublicBatch batch;
  for (std::size_t i = 0; i < kLanes; ++i) {
    batch.modulus[i] = boundary_modulus();
    batch.exponent[i] = 65537;
    batch.input[i] = random_bytes(size());
    batch.input[i][0] &= 0x7fU;
  }
  batch.modulus[0].back() &= 0xfeU;
  batch.modulus[1].front() &= 0x7fU;
  batch.modulus[2].clear();
  batch.exponent[3] = 1;
  batch.exponent[4] = 65536;
  batch.exponent[5] = 0;
  EXPECT_EQ(batch.run(kernels()), 0xc0);
  for (const std::size_t i : {0, 1, 3, 4, 5}) EXPECT_EQ(batch.output[i], Number(size())) << i;
  for (const std::size_t i : {6, 7}) EXPECT_EQ(batch.output[i], public_power(batch.input[i], 65537, batch.modulus[i]));
}

TEST_P(RsaPublic, OneLaneIsEnough) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    PublicBatch batch;
    batch.modulus[lane] = boundary_modulus();
    batch.exponent[lane] = 65537;
    batch.input[lane] = plus(batch.modulus[lane], -2);
    EXPECT_EQ(batch.run(kernels()), 1U << lane);
    EXPECT_EQ(batch.output[lane], public_power(batch.input[lane], 65537, batch.modulus[lane]));
  }
}

TEST_P(RsaPublic, UndoesThePrivateOperation) {
  PublicBatch batch;
  std::size_t lane = 0;
  for (const TestVector& vector : own_vectors().vectors) {
    if (vector.key->bits != GetParam().bits()) continue;
    batch.modulus[lane] = vector.key->n;
    batch.exponent[lane] = static_cast<std::uint32_t>(vector.key->e);
    batch.input[lane] = vector.root;
    EXPECT_TRUE((batch.run(kernels()) >> lane & 1U) != 0);
    EXPECT_EQ(batch.output[lane], vector.input);
    lane = (lane + 1) % kLanes;
  }
}

INSTANTIATE_TEST_SUITE_P(Instances, RsaPublic, testing::ValuesIn(all_instances()), instance_name);

/// A Wycheproof number without leading zeros.
Number number_of(const nlohmann::json& text) {
  const Big number = big(lockstep::test::hex(text));
  return bytes_of(number.get(), static_cast<std::size_t>(BN_num_bytes(number.get())));
}

/// The padding of RFC 8017 section 9.2 over SHA-256 of `message`.
Number padded_digest(const Number& message, std::size_t size) {
  Number padded(size, 0xff);
  padded[0] = 0;
  padded[1] = 1;
  Number tail = lockstep::test::hex("003031300d060960864801650304020105000420");
  Number digest(32);
  EVP_Digest(message.data(), message.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  tail.insert(tail.end(), digest.begin(), digest.end());
  std::copy(tail.begin(), tail.end(), padded.end() - static_cast<std::ptrdiff_t>(tail.size()));
  return padded;
}

class RsaWycheproof : public testing::Test {
 protected:
  RsaWycheproof() : kernels_(ifma_available() ? kRsaIfma[0] : kRsaPortable[0]) {}

  /// signature^e mod n in all lanes, or nothing.
  Number open(const nlohmann::json& key, const Number& signature) const {
    PublicBatch batch;
    for (std::size_t i = 0; i < kLanes; ++i) {
      batch.modulus[i] = number_of(key["modulus"]);
      batch.exponent[i] =
          static_cast<std::uint32_t>(BN_get_word(big(lockstep::test::hex(key["publicExponent"])).get()));
      batch.input[i] = signature;
    }
    if (signature.size() != kernels_.modulus_size || batch.run(kernels_) != kAllLanes) return {};
    for (const Number& output : batch.output) EXPECT_EQ(output, batch.output[0]);
    return batch.output[0];
  }
  /// input^d mod n, or nothing.
  Number root(const TestKey& key, const Number& input) const {
    PrivateBatch batch(kernels_);
    batch.keys[6] = &key.prepared;
    batch.input[6] = input;
    return batch.run() == 1U << 6U ? batch.output[6] : Number();
  }

  const RsaKernels& kernels_;
};

std::unique_ptr<TestKey> read_key(const nlohmann::json& pkcs8) {
  const Number der = lockstep::test::hex(pkcs8);
  const std::uint8_t* position = der.data();
  return to_test_key(d2i_AutoPrivateKey(nullptr, &position, std::ssize(der)));
}

TEST_F(RsaWycheproof, SignaturesAreTheRootsOfPaddedDigestsOrInvalid) {
  LOCKSTEP_SHARED_VECTORS(json, "rsa_signature_2048_sha256_test.json");
  std::size_t cases = 0;
  for (const auto& group : json["testGroups"]) {
    for (const auto& test : group["tests"]) {
      const Number expected = padded_digest(lockstep::test::hex(test["msg"]), 256);
      const bool valid = open(group["publicKey"], lockstep::test::hex(test["sig"])) == expected;
      // What is merely acceptable is another encoding of the digest.
      EXPECT_EQ(valid, test["result"] == "valid") << test["tcId"];
      ++cases;
    }
  }
  lockstep::test::report_cases("rsa_signature_2048_sha256_test.json", cases);
}

TEST_F(RsaWycheproof, PssSignaturesOpenAsLibcryptoOpensThem) {
  LOCKSTEP_SHARED_VECTORS(json, "rsa_pss_2048_sha256_mgf1_32_test.json");
  std::size_t cases = 0;
  for (const auto& group : json["testGroups"]) {
    const nlohmann::json& key = group["publicKey"];
    for (const auto& test : group["tests"]) {
      const Number signature = lockstep::test::hex(test["sig"]);
      const Number modulus = number_of(key["modulus"]);
      const bool in_range = signature.size() == modulus.size() && signature < modulus;
      EXPECT_EQ(open(key, signature), in_range ? public_power(signature, 65537, modulus) : Number()) << test["tcId"];
      ++cases;
    }
  }
  lockstep::test::report_cases("rsa_pss_2048_sha256_mgf1_32_test.json", cases);
}

TEST_F(RsaWycheproof, MakesTheSignaturesGiven) {
  LOCKSTEP_SHARED_VECTORS(json, "rsa_pkcs1_2048_sig_gen_test.json");
  std::size_t cases = 0;
  std::size_t other_keys = 0;
  for (const auto& group : json["testGroups"]) {
    // Some primes are not of the same size: such keys are not for the lanes.
    const std::unique_ptr<TestKey> key = read_key(group["privateKeyPkcs8"]);
    other_keys += key == nullptr ? 1 : 0;
    for (const auto& test : group["tests"]) {
      // Whatever the hash is: the signature's power is the padded digest.
      const Number signature = lockstep::test::hex(test["sig"]);
      const Number padded = open(group["privateKey"], signature);
      ASSERT_EQ(padded.size(), 256U);
      const bool sha256 = group["sha"] == "SHA-256";
      EXPECT_TRUE(!sha256 || padded == padded_digest(lockstep::test::hex(test["msg"]), 256)) << test["tcId"];
      EXPECT_TRUE(key == nullptr || root(*key, padded) == signature) << test["tcId"];
      ++cases;
    }
  }
  EXPECT_EQ(other_keys, 3U);
  lockstep::test::report_cases("rsa_pkcs1_2048_sig_gen_test.json", cases);
}

TEST_F(RsaWycheproof, DecryptsToThePaddedMessages) {
  LOCKSTEP_SHARED_VECTORS(json, "rsa_pkcs1_2048_test.json");
  std::size_t cases = 0;
  for (const auto& group : json["testGroups"]) {
    const std::unique_ptr<TestKey> key = read_key(group["privateKeyPkcs8"]);
    ASSERT_NE(key, nullptr);
    for (const auto& test : group["tests"]) {
      const Number ciphertext = lockstep::test::hex(test["ct"]);
      const Number message = lockstep::test::hex(test["msg"]);
      ++cases;
      if (ciphertext.size() != 256) {
        EXPECT_NE(test["result"], "valid");
        continue;
      }
      const Number padded = root(*key, ciphertext);
      if (padded.empty()) {
        EXPECT_GE(ciphertext, key->n) << test["tcId"];
        continue;
      }
      EXPECT_EQ(public_power(padded, 65537, key->n), ciphertext) << test["tcId"];
      if (test["result"] != "valid") continue;
      EXPECT_EQ(Number(padded.end() - static_cast<std::ptrdiff_t>(message.size()), padded.end()), message);
      EXPECT_EQ(padded[255 - message.size()], 0);
      EXPECT_EQ(padded[1], 2);
    }
  }
  lockstep::test::report_cases("rsa_pkcs1_2048_test.json", cases);
}

}  // namespace
}  // namespace lockstep::crypto::lanes::test

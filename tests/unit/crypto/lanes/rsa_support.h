// Keys for the tests of the RSA lanes, and the same operations by libcrypto's numbers.
#pragma once

#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "crypto/lanes/rsa.h"
#include "tests/support/vectors.h"

namespace lockstep::crypto::lanes::test {

using Number = std::vector<std::uint8_t>;

/// A private key as big-endian numbers, prepared.
struct TestKey {
  unsigned bits = 0;
  std::uint64_t e = 0;
  Number n, p, q, dp, dq, qinv;
  RsaKey prepared{};

  RsaNumbers numbers() const {
    return {.modulus = n.data(),
            .public_exponent = e,
            .prime1 = p.data(),
            .prime2 = q.data(),
            .exponent1 = dp.data(),
            .exponent2 = dq.data(),
            .coefficient = qinv.data()};
  }
};

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Big = std::unique_ptr<BIGNUM, FreeNumber>;

inline Big big(const Number& bytes) {
  return Big(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}
inline Number bytes_of(const BIGNUM* number, std::size_t size) {
  Number bytes(size);
  EXPECT_GE(BN_bn2binpad(number, bytes.data(), static_cast<int>(size)), 0);
  return bytes;
}

/// base^exponent mod modulus, of the modulus' size.
inline Number power(const Number& base, const Number& exponent, const Number& modulus) {
  const std::unique_ptr<BN_CTX, FreeNumber> context(BN_CTX_new());
  const Big result(BN_new());
  EXPECT_EQ(BN_mod_exp(result.get(), big(base).get(), big(exponent).get(), big(modulus).get(), context.get()), 1);
  return bytes_of(result.get(), modulus.size());
}
inline Number public_power(const Number& base, std::uint64_t exponent, const Number& modulus) {
  Number bytes(8);
  for (unsigned i = 0; i < 8; ++i) bytes[7 - i] = static_cast<std::uint8_t>(exponent >> (8 * i));
  return power(base, bytes, modulus);
}

/// input^d mod n by the remainder theorem (RFC 8017 section 5.1.2).
inline Number reference_root(const TestKey& key, const Number& input) {
  const std::unique_ptr<BN_CTX, FreeNumber> context(BN_CTX_new());
  const Big m1 = big(power(input, key.dp, key.p));
  const Big m2 = big(power(input, key.dq, key.q));
  const Big root(BN_new());
  BN_mod_sub(root.get(), m1.get(), m2.get(), big(key.p).get(), context.get());
  BN_mod_mul(root.get(), root.get(), big(key.qinv).get(), big(key.p).get(), context.get());
  BN_mul(root.get(), root.get(), big(key.q).get(), context.get());
  BN_add(root.get(), root.get(), m2.get());
  return bytes_of(root.get(), key.n.size());
}

/// number + difference, of the same size.
inline Number plus(const Number& number, int difference) {
  const Big sum = big(number);
  if (difference < 0)
    BN_sub_word(sum.get(), static_cast<BN_ULONG>(-difference));
  else
    BN_add_word(sum.get(), static_cast<BN_ULONG>(difference));
  return bytes_of(sum.get(), number.size());
}

inline std::mt19937_64& generator() {
  static std::mt19937_64 generator(20);
  return generator;
}
inline Number random_bytes(std::size_t size) {
  Number bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(generator()());
  return bytes;
}
/// Less than the modulus, which begins with a one.
inline Number random_below(const Number& modulus) {
  Number bytes = random_bytes(modulus.size());
  bytes[0] &= 0x7fU;
  return bytes;
}

/// A key of libcrypto's, which it takes over; nullptr unless its primes have half of the modulus' bits.
inline std::unique_ptr<TestKey> to_test_key(EVP_PKEY* pkey) {
  const std::unique_ptr<EVP_PKEY, FreeNumber> owned_key(pkey);
  auto key = std::make_unique<TestKey>();
  const auto bits = static_cast<unsigned>(EVP_PKEY_get_bits(pkey));
  const auto get = [pkey](const char* name, std::size_t size) {
    BIGNUM* number = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(pkey, name, &number), 1);
    const Big owned(number);
    return bytes_of(number, size);
  };
  if (BN_num_bits(big(get("rsa-factor1", bits / 8)).get()) != static_cast<int>(bits / 2)) return nullptr;
  key->bits = bits;
  key->e = BN_get_word(big(get("e", 8)).get());
  key->n = get("n", bits / 8);
  key->p = get("rsa-factor1", bits / 16);
  key->q = get("rsa-factor2", bits / 16);
  key->dp = get("rsa-exponent1", bits / 16);
  key->dq = get("rsa-exponent2", bits / 16);
  key->qinv = get("rsa-coefficient1", bits / 16);
  EXPECT_TRUE(prepare_rsa_key(&key->prepared, bits, key->numbers()));
  return key;
}

/// A new one.
inline std::unique_ptr<TestKey> generate_key(unsigned bits) {
  return to_test_key(EVP_RSA_gen(bits));
}

/// A root made by another implementation.
struct TestVector {
  const TestKey* key;
  std::string made_by;
  Number input;
  Number root;
};

struct OwnVectors {
  std::vector<std::unique_ptr<TestKey>> keys;
  std::vector<TestVector> vectors;
};

/// tests/vectors/rsa_private.json, read once.
inline const OwnVectors& own_vectors() {
  static const OwnVectors loaded = [] {
    OwnVectors own;
    const nlohmann::json json = lockstep::test::own_vectors("rsa_private.json");
    for (const auto& entry : json["keys"]) {
      auto key = std::make_unique<TestKey>();
      key->bits = entry["bits"];
      key->e = entry["e"];
      key->n = lockstep::test::hex(entry["n"]);
      key->p = lockstep::test::hex(entry["p"]);
      key->q = lockstep::test::hex(entry["q"]);
      key->dp = lockstep::test::hex(entry["dp"]);
      key->dq = lockstep::test::hex(entry["dq"]);
      key->qinv = lockstep::test::hex(entry["qinv"]);
      EXPECT_TRUE(prepare_rsa_key(&key->prepared, key->bits, key->numbers())) << entry["shape"] << key->bits;
      own.keys.push_back(std::move(key));
    }
    for (const auto& entry : json["vectors"]) {
      own.vectors.push_back({.key = own.keys[entry["key"].get<std::size_t>()].get(),
                             .made_by = entry["made_by"],
                             .input = lockstep::test::hex(entry["input"]),
                             .root = lockstep::test::hex(entry["root"])});
    }
    return own;
  }();
  return loaded;
}

/// Own keys of a size; three at least.
inline std::vector<const TestKey*> own_keys(unsigned bits) {
  std::vector<const TestKey*> keys;
  for (const auto& key : own_vectors().keys) {
    if (key->bits == bits) keys.push_back(key.get());
  }
  return keys;
}

/// How many random checks to do: LOCKSTEP_LANES_CHECKS, else a hundredth of what the full test does.
inline std::size_t check_count(std::size_t full) {
  const char* wanted = std::getenv("LOCKSTEP_LANES_CHECKS");
  return wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : full / 100;
}

/// One instance of the kernels for one size.
struct Instance {
  const RsaKernels* kernels;
  std::size_t size;
  bool portable;

  unsigned bits() const { return static_cast<unsigned>(2048 + 1024 * size); }
  /// Whether this processor can run it.
  bool runs() const { return portable || ifma_available(); }
};
inline std::vector<Instance> all_instances() {
  std::vector<Instance> instances;
  for (std::size_t size = 0; size < kRsaSizes; ++size) {
    instances.push_back({&kRsaIfma[size], size, false});
    instances.push_back({&kRsaPortable[size], size, true});
  }
  return instances;
}
inline std::string instance_name(const testing::TestParamInfo<Instance>& info) {
  return (info.param.portable ? "Portable" : "Ifma") + std::to_string(info.param.bits());
}

/// One private operation in eight lanes; what is not set is a dummy.
class PrivateBatch {
 public:
  explicit PrivateBatch(const RsaKernels& kernels) : kernels_(kernels), state_(allocate(kernels.state_size)) {
    for (auto& lane : random) {
      for (std::uint8_t& byte : lane) byte = static_cast<std::uint8_t>(generator()());
    }
  }

  LaneMask begin() {
    std::array<const std::uint8_t*, kLanes> inputs;
    for (std::size_t i = 0; i < kLanes; ++i) inputs[i] = keys[i] != nullptr ? input[i].data() : nullptr;
    return kernels_.begin(state_.get(), keys.data(), inputs.data(), random.data());
  }
  RsaProgress step(std::uint32_t squarings) { return kernels_.step(state_.get(), squarings); }
  LaneMask finish() {
    std::array<std::uint8_t*, kLanes> outputs;
    for (std::size_t i = 0; i < kLanes; ++i) {
      // Anything, so that what is not written is noticed.
      output[i].assign(keys[i] != nullptr ? kernels_.modulus_size : 0, 0x5a);
      outputs[i] = keys[i] != nullptr ? output[i].data() : nullptr;
    }
    return kernels_.finish(state_.get(), outputs.data());
  }
  /// All of it.
  LaneMask run() {
    begin();
    while (!step(kernels_.slice).finished) continue;
    return finish();
  }
  Bytes state() const { return {state_.get(), kernels_.state_size}; }

  std::array<const RsaKey*, kLanes> keys{};
  std::array<Number, kLanes> input;
  std::array<Number, kLanes> output;
  std::array<std::uint8_t[kRsaRandomSize], kLanes> random;

 private:
  struct Release {
    void operator()(std::uint8_t* memory) const { ::operator delete(memory, std::align_val_t{64}); }
  };
  static std::uint8_t* allocate(std::size_t size) {
    return static_cast<std::uint8_t*>(::operator new(size, std::align_val_t{64}));
  }

  const RsaKernels& kernels_;
  std::unique_ptr<std::uint8_t, Release> state_;
};

}  // namespace lockstep::crypto::lanes::test

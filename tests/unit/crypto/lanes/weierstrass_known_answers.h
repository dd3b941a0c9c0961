// Known answers and Wycheproof's cases, run through the kernels eight at a time.
#pragma once

#include <openssl/sha.h>

#include "tests/support/vectors.h"
#include "weierstrass_reference.h"

namespace lockstep::crypto::lanes::test {

/// A key pair, in hexadecimal.
struct KeyAnswer {
  std::string_view d, x, y;
};
/// A signature by an injected k.
struct SignatureAnswer {
  std::string_view digest, k, r, s;
};

template <std::size_t kSize>
Bytes<kSize> number_of(std::string_view hexadecimal) {
  Bytes<kSize> bytes;
  Big(hexadecimal).write(bytes);
  return bytes;
}

template <std::size_t kSize>
Bytes<1 + 2 * kSize> point_of(const KeyAnswer& key) {
  Bytes<1 + 2 * kSize> point{4};
  Big(key.x).write(std::span(point).template subspan<1, kSize>());
  Big(key.y).write(std::span(point).template last<kSize>());
  return point;
}

/// Both signatures, alternating over the lanes, are made and verified.
template <class Instance>
void expect_signatures(const KeyAnswer& key, std::span<const SignatureAnswer, 2> answers) {
  constexpr std::size_t kSize = Instance::kSize;
  const WeierstrassKernels<kSize>& kernels = Instance::kernels();
  Batch<kSize> keys;
  Batch<kSize> nonces;
  Batch<kSize> digests;
  Batch<1 + 2 * kSize> publics;
  Batch<2 * kSize> signatures;
  NoncePair<kSize> pairs[kLanes];
  for (std::size_t i = 0; i < kLanes; ++i) {
    keys.set(i, number_of<kSize>(key.d));
    nonces.set(i, number_of<kSize>(answers[i % 2].k));
    digests.set(i, number_of<kSize>(answers[i % 2].digest));
  }
  ASSERT_EQ(kernels.base_multiply(publics.lane, keys.lane), kAllLanes);
  ASSERT_EQ(kernels.make_nonce_pair(pairs, nonces.lane), kAllLanes);
  ASSERT_EQ(kernels.sign(signatures.lane, pairs, keys.lane, digests.lane), kAllLanes);
  for (std::size_t i = 0; i < kLanes; ++i) {
    EXPECT_EQ(publics.get(i), point_of<kSize>(key));
    Bytes<2 * kSize> expected;
    Big(answers[i % 2].r).write(std::span(expected).template first<kSize>());
    Big(answers[i % 2].s).write(std::span(expected).template last<kSize>());
    EXPECT_EQ(signatures.get(i), expected);
  }
  EXPECT_EQ(kernels.verify(publics.lane, signatures.lane, digests.lane), kAllLanes);
}

/// Four key pairs, each in two lanes.
template <class Instance>
void expect_multiples(const std::array<KeyAnswer, 4>& answers) {
  constexpr std::size_t kSize = Instance::kSize;
  Batch<kSize> keys;
  Batch<1 + 2 * kSize> publics;
  for (std::size_t i = 0; i < kLanes; ++i) keys.set(i, number_of<kSize>(answers[i % 4].d));
  ASSERT_EQ(Instance::kernels().base_multiply(publics.lane, keys.lane), kAllLanes);
  for (std::size_t i = 0; i < kLanes; ++i) EXPECT_EQ(publics.get(i), point_of<kSize>(answers[i % 4])) << "lane " << i;
}

/// Wycheproof's ECDH cases with keys of the scalar's size. Compressed points are "acceptable" there and refused here.
template <class Instance>
void run_ecdh(const nlohmann::json& vectors) {
  constexpr std::size_t kSize = Instance::kSize;
  struct Case {
    int id;
    Bytes<kSize> key, shared;
    Bytes<1 + 2 * kSize> peer;
    bool valid;
  };
  std::vector<Case> cases;
  for (const auto& group : vectors["testGroups"]) {
    for (const auto& test : group["tests"]) {
      const std::vector<std::uint8_t> peer = lockstep::test::hex(test["public"]);
      if (peer.size() != 1 + 2 * kSize) continue;
      Case parsed{.id = test["tcId"], .key = {}, .shared = {}, .peer = {}, .valid = test["result"] == "valid"};
      Big(std::string_view(test["private"].get_ref<const std::string&>())).write(parsed.key);
      if (parsed.valid) Big(std::string_view(test["shared"].get_ref<const std::string&>())).write(parsed.shared);
      std::memcpy(parsed.peer.data(), peer.data(), peer.size());
      cases.push_back(parsed);
    }
  }
  lockstep::test::report_cases("ECDH", cases.size());
  for (std::size_t first = 0; first < cases.size(); first += kLanes) {
    Batch<kSize> keys;
    Batch<kSize> shared;
    Batch<1 + 2 * kSize> peers;
    const auto at = [&](std::size_t i) -> const Case& { return cases[(first + i) % cases.size()]; };
    for (std::size_t i = 0; i < kLanes; ++i) {
      keys.set(i, at(i).key);
      peers.set(i, at(i).peer);
    }
    const LaneMask valid = Instance::kernels().derive(shared.lane, keys.lane, peers.lane);
    for (std::size_t i = 0; i < kLanes; ++i) {
      EXPECT_EQ((valid >> i & 1) != 0, at(i).valid) << "case " << at(i).id;
      EXPECT_EQ(shared.get(i), at(i).shared) << "case " << at(i).id;
    }
  }
}

/// (r, s) of ECDSA-Sig-Value (RFC 3279 section 2.2.3) as strict DER; false where it is not that or does not fit.
template <std::size_t kSize>
bool decode_signature(std::span<const std::uint8_t> der, Bytes<2 * kSize>& signature) {
  const auto take = [&](std::uint8_t tag, std::span<const std::uint8_t>& from, std::span<const std::uint8_t>& content) {
    if (from.size() < 2 || from[0] != tag) return false;
    std::size_t length = from[1];
    std::size_t header = 2;
    if (length == 0x81 && from.size() > 2 && from[2] >= 0x80) {
      length = from[2];
      header = 3;
    } else if (length >= 0x80) {
      return false;
    }
    if (from.size() - header < length) return false;
    content = from.subspan(header, length);
    from = from.subspan(header + length);
    return true;
  };
  std::span<const std::uint8_t> sequence;
  if (!take(0x30, der, sequence) || !der.empty()) return false;
  for (std::size_t half = 0; half < 2; ++half) {
    std::span<const std::uint8_t> integer;
    if (!take(0x02, sequence, integer) || integer.empty() || (integer[0] & 0x80) != 0) return false;
    if (integer[0] == 0 && integer.size() > 1 && (integer[1] & 0x80) == 0) return false;
    if (integer[0] == 0) integer = integer.subspan(1);
    if (integer.size() > kSize) return false;
    Big(integer).write(std::span(signature).subspan(half * kSize, kSize));
  }
  return sequence.empty();
}

/// Wycheproof's ECDSA cases. Those that are no DER never reach a kernel.
template <class Instance>
void run_ecdsa(const nlohmann::json& vectors) {
  constexpr std::size_t kSize = Instance::kSize;
  struct Case {
    int id;
    Bytes<1 + 2 * kSize> key;
    Bytes<2 * kSize> signature;
    Bytes<kSize> digest;
    bool valid;
  };
  std::vector<Case> cases;
  for (const auto& group : vectors["testGroups"]) {
    const std::vector<std::uint8_t> key = lockstep::test::hex(group["publicKey"]["uncompressed"]);
    ASSERT_EQ(key.size(), 1 + 2 * kSize);
    for (const auto& test : group["tests"]) {
      Case parsed{.id = test["tcId"], .key = {}, .signature = {}, .digest = {}, .valid = test["result"] == "valid"};
      std::memcpy(parsed.key.data(), key.data(), key.size());
      if (!decode_signature<kSize>(lockstep::test::hex(test["sig"]), parsed.signature)) {
        EXPECT_FALSE(parsed.valid) << "case " << parsed.id;
        continue;
      }
      const std::vector<std::uint8_t> message = lockstep::test::hex(test["msg"]);
      if constexpr (kSize == 32) {
        SHA256(message.data(), message.size(), parsed.digest.data());
      } else {
        SHA384(message.data(), message.size(), parsed.digest.data());
      }
      cases.push_back(parsed);
    }
  }
  lockstep::test::report_cases("ECDSA", cases.size());
  for (std::size_t first = 0; first < cases.size(); first += kLanes) {
    Batch<1 + 2 * kSize> keys;
    Batch<2 * kSize> signatures;
    Batch<kSize> digests;
    const auto at = [&](std::size_t i) -> const Case& { return cases[(first + i) % cases.size()]; };
    for (std::size_t i = 0; i < kLanes; ++i) {
      keys.set(i, at(i).key);
      signatures.set(i, at(i).signature);
      digests.set(i, at(i).digest);
    }
    const LaneMask valid = Instance::kernels().verify(keys.lane, signatures.lane, digests.lane);
    for (std::size_t i = 0; i < kLanes; ++i) EXPECT_EQ((valid >> i & 1) != 0, at(i).valid) << "case " << at(i).id;
  }
}

/// Entry i of table t is (2 i + 1) 2^(width t) G, times R modulo p, one word of all entries in a row.
template <class Curve, std::size_t kTables, std::size_t kRows, std::size_t kEntries>
void expect_table(const std::uint64_t (&table)[kTables][kRows][kEntries], int width, const Big& radix) {
  const Reference<Curve> reference;
  EXPECT_EQ(kTables, (8 * Curve::kSize + width - 1) / width);
  for (std::size_t t = 0; t < kTables; ++t) {
    for (std::size_t i = 0; i < kEntries; ++i) {
      const Big multiple = (Big(2 * i + 1) << width * static_cast<int>(t)).modulo(reference.order());
      const auto point = reference.base_multiply(reference.number(multiple));
      for (std::size_t row = 0; row < kRows; ++row) {
        const Big coordinate{std::span(point).subspan(row < kRows / 2 ? 1 : 1 + Curve::kSize, Curve::kSize)};
        const auto bytes = reference.number(coordinate.times(radix, reference.field()));
        std::uint64_t word = 0;
        const std::size_t last = Curve::kSize - 8 * (row % (kRows / 2));
        for (std::size_t byte = last - 8; byte < last; ++byte) word = word << 8U | bytes[byte];
        ASSERT_EQ(table[t][row][i], word) << "table " << t << " row " << row << " entry " << i;
      }
    }
  }
}

}  // namespace lockstep::crypto::lanes::test

#include "crypto/lanes/rsa_padding.h"

#include <algorithm>

namespace lockstep::crypto::lanes {
namespace {

constexpr std::uint8_t kTrailer = 0xbc;

/// DigestInfo without the digest (RFC 8017 section 9.2, note 1).
constexpr std::array<std::uint8_t, 19> kSha256Info = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
constexpr std::array<std::uint8_t, 19> kSha384Info = {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                      0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30};

bool is_pss(SignatureScheme scheme) {
  return scheme == SignatureScheme::rsa_pss_rsae_sha256 || scheme == SignatureScheme::rsa_pss_rsae_sha384;
}

Hash hash_of(SignatureScheme scheme) {
  return scheme == SignatureScheme::rsa_pss_rsae_sha256 || scheme == SignatureScheme::rsa_pkcs1_sha256 ? Hash::sha256
                                                                                                       : Hash::sha384;
}

/// EMSA-PKCS1-v1_5, section 9.2.
void encode_pkcs1(Hash hash, Bytes content, MutableBytes out) {
  const Bytes info = hash == Hash::sha256 ? Bytes(kSha256Info) : Bytes(kSha384Info);
  const std::size_t digest = out.size() - digest_size(hash);
  std::ranges::fill(out, std::uint8_t{0xff});
  out[0] = 0;
  out[1] = 1;
  out[digest - info.size() - 1] = 0;
  std::memcpy(&out[digest - info.size()], info.data(), info.size());
  digest_of(hash, content, out.subspan(digest));
}

/// XORs MGF1(seed) (appendix B.2.1) onto `out`.
void mask(Hash hash, Bytes seed, MutableBytes out) {
  RunningHash prefix(hash);
  prefix.update(seed);
  std::array<std::uint8_t, kMaxDigest> block{};
  for (std::uint32_t counter = 0; !out.empty(); ++counter) {
    const std::array<std::uint8_t, 4> number = {0, 0, static_cast<std::uint8_t>(counter >> 8U),
                                                static_cast<std::uint8_t>(counter)};
    RunningHash running = prefix;
    running.update(number);
    running.digest(block);
    const std::size_t size = std::min(out.size(), digest_size(hash));
    for (std::size_t i = 0; i < size; ++i) out[i] ^= block[i];
    out = out.subspan(size);
  }
}

/// H of section 9.1.1: the hash of eight zeros, the content's hash and the salt.
void pss_hash(Hash hash, Bytes content, Bytes salt, MutableBytes out) {
  constexpr std::array<std::uint8_t, 8> kZeros{};
  std::array<std::uint8_t, kMaxDigest> digest{};
  digest_of(hash, content, digest);
  RunningHash running(hash);
  running.update(kZeros);
  running.update(Bytes(digest).first(digest_size(hash)));
  running.update(salt);
  running.digest(out);
}

/// EMSA-PSS, section 9.1.1, with emBits = 8 * size - 1.
void encode_pss(Hash hash, Bytes content, Random& random, MutableBytes out) {
  const std::size_t digest = digest_size(hash);
  const MutableBytes masked = out.first(out.size() - digest - 1);
  const MutableBytes salt = masked.last(digest);
  const MutableBytes hashed = out.subspan(masked.size(), digest);
  std::ranges::fill(masked, std::uint8_t{0});
  masked[masked.size() - digest - 1] = 1;
  random.fill(salt);
  pss_hash(hash, content, salt, hashed);
  mask(hash, hashed, masked);
  masked[0] &= 0x7f;
  out.back() = kTrailer;
}

/// Section 9.1.2.
bool verify_pss(Hash hash, Bytes content, Bytes encoded) {
  const std::size_t digest = digest_size(hash);
  std::array<std::uint8_t, kMaxRsaModulus> unmasked{};
  const MutableBytes block = MutableBytes(unmasked).first(encoded.size() - digest - 1);
  const Bytes hashed = encoded.subspan(block.size(), digest);
  if (encoded.back() != kTrailer || (encoded[0] & 0x80U) != 0) return false;
  std::memcpy(block.data(), encoded.data(), block.size());
  mask(hash, hashed, block);
  block[0] &= 0x7f;
  const Bytes padding = block.first(block.size() - digest - 1);
  if (std::ranges::any_of(padding, [](std::uint8_t byte) { return byte != 0; }) || block[padding.size()] != 1)
    return false;
  std::array<std::uint8_t, kMaxDigest> expected{};
  pss_hash(hash, content, block.last(digest), expected);
  return std::equal(hashed.begin(), hashed.end(), expected.begin());
}

}  // namespace

bool has_rsa_padding(SignatureScheme scheme) {
  return is_pss(scheme) || scheme == SignatureScheme::rsa_pkcs1_sha256 || scheme == SignatureScheme::rsa_pkcs1_sha384;
}

void encode_rsa_message(SignatureScheme scheme, Bytes content, Random& random, MutableBytes out) {
  if (is_pss(scheme))
    encode_pss(hash_of(scheme), content, random, out);
  else
    encode_pkcs1(hash_of(scheme), content, out);
}

bool verify_rsa_message(SignatureScheme scheme, Bytes content, Bytes encoded) {
  if (is_pss(scheme)) return verify_pss(hash_of(scheme), content, encoded);
  std::array<std::uint8_t, kMaxRsaModulus> expected{};
  encode_pkcs1(hash_of(scheme), content, MutableBytes(expected).first(encoded.size()));
  return std::equal(encoded.begin(), encoded.end(), expected.begin());
}

}  // namespace lockstep::crypto::lanes

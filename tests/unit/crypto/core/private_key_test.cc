#include "crypto/private_key.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "crypto/job.h"

namespace lockstep::crypto {
namespace {

class TestKey final : public PrivateKey {
 public:
  TestKey(KeyType type, unsigned bits) : PrivateKey(type, bits) {}
};

constexpr SignatureScheme kSchemes[] = {SignatureScheme::rsa_pkcs1_sha1,
                                        SignatureScheme::ecdsa_sha1,
                                        SignatureScheme::rsa_pkcs1_sha256,
                                        SignatureScheme::ecdsa_secp256r1_sha256,
                                        SignatureScheme::rsa_pkcs1_sha384,
                                        SignatureScheme::ecdsa_secp384r1_sha384,
                                        SignatureScheme::rsa_pkcs1_sha512,
                                        SignatureScheme::rsa_pss_rsae_sha256,
                                        SignatureScheme::rsa_pss_rsae_sha384,
                                        SignatureScheme::rsa_pss_rsae_sha512,
                                        SignatureScheme::ed25519};

std::vector<SignatureScheme> signable(KeyType type, unsigned bits) {
  const TestKey key(type, bits);
  std::vector<SignatureScheme> schemes;
  for (const SignatureScheme scheme : kSchemes) {
    if (key.can_sign(scheme)) schemes.push_back(scheme);
  }
  return schemes;
}

TEST(PrivateKey, RsaSignsWithEveryRsaScheme) {
  const std::vector<SignatureScheme> expected = {
      SignatureScheme::rsa_pkcs1_sha1,      SignatureScheme::rsa_pkcs1_sha256,    SignatureScheme::rsa_pkcs1_sha384,
      SignatureScheme::rsa_pkcs1_sha512,    SignatureScheme::rsa_pss_rsae_sha256, SignatureScheme::rsa_pss_rsae_sha384,
      SignatureScheme::rsa_pss_rsae_sha512,
  };
  EXPECT_EQ(signable(KeyType::rsa, 2048), expected);
  EXPECT_EQ(signable(KeyType::rsa, 4096), expected);
}

TEST(PrivateKey, PssNeedsAModulusForHashSaltAndTwoBytes) {
  // RFC 8017 section 9.1.1 with a salt as long as the hash: 2 * 64 + 2 = 130 bytes for SHA-512.
  const auto rsa = [](unsigned bits) { return TestKey(KeyType::rsa, bits); };
  EXPECT_FALSE(rsa(1024).can_sign(SignatureScheme::rsa_pss_rsae_sha512));
  EXPECT_FALSE(rsa(129 * 8 + 1).can_sign(SignatureScheme::rsa_pss_rsae_sha512));
  EXPECT_TRUE(rsa(129 * 8 + 2).can_sign(SignatureScheme::rsa_pss_rsae_sha512));
  EXPECT_TRUE(rsa(1024).can_sign(SignatureScheme::rsa_pss_rsae_sha384));
  EXPECT_FALSE(rsa(512).can_sign(SignatureScheme::rsa_pss_rsae_sha256));
}

TEST(PrivateKey, Pkcs1NeedsAModulusForTheDigestInfo) {
  // RFC 8017 section 9.2: 19 + 64 + 11 = 94 bytes for SHA-512.
  const auto rsa = [](unsigned bits) { return TestKey(KeyType::rsa, bits); };
  EXPECT_FALSE(rsa(93 * 8).can_sign(SignatureScheme::rsa_pkcs1_sha512));
  EXPECT_TRUE(rsa(93 * 8 + 1).can_sign(SignatureScheme::rsa_pkcs1_sha512));
}

TEST(PrivateKey, RsaLargerThanTheLargestSignatureSignsNothing) {
  EXPECT_TRUE(signable(KeyType::rsa, 4097).empty());
}

TEST(PrivateKey, EllipticKeysSignOnlyForTheirCurve) {
  using Schemes = std::vector<SignatureScheme>;
  EXPECT_EQ(signable(KeyType::ecdsa_p256, 256),
            (Schemes{SignatureScheme::ecdsa_sha1, SignatureScheme::ecdsa_secp256r1_sha256}));
  EXPECT_EQ(signable(KeyType::ecdsa_p384, 384),
            (Schemes{SignatureScheme::ecdsa_sha1, SignatureScheme::ecdsa_secp384r1_sha384}));
  EXPECT_EQ(signable(KeyType::ed25519, 255), (Schemes{SignatureScheme::ed25519}));
}

TEST(PrivateKey, HasAnIdOfItsOwn) {
  const TestKey first(KeyType::rsa, 2048);
  const TestKey second(KeyType::rsa, 2048);
  EXPECT_NE(first.id(), second.id());
  EXPECT_NE(first.id(), 0U);
}

TEST(JobClass, EveryClassHasItsOwnName) {
  std::set<std::string> names;
  for (std::size_t index = 0; index < kJobClasses; ++index) names.insert(name(static_cast<JobClass>(index)));
  EXPECT_EQ(names.size(), kJobClasses);
}

}  // namespace
}  // namespace lockstep::crypto

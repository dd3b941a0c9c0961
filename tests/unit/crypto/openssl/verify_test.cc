// Signatures of what is hashed already, as TLS 1.2 has its transcripts.
#include "crypto/openssl/verify.h"

#include <gtest/gtest.h>

#include "crypto/openssl/key.h"
#include "crypto/openssl/key_file.h"
#include "crypto/openssl/key_numbers.h"
#include "tests/support/certificates.h"

namespace lockstep::crypto::test {
namespace {

class HashedContent : public ::testing::Test {
 protected:
  /// Signs `content_` by `scheme` and verifies that from its hash by `claimed`.
  JobStatus verify(const std::string& type, SignatureScheme scheme, SignatureScheme claimed, Hash hash) {
    const auto key = load_private_key(lockstep::test::make_key(type));
    EXPECT_TRUE(key.ok());
    const PeerKey peer = peer_key(*key.value());
    const std::size_t size = static_cast<const OpensslKey&>(*key.value()).sign(scheme, content_, signature_);
    digest_of(hash, content_, digest_);
    job_.key = &peer;
    job_.scheme = claimed;
    job_.hashed = true;
    job_.content = Bytes(digest_).first(digest_size(hash));
    job_.signature = Bytes(signature_).first(size);
    const JobStatus status = operations_.verify(job_);
    digest_[0] ^= 1;
    EXPECT_EQ(operations_.verify(job_), JobStatus::bad_signature) << "of another hash";
    return status;
  }
  JobStatus verify(const std::string& type, SignatureScheme scheme, Hash hash) {
    return verify(type, scheme, scheme, hash);
  }

  VerifyOperations operations_;
  std::vector<std::uint8_t> content_ = std::vector<std::uint8_t>(1000, 7);
  std::array<std::uint8_t, kMaxSignature> signature_{};
  std::array<std::uint8_t, kMaxDigest> digest_{};
  VerifyJob job_;
};

TEST_F(HashedContent, IsVerifiedByEverySchemeThatTls12AsksFor) {
  EXPECT_EQ(verify("P-256", SignatureScheme::ecdsa_secp256r1_sha256, Hash::sha256), JobStatus::ok);
  EXPECT_EQ(verify("P-384", SignatureScheme::ecdsa_secp384r1_sha384, Hash::sha384), JobStatus::ok);
  EXPECT_EQ(verify("RSA", SignatureScheme::rsa_pkcs1_sha256, Hash::sha256), JobStatus::ok);
  EXPECT_EQ(verify("RSA", SignatureScheme::rsa_pkcs1_sha384, Hash::sha384), JobStatus::ok);
  EXPECT_EQ(verify("RSA", SignatureScheme::rsa_pss_rsae_sha256, Hash::sha256), JobStatus::ok);
  EXPECT_EQ(verify("RSA", SignatureScheme::rsa_pss_rsae_sha384, Hash::sha384), JobStatus::ok);
}

TEST_F(HashedContent, IsNotVerifiedByAnotherPaddingHashOrKeyType) {
  constexpr auto kPkcs1 = SignatureScheme::rsa_pkcs1_sha256;
  constexpr auto kPss = SignatureScheme::rsa_pss_rsae_sha256;
  EXPECT_EQ(verify("RSA", kPkcs1, kPss, Hash::sha256), JobStatus::bad_signature);
  EXPECT_EQ(verify("RSA", kPkcs1, SignatureScheme::rsa_pkcs1_sha384, Hash::sha256), JobStatus::bad_signature);
  EXPECT_EQ(verify("RSA", kPkcs1, SignatureScheme::ecdsa_secp256r1_sha256, Hash::sha256), JobStatus::bad_signature);
  EXPECT_EQ(verify("ED25519", SignatureScheme::ed25519, Hash::sha256), JobStatus::bad_signature);
}

}  // namespace
}  // namespace lockstep::crypto::test

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <map>

#include "crypto/openssl/engine.h"
#include "crypto/openssl/handles.h"
#include "crypto/openssl/key.h"
#include "crypto/openssl/key_file.h"
#include "tests/support/certificates.h"
#include "tests/support/vectors.h"
#include "tests/unit/crypto/openssl/support.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::hex;
using lockstep::test::make_key;
using lockstep::test::rsa_2048_key;

struct Scheme {
  SignatureScheme scheme;
  KeyType type;
  const char* digest;
  bool pss;
};
constexpr std::array kSchemes = {
    Scheme{SignatureScheme::rsa_pkcs1_sha1, KeyType::rsa, "SHA1", false},
    Scheme{SignatureScheme::rsa_pkcs1_sha256, KeyType::rsa, "SHA256", false},
    Scheme{SignatureScheme::rsa_pkcs1_sha384, KeyType::rsa, "SHA384", false},
    Scheme{SignatureScheme::rsa_pkcs1_sha512, KeyType::rsa, "SHA512", false},
    Scheme{SignatureScheme::rsa_pss_rsae_sha256, KeyType::rsa, "SHA256", true},
    Scheme{SignatureScheme::rsa_pss_rsae_sha384, KeyType::rsa, "SHA384", true},
    Scheme{SignatureScheme::rsa_pss_rsae_sha512, KeyType::rsa, "SHA512", true},
    Scheme{SignatureScheme::ecdsa_sha1, KeyType::ecdsa_p256, "SHA1", false},
    Scheme{SignatureScheme::ecdsa_secp256r1_sha256, KeyType::ecdsa_p256, "SHA256", false},
    Scheme{SignatureScheme::ecdsa_secp384r1_sha384, KeyType::ecdsa_p384, "SHA384", false},
    Scheme{SignatureScheme::ed25519, KeyType::ed25519, nullptr, false},
};

std::string key_for(KeyType type) {
  switch (type) {
    case KeyType::rsa:
      return rsa_2048_key();
    case KeyType::ecdsa_p256:
      return make_key("P-256");
    case KeyType::ecdsa_p384:
      return make_key("P-384");
    case KeyType::ed25519:
      break;
  }
  return make_key("ED25519");
}

/// Verifies with EVP alone, from the PEM, so that nothing of the code under test takes part.
bool verifies(const std::string& pem, const Scheme& scheme, Bytes content, Bytes signature) {
  const UniqueBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const UniquePkey pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  const UniqueDigestContext context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  if (EVP_DigestVerifyInit_ex(context.get(), &parameters, scheme.digest, nullptr, nullptr, pkey.get(), nullptr) != 1)
    return false;
  if (scheme.pss && (EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) != 1 ||
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), content.data(), content.size()) == 1;
}

/// PEM of a PKCS #8 structure.
std::string pem_of(const std::vector<std::uint8_t>& pkcs8) {
  std::string text(4 * ((pkcs8.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), pkcs8.data(), static_cast<int>(pkcs8.size()));
  text.resize(static_cast<std::size_t>(size));
  for (std::size_t at = 64; at < text.size(); at += 65) text.insert(at, "\n");
  return "-----BEGIN PRIVATE KEY-----\n" + text + "\n-----END PRIVATE KEY-----\n";
}

class Sign : public testing::Test {
 protected:
  JobStatus sign(const PrivateKey& key, SignatureScheme scheme, Bytes content) {
    job_.key = &key;
    job_.scheme = scheme;
    job_.content_size = static_cast<std::uint16_t>(content.size());
    std::copy(content.begin(), content.end(), job_.content.begin());
    return run_one(*engine_, job_);
  }
  Bytes signature() const { return Bytes(job_.signature).first(job_.signature_size); }

  Random random_ = Random::from_number(3);
  std::unique_ptr<Engine> engine_ = make_openssl_engine(random_);
  SignJob job_;
};

TEST_F(Sign, EverySchemeVerifiesUnderEvp) {
  for (const Scheme& scheme : kSchemes) {
    const std::string pem = key_for(scheme.type);
    const auto key = load_private_key(pem);
    ASSERT_TRUE(key) << key.error();
    for (const std::size_t size : {0, 1, 64, 200}) {
      const std::vector<std::uint8_t> content(size, 0x5a);
      ASSERT_EQ(sign(*key.value(), scheme.scheme, content), JobStatus::ok) << static_cast<int>(scheme.scheme);
      EXPECT_TRUE(verifies(pem, scheme, content, signature())) << static_cast<int>(scheme.scheme);
      std::vector<std::uint8_t> other = content;
      other.push_back(1);
      EXPECT_FALSE(verifies(pem, scheme, other, signature())) << static_cast<int>(scheme.scheme);
    }
  }
}

TEST_F(Sign, RefusesASchemeOfAnotherKeyType) {
  const auto key = load_private_key(make_key("P-256"));
  ASSERT_TRUE(key);
  const std::vector<std::uint8_t> content(10, 1);
  for (const SignatureScheme scheme : {SignatureScheme::rsa_pss_rsae_sha256, SignatureScheme::ecdsa_secp384r1_sha384,
                                       SignatureScheme::ed25519, static_cast<SignatureScheme>(0x1234)}) {
    EXPECT_EQ(sign(*key.value(), scheme, content), JobStatus::engine_failed);
    EXPECT_EQ(job_.signature_size, 0);
    EXPECT_TRUE(std::all_of(job_.signature.begin(), job_.signature.end(), [](std::uint8_t b) { return b == 0; }));
  }
}

TEST_F(Sign, AFailureDoesNotDisturbItsNeighbours) {
  const auto key = load_private_key(make_key("P-256"));
  ASSERT_TRUE(key);
  SignJob good;
  SignJob bad;
  SignJob also_good;
  for (SignJob* const job : {&good, &bad, &also_good}) job->key = key.value().get();
  bad.scheme = SignatureScheme::ed25519;
  const std::array<Job*, 3> jobs = {&good, &bad, &also_good};
  ASSERT_TRUE(run_all(*engine_, jobs));
  EXPECT_EQ(good.status, JobStatus::ok);
  EXPECT_EQ(bad.status, JobStatus::engine_failed);
  EXPECT_EQ(also_good.status, JobStatus::ok);
}

TEST_F(Sign, Ed25519IsRfc8032) {  // section 7.1, test 1
  const auto key = load_private_key(
      pem_of(hex("302e020100300506032b657004220420 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
  ASSERT_TRUE(key) << key.error();
  ASSERT_EQ(sign(*key.value(), SignatureScheme::ed25519, {}), JobStatus::ok);
  EXPECT_EQ(copy_of(signature()), hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                                      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
}

TEST_F(Sign, RsaPkcs1IsWycheproofs) {
  LOCKSTEP_SHARED_VECTORS(json, "rsa_pkcs1_2048_sig_gen_test.json");
  const std::map<std::string, SignatureScheme> schemes = {{"SHA-1", SignatureScheme::rsa_pkcs1_sha1},
                                                          {"SHA-256", SignatureScheme::rsa_pkcs1_sha256},
                                                          {"SHA-384", SignatureScheme::rsa_pkcs1_sha384},
                                                          {"SHA-512", SignatureScheme::rsa_pkcs1_sha512}};
  std::size_t cases = 0;
  for (const auto& group : json["testGroups"]) {
    const auto scheme = schemes.find(group["sha"].get<std::string>());
    if (scheme == schemes.end()) continue;
    const auto key = load_private_key(pem_of(hex(group["privateKeyPkcs8"])));
    ASSERT_TRUE(key) << key.error();
    for (const auto& test : group["tests"]) {
      const std::vector<std::uint8_t> content = hex(test["msg"]);
      if (content.size() > job_.content.size()) continue;
      ASSERT_EQ(sign(*key.value(), scheme->second, content), JobStatus::ok);
      EXPECT_EQ(copy_of(signature()), hex(test["sig"])) << test["tcId"];
      ++cases;
    }
  }
  lockstep::test::report_cases("rsa_pkcs1_2048_sig_gen", cases);
}

}  // namespace
}  // namespace lockstep::crypto::test

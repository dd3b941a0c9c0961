#include "crypto/openssl/trust_store.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <ctime>

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/handles.h"
#include "tests/support/certificates.h"

namespace lockstep::crypto {
namespace {

using lockstep::test::CertificateRequest;
using lockstep::test::Issuer;
using lockstep::test::make_revocation_list;

/// Certificates in the form of a Certificate message.
class Entries {
 public:
  void add(const std::string& pem, bool with_extensions = false) {
    const UniqueBio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const UniqueCertificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    std::uint8_t* der = nullptr;
    const int size = i2d_X509(certificate.get(), &der);
    bytes.insert(bytes.end(), {static_cast<std::uint8_t>(size >> 16), static_cast<std::uint8_t>(size >> 8),
                               static_cast<std::uint8_t>(size)});
    bytes.insert(bytes.end(), der, der + size);
    OPENSSL_free(der);
    if (with_extensions) bytes.insert(bytes.end(), {0, 2, 0xab, 0xcd});
  }
  std::vector<std::uint8_t> bytes;
};

class TrustStoreTest : public ::testing::Test {
 protected:
  TrustStoreTest() {
    request_.key_pem = lockstep::test::make_key("P-256");
    request_.common_name = "Alice";
    request_.extended_key_usage = "clientAuth";
  }

  std::shared_ptr<const TrustStore> trust(const std::vector<std::string_view>& lists = {}, int depth = 8) {
    auto loaded =
        load_trust_store({.authorities = authority_.certificate_pem, .revocation_lists = lists, .depth = depth});
    EXPECT_TRUE(loaded) << loaded.error();
    return loaded ? loaded.value().store : nullptr;
  }
  ChainVerdict verify(const std::vector<std::uint8_t>& certificates, const TrustStore& trusted) {
    job_.trust = &trusted;
    job_.certificates = certificates;
    job_.time = std::time(nullptr);
    EXPECT_EQ(verify_chain(job_), JobStatus::ok);
    return job_.verdict;
  }
  ChainVerdict verify(const std::string& pem) {
    Entries entries;
    entries.add(pem);
    return verify(entries.bytes, *trust());
  }

  Issuer authority_ = lockstep::test::make_authority("Test CA");
  CertificateRequest request_;
  VerifyChainJob job_;
};

TEST_F(TrustStoreTest, TellsUntilWhenTheChainIsValid) {
  request_.not_after = 600;
  const std::int64_t before = std::time(nullptr);
  EXPECT_EQ(verify(lockstep::test::make_certificate(request_, &authority_)), ChainVerdict::valid);
  EXPECT_GE(job_.valid_until, before + 600);
  EXPECT_LE(job_.valid_until, std::time(nullptr) + 600);
  // The authority's own time is up first.
  request_.not_after = 365L * 24 * 3600;
  EXPECT_EQ(verify(lockstep::test::make_certificate(request_, &authority_)), ChainVerdict::valid);
  EXPECT_LT(job_.valid_until, before + 360L * 24 * 3600);
}

TEST_F(TrustStoreTest, AChainOfItsAuthorityIsValidAndDescribed) {
  const std::string certificate = lockstep::test::make_certificate(request_, &authority_);
  EXPECT_EQ(verify(certificate), ChainVerdict::valid);
  EXPECT_EQ(std::string_view(job_.subject.data(), job_.subject_size), "CN=Alice");
  EXPECT_EQ(job_.key.type, KeyType::ecdsa_p256);
  EXPECT_EQ(job_.key.point[0], 4);
  EXPECT_NE(job_.fingerprint, (std::array<std::uint8_t, 32>{}));
}

TEST_F(TrustStoreTest, KeysOfEveryKindThatSignAreTakenOut) {
  for (const auto& [type, expected] :
       {std::pair("RSA", KeyType::rsa), std::pair("P-256", KeyType::ecdsa_p256),
        std::pair("P-384", KeyType::ecdsa_p384), std::pair("ED25519", KeyType::ed25519)}) {
    request_.key_pem = lockstep::test::make_key(type);
    EXPECT_EQ(verify(lockstep::test::make_certificate(request_, &authority_)), ChainVerdict::valid) << type;
    EXPECT_EQ(job_.key.type, expected) << type;
  }
  EXPECT_EQ(job_.key.rsa_modulus_size, 256);
  EXPECT_EQ(job_.key.rsa_exponent, 65537U);
}

TEST_F(TrustStoreTest, EntriesWithExtensionsAreRead) {
  Entries entries;
  entries.add(lockstep::test::make_certificate(request_, &authority_), true);
  job_.with_extensions = true;
  EXPECT_EQ(verify(entries.bytes, *trust()), ChainVerdict::valid);
}

TEST_F(TrustStoreTest, AnIntermediateIsFollowedUpToTheDepth) {
  CertificateRequest between;
  between.key_pem = lockstep::test::make_key("P-256");
  between.common_name = "Intermediate";
  between.authority = true;
  between.alt_names.clear();
  between.extended_key_usage.clear();
  const Issuer intermediate = {lockstep::test::make_certificate(between, &authority_), between.key_pem};
  Entries entries;
  entries.add(lockstep::test::make_certificate(request_, &intermediate));
  EXPECT_EQ(verify(entries.bytes, *trust()), ChainVerdict::unknown_authority) << "the intermediate is missing";
  entries.add(intermediate.certificate_pem);
  EXPECT_EQ(verify(entries.bytes, *trust({}, 1)), ChainVerdict::valid);
  EXPECT_EQ(verify(entries.bytes, *trust({}, 0)), ChainVerdict::unknown_authority);
}

TEST_F(TrustStoreTest, EachFaultHasItsVerdict) {
  const Issuer stranger = lockstep::test::make_authority("Test CA");
  EXPECT_EQ(verify(lockstep::test::make_certificate(request_, &stranger)), ChainVerdict::malformed)
      << "of the same name, signed by another key";
  const Issuer other = lockstep::test::make_authority("Other CA");
  EXPECT_EQ(verify(lockstep::test::make_certificate(request_, &other)), ChainVerdict::unknown_authority);
  EXPECT_EQ(verify(lockstep::test::make_certificate(request_)), ChainVerdict::unknown_authority) << "self-signed";

  CertificateRequest request = request_;
  request.not_after = -60;
  EXPECT_EQ(verify(lockstep::test::make_certificate(request, &authority_)), ChainVerdict::expired);
  request = request_;
  request.not_before = 3600;
  EXPECT_EQ(verify(lockstep::test::make_certificate(request, &authority_)), ChainVerdict::expired);
  request = request_;
  request.extended_key_usage = "serverAuth";
  EXPECT_EQ(verify(lockstep::test::make_certificate(request, &authority_)), ChainVerdict::unsupported);
  request = request_;
  request.key_usage = "critical,keyAgreement";
  EXPECT_EQ(verify(lockstep::test::make_certificate(request, &authority_)), ChainVerdict::unsupported);
  request = request_;
  request.key_pem = lockstep::test::make_key("P-521");
  EXPECT_EQ(verify(lockstep::test::make_certificate(request, &authority_)), ChainVerdict::unsupported);
}

TEST_F(TrustStoreTest, GarbageIsMalformedAtEveryCut) {
  Entries entries;
  entries.add(lockstep::test::make_certificate(request_, &authority_));
  const auto trusted = trust();
  EXPECT_EQ(verify({}, *trusted), ChainVerdict::malformed);
  for (std::size_t size = 1; size < entries.bytes.size(); ++size)
    EXPECT_EQ(
        verify(std::vector(entries.bytes.begin(), entries.bytes.begin() + static_cast<std::ptrdiff_t>(size)), *trusted),
        ChainVerdict::malformed);
  std::vector<std::uint8_t> longer = entries.bytes;
  longer.push_back(0);
  EXPECT_EQ(verify(longer, *trusted), ChainVerdict::malformed);
}

TEST_F(TrustStoreTest, AServersCertificateIsForItsNames) {
  request_.extended_key_usage = "serverAuth";
  request_.alt_names = "DNS:example.org,DNS:*.example.net,IP:198.18.0.7";
  Entries entries;
  entries.add(lockstep::test::make_certificate(request_, &authority_));
  const auto trusted = trust();
  job_.purpose = ChainPurpose::server;
  const auto verdict_for = [&](std::string_view name) {
    job_.server_name = {reinterpret_cast<const std::uint8_t*>(name.data()), name.size()};
    return verify(entries.bytes, *trusted);
  };
  for (const char* name : {"example.org", "EXAMPLE.org", "www.example.net", "198.18.0.7"})
    EXPECT_EQ(verdict_for(name), ChainVerdict::valid) << name;
  // Not by the common name, not below a wildcard's label, not for another address.
  for (const char* name : {"Alice", "a.b.example.net", "example.net", "198.18.0.8"})
    EXPECT_EQ(verdict_for(name), ChainVerdict::wrong_name) << name;
}

TEST_F(TrustStoreTest, ARevokedCertificateIsRefusedAndOthersAreNot) {
  const std::string revoked = lockstep::test::make_certificate(request_, &authority_);
  const std::string good = lockstep::test::make_certificate(request_, &authority_);
  const std::string list = make_revocation_list(authority_, revoked);
  const auto trusted = trust({list});
  Entries bad;
  bad.add(revoked);
  EXPECT_EQ(verify(bad.bytes, *trusted), ChainVerdict::revoked);
  Entries fine;
  fine.add(good);
  EXPECT_EQ(verify(fine.bytes, *trusted), ChainVerdict::valid);
}

TEST_F(TrustStoreTest, ItsDigestChangesWithAuthoritiesListsAndDepth) {
  const std::string list = make_revocation_list(authority_, "");
  const auto plain = trust()->digest();
  EXPECT_EQ(plain, trust()->digest());
  EXPECT_NE(plain, trust({list})->digest());
  EXPECT_NE(plain, trust({}, 3)->digest());
  authority_ = lockstep::test::make_authority("Test CA");
  EXPECT_NE(plain, trust()->digest());
}

TEST_F(TrustStoreTest, FilesThatAreNoneAreRefusedWithARemedy) {
  const auto error_of = [](std::string_view authorities, std::vector<std::string_view> lists = {}) {
    const auto loaded = load_trust_store({.authorities = authorities, .revocation_lists = std::move(lists)});
    return loaded ? std::string() : loaded.error();
  };
  EXPECT_NE(error_of("").find("no certificate in PEM form"), std::string::npos);
  EXPECT_NE(error_of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").find("damaged"),
            std::string::npos);
  const std::string leaf = lockstep::test::make_certificate(request_, &authority_);
  EXPECT_NE(error_of(leaf).find("not that of an authority"), std::string::npos);
  EXPECT_NE(error_of(authority_.certificate_pem, {"garbage"}).find("revocation list cannot be read"),
            std::string::npos);
}

}  // namespace
}  // namespace lockstep::crypto

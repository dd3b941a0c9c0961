#include "crypto/openssl/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "crypto/openssl/key_file.h"
#include "tests/support/certificates.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::CertificateRequest;
using lockstep::test::Issuer;
using lockstep::test::make_authority;
using lockstep::test::make_certificate;
using lockstep::test::make_key;
using lockstep::test::rsa_2048_key;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

CertificateRequest request_with(const std::string& key_pem) {
  CertificateRequest request;
  request.key_pem = key_pem;
  return request;
}

std::string error_of(std::string_view pem) {
  const auto chain = load_certificate_chain(pem);
  return chain ? "no error" : chain.error();
}

TEST(Certificate, SaysWhatIsInIt) {
  CertificateRequest request = request_with(rsa_2048_key());
  request.common_name = "shop";
  request.alt_names = "DNS:Example.ORG,DNS:*.example.org,IP:192.0.2.1";
  const std::int64_t now = std::time(nullptr);
  const auto chain = load_certificate_chain(make_certificate(request));
  ASSERT_TRUE(chain) << chain.error();
  EXPECT_EQ(chain.value().der.size(), 1U);
  EXPECT_EQ(chain.value().subject, "CN=shop");
  EXPECT_THAT(chain.value().dns_names, ElementsAre("example.org", "*.example.org"));
  EXPECT_NEAR(static_cast<double>(chain.value().not_before), static_cast<double>(now - 3600), 5);
  EXPECT_NEAR(static_cast<double>(chain.value().not_after), static_cast<double>(now + 24 * 3600), 5);
  EXPECT_EQ(chain.value().key_type, KeyType::rsa);
  EXPECT_EQ(chain.value().key_bits, 2048U);
}

TEST(Certificate, KnowsEveryKeyType) {
  const auto type_of = [](const std::string& key_pem) {
    const auto chain = load_certificate_chain(make_certificate(request_with(key_pem)));
    EXPECT_TRUE(chain) << chain.error();
    return chain.value().key_type;
  };
  EXPECT_EQ(type_of(make_key("P-256")), KeyType::ecdsa_p256);
  EXPECT_EQ(type_of(make_key("P-384")), KeyType::ecdsa_p384);
  EXPECT_EQ(type_of(make_key("ED25519")), KeyType::ed25519);
}

TEST(Certificate, TakesTheCommonNameForNoHostName) {  // RFC 9525 section 2
  CertificateRequest request = request_with(make_key("P-256"));
  request.common_name = "example.org";
  request.alt_names.clear();
  const auto chain = load_certificate_chain(make_certificate(request));
  ASSERT_TRUE(chain) << chain.error();
  EXPECT_THAT(chain.value().dns_names, IsEmpty());
}

TEST(Certificate, KeepsTheChainInOrderAndPassesOverKeys) {
  const Issuer authority = make_authority("Authority");
  CertificateRequest between = request_with(make_key("P-256"));
  between.common_name = "Intermediate";
  between.authority = true;
  const Issuer intermediate = {make_certificate(between, &authority), between.key_pem};
  const CertificateRequest request = request_with(make_key("P-256"));
  const auto chain =
      load_certificate_chain(request.key_pem + make_certificate(request, &intermediate) + intermediate.certificate_pem);
  ASSERT_TRUE(chain) << chain.error();
  EXPECT_EQ(chain.value().der.size(), 2U);
  EXPECT_EQ(chain.value().subject, "CN=test");
  EXPECT_THAT(chain.value().subjects, ElementsAre("CN=test", "CN=Intermediate", "CN=Authority"));
}

TEST(Certificate, NamesTheOneThatIsOutOfOrder) {
  const Issuer authority = make_authority("Authority");
  const std::string leaf = make_certificate(request_with(make_key("P-256")), &authority);
  const std::string stranger = make_authority("Stranger").certificate_pem;
  EXPECT_THAT(error_of(authority.certificate_pem + leaf),
              HasSubstr("certificate 2 (CN=test) did not issue certificate 1 (CN=Authority)"));
  EXPECT_THAT(error_of(leaf + stranger),
              HasSubstr("certificate 2 (CN=Stranger) did not issue certificate 1 (CN=test)"));
  EXPECT_THAT(error_of(leaf + authority.certificate_pem + stranger), HasSubstr("certificate 3 (CN=Stranger)"));
}

TEST(Certificate, NoticesAnIssuerOfTheSameNameWithAnotherKey) {
  const Issuer authority = make_authority("Authority");
  const std::string leaf = make_certificate(request_with(make_key("P-256")), &authority);
  EXPECT_THAT(error_of(leaf + make_authority("Authority").certificate_pem),
              HasSubstr("is not signed by the key of certificate 2"));
}

TEST(Certificate, TellsForWhichSideItIs) {
  CertificateRequest request = request_with(make_key("P-256"));
  for (const std::string usage : {"", "serverAuth", "clientAuth", "serverAuth,clientAuth", "anyExtendedKeyUsage"}) {
    request.extended_key_usage = usage;
    const auto chain = load_certificate_chain(make_certificate(request));
    ASSERT_TRUE(chain.ok()) << usage << chain.error();
    EXPECT_EQ(chain.value().for_servers, usage != "clientAuth") << usage;
    EXPECT_EQ(chain.value().for_clients, usage != "serverAuth") << usage;
  }
}

TEST(Certificate, RefusesWhatNobodyMayUse) {
  CertificateRequest request = request_with(make_key("P-256"));
  request.key_usage = "critical,keyAgreement";
  EXPECT_THAT(error_of(make_certificate(request)), HasSubstr("digitalSignature"));
  request = request_with(make_key("P-256"));
  request.extended_key_usage = "codeSigning";
  EXPECT_THAT(error_of(make_certificate(request)), HasSubstr("serverAuth"));
  request.extended_key_usage.clear();
  request.key_usage.clear();
  EXPECT_EQ(error_of(make_certificate(request)), "no error");
}

// RFC 5246 section 7.4.2: for the RSA key exchange, keyEncipherment is set if there is a key usage at all.
TEST(Certificate, SaysWhetherItAllowsTheRsaKeyExchange) {
  CertificateRequest request = request_with(lockstep::test::rsa_2048_key());
  const auto allows = [&](const char* usage) {
    request.key_usage = usage;
    return load_certificate_chain(make_certificate(request)).value().key_encipherment;
  };
  EXPECT_FALSE(allows("critical,digitalSignature"));
  EXPECT_TRUE(allows("critical,digitalSignature,keyEncipherment"));
  EXPECT_TRUE(allows(""));
}

TEST(Certificate, RefusesKeysThatCannotBeUsed) {
  EXPECT_THAT(error_of(make_certificate(request_with(make_key("RSA", 1024)))), HasSubstr("1024 bits"));
  EXPECT_THAT(error_of(make_certificate(request_with(make_key("P-521")))), HasSubstr("use RSA, ECDSA P-256"));
}

TEST(Certificate, RefusesNamesWithStrangeCharacters) {
  CertificateRequest request = request_with(make_key("P-256"));
  request.alt_names = "DNS:exa mple.org";
  EXPECT_THAT(error_of(make_certificate(request)), HasSubstr("a character that no host name has"));
}

TEST(Certificate, LeavesTheRootOutButKnowsItAsTheIssuer) {
  const Issuer authority = make_authority("Authority");
  const std::string leaf = make_certificate(request_with(make_key("P-256")), &authority);
  const auto chain = load_certificate_chain(leaf + authority.certificate_pem);
  ASSERT_TRUE(chain) << chain.error();
  EXPECT_EQ(chain.value().der.size(), 1U);
  EXPECT_TRUE(chain.value().root_left_out);
  EXPECT_FALSE(chain.value().issuer_der.empty());
  EXPECT_THAT(chain.value().subjects, ElementsAre("CN=test", "CN=Authority"));
  const auto alone = load_certificate_chain(leaf);
  ASSERT_TRUE(alone);
  EXPECT_FALSE(alone.value().root_left_out);
  EXPECT_TRUE(alone.value().issuer_der.empty());
}

TEST(Certificate, SendsASelfSignedOneThatIsAlone) {
  const auto chain = load_certificate_chain(make_certificate(request_with(make_key("P-256"))));
  ASSERT_TRUE(chain) << chain.error();
  EXPECT_EQ(chain.value().der.size(), 1U);
  EXPECT_FALSE(chain.value().root_left_out);
}

TEST(Certificate, KnowsItsRespondersAndWhatItPromises) {
  CertificateRequest request = request_with(make_key("P-256"));
  EXPECT_FALSE(load_certificate_chain(make_certificate(request)).value().must_staple);
  request.ocsp_url = "http://ocsp.example.org/x";
  request.must_staple = true;
  const auto chain = load_certificate_chain(make_certificate(request));
  ASSERT_TRUE(chain) << chain.error();
  EXPECT_TRUE(chain.value().must_staple);
  EXPECT_THAT(chain.value().ocsp_urls, ElementsAre("http://ocsp.example.org/x"));
}

TEST(Certificate, TakesAnIssuerFromAnotherFileOnlyIfItIsTheOne) {
  const Issuer authority = make_authority("Authority"), namesake = make_authority("Authority");
  const auto chain = load_certificate_chain(make_certificate(request_with(make_key("P-256")), &authority));
  ASSERT_TRUE(chain);
  const auto issuer = load_issuer(chain.value(), authority.certificate_pem);
  ASSERT_TRUE(issuer) << issuer.error();
  EXPECT_FALSE(issuer.value().empty());
  EXPECT_THAT(load_issuer(chain.value(), namesake.certificate_pem).error(), HasSubstr("is not signed by the key of"));
  EXPECT_THAT(load_issuer(chain.value(), "rubbish").error(), HasSubstr("no certificate in PEM form"));
}

TEST(Certificate, TellsWhatIsInAFileWithoutACertificate) {
  EXPECT_THAT(error_of(make_key("P-256")), HasSubstr("a private key but no certificate"));
  EXPECT_THAT(error_of("rubbish"), HasSubstr("no certificate in PEM form"));
}

TEST(Certificate, NamesTheOneThatIsDamaged) {
  const Issuer authority = make_authority("Authority");
  const std::string leaf = make_certificate(request_with(make_key("P-256")), &authority);
  std::string damaged = authority.certificate_pem;
  damaged[damaged.find('\n') + 20] = '?';
  EXPECT_THAT(error_of(leaf + damaged), HasSubstr("certificate 2 is damaged"));
  EXPECT_THAT(error_of(leaf.substr(0, leaf.size() / 2)), HasSubstr("certificate 1 is damaged"));
}

TEST(Certificate, BoundsTheChain) {
  const std::string one = make_certificate(request_with(make_key("P-256")));
  std::string many;
  for (std::size_t i = 0; i <= kMaxChain; ++i) many += one;
  EXPECT_THAT(error_of(many), HasSubstr("more than 10 certificates"));
}

TEST(Certificate, KnowsItsKeyAndNoOther) {
  for (const char* const type : {"P-256", "P-384", "ED25519"}) {
    const std::string own_pem = make_key(type);
    const auto chain = load_certificate_chain(make_certificate(request_with(own_pem)));
    const auto own = load_private_key(own_pem);
    const auto other = load_private_key(make_key(type));
    const auto rsa = load_private_key(rsa_2048_key());
    ASSERT_TRUE(chain && own && other && rsa);
    EXPECT_TRUE(key_matches(chain.value(), *own.value()));
    EXPECT_FALSE(key_matches(chain.value(), *other.value()));
    EXPECT_FALSE(key_matches(chain.value(), *rsa.value()));
  }
}

}  // namespace
}  // namespace lockstep::crypto::test

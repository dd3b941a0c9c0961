#include "crypto/openssl/ocsp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <ctime>

#include "crypto/openssl/certificate.h"
#include "crypto/openssl/handles.h"
#include "tests/support/ocsp.h"

namespace lockstep::crypto::test {
namespace {

using lockstep::test::CertificateRequest;
using lockstep::test::Issuer;
using lockstep::test::make_authority;
using lockstep::test::make_certificate;
using lockstep::test::make_key;
using lockstep::test::make_ocsp_response;
using lockstep::test::OcspAnswer;
using testing::HasSubstr;

class Ocsp : public testing::Test {
 protected:
  Ocsp() {
    CertificateRequest request;
    request.key_pem = make_key("P-256");
    leaf_ = make_certificate(request, &authority_);
    other_leaf_ = make_certificate(request, &authority_);
    chain_ = load_certificate_chain(leaf_ + authority_.certificate_pem).value();
  }
  /// A certificate that the authority issued with this extended key usage, with its key.
  Issuer issued(const std::string& extended_key_usage) const {
    CertificateRequest request;
    request.key_pem = make_key("P-256");
    request.common_name = "responder";
    request.extended_key_usage = extended_key_usage;
    return {make_certificate(request, &authority_), request.key_pem};
  }
  Result<OcspStatus, std::string> check(const std::vector<std::uint8_t>& response, std::int64_t later = 0) const {
    return check_ocsp_response(response, chain_.der.front(), chain_.issuer_der, std::time(nullptr) + later);
  }
  std::string error_of(const std::vector<std::uint8_t>& response, std::int64_t later = 0) const {
    const auto checked = check(response, later);
    return checked ? "no error" : checked.error();
  }

  const Issuer authority_ = make_authority("Authority");
  std::string leaf_, other_leaf_;
  CertificateChain chain_;
};

TEST_F(Ocsp, RequestNamesTheCertificateAndHasNoNonce) {
  const std::vector<std::uint8_t> der = make_ocsp_request(chain_.der.front(), chain_.issuer_der);
  const unsigned char* at = der.data();
  const std::unique_ptr<OCSP_REQUEST, Release<OCSP_REQUEST_free>> request(
      d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(der.size())));
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(OCSP_request_onereq_count(request.get()), 1);
  EXPECT_EQ(OCSP_REQUEST_get_ext_by_NID(request.get(), NID_id_pkix_OCSP_Nonce, -1), -1);
  EXPECT_TRUE(make_ocsp_request(chain_.der.front(), Bytes()).empty());
}

TEST_F(Ocsp, BelievesTheIssuer) {
  const auto status = check(make_ocsp_response(leaf_, authority_, authority_));
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(status.value().verdict, OcspStatus::Verdict::good);
  EXPECT_NEAR(static_cast<double>(status.value().next_update - status.value().this_update), 24 * 3600 + 60, 2);
}

TEST_F(Ocsp, BelievesAResponderThatTheIssuerDelegated) {
  const auto status = check(make_ocsp_response(leaf_, authority_, issued("OCSPSigning")));
  ASSERT_TRUE(status) << status.error();
  EXPECT_EQ(status.value().verdict, OcspStatus::Verdict::good);
}

TEST_F(Ocsp, BelievesNobodyElse) {
  EXPECT_THAT(error_of(make_ocsp_response(leaf_, authority_, issued("serverAuth"))), HasSubstr("is not signed by"));
  EXPECT_THAT(error_of(make_ocsp_response(leaf_, authority_, make_authority("Authority"))),
              HasSubstr("is not signed by"));
  std::vector<std::uint8_t> forged = make_ocsp_response(leaf_, authority_, authority_);
  forged[forged.size() / 4] ^= 1U;
  EXPECT_FALSE(check(forged));
}

TEST_F(Ocsp, EveryDamagedByteIsRefusedOrHarmless) {
  const std::vector<std::uint8_t> whole = make_ocsp_response(leaf_, authority_, issued("OCSPSigning"));
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::vector<std::uint8_t> damaged = whole;
    damaged[i] ^= 0x20U;
    const auto status = check(damaged);
    if (status) {
      EXPECT_EQ(status.value().verdict, OcspStatus::Verdict::good) << i;
    }
    damaged = whole;
    damaged.resize(i);
    EXPECT_FALSE(check(damaged)) << i;
  }
}

TEST_F(Ocsp, TellsRevokedAndUnknown) {
  const auto revoked =
      check(make_ocsp_response(leaf_, authority_, authority_, {.status = OcspAnswer::Status::revoked}));
  ASSERT_TRUE(revoked) << revoked.error();
  EXPECT_EQ(revoked.value().verdict, OcspStatus::Verdict::revoked);
  EXPECT_GT(revoked.value().revoked_at, 0);
  const auto unknown =
      check(make_ocsp_response(leaf_, authority_, authority_, {.status = OcspAnswer::Status::unknown}));
  ASSERT_TRUE(unknown) << unknown.error();
  EXPECT_EQ(unknown.value().verdict, OcspStatus::Verdict::unknown);
}

TEST_F(Ocsp, IsAboutThisCertificate) {
  EXPECT_THAT(error_of(make_ocsp_response(other_leaf_, authority_, authority_)),
              HasSubstr("about another certificate"));
}

TEST_F(Ocsp, IsNeitherOldNorFromTheFuture) {
  const auto response = make_ocsp_response(leaf_, authority_, authority_, {.next_update = 12 * 3600});
  EXPECT_EQ(error_of(response, 11 * 3600), "no error");
  EXPECT_THAT(error_of(response, 12 * 3600 + 1), HasSubstr("past its next update"));
  EXPECT_EQ(error_of(response, -kOcspClockSkewSeconds), "no error");
  EXPECT_THAT(error_of(response, -kOcspClockSkewSeconds - 120), HasSubstr("from the future"));
}

TEST_F(Ocsp, SaysWhenTheResponderFailedOrSentSomethingElse) {
  EXPECT_THAT(error_of(lockstep::test::make_ocsp_error()), HasSubstr("answered with an error"));
  EXPECT_THAT(error_of({'<', 'h', 't', 'm', 'l', '>'}), HasSubstr("no OCSP response in DER"));
  EXPECT_THAT(error_of({}), HasSubstr("no OCSP response in DER"));
  std::vector<std::uint8_t> longer = make_ocsp_response(leaf_, authority_, authority_);
  longer.push_back(0);
  EXPECT_THAT(error_of(longer), HasSubstr("no OCSP response in DER"));
}

}  // namespace
}  // namespace lockstep::crypto::test

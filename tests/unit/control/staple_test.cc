// OCSP responses and SCTs beside certificates: what is stapled, when it is fetched again.
#include "control/certs/staple.h"

#include <gtest/gtest.h>

#include <ctime>

#include "control/certs/ocsp_fetch.h"
#include "control/certs/stapler.h"
#include "tests/support/ocsp.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::certs {
namespace {

using test::make_ocsp_response;
using test::OcspAnswer;

constexpr std::int64_t kHour = 3600;

/// A certificate whose chain file has the root behind it, on disk, with what may stand beside it.
class Stapled : public testing::Test {
 protected:
  Stapled() { renew(""); }
  void renew(const std::string& ocsp_url, bool must_staple = false) {
    test::CertificateRequest request;
    request.key_pem = test::make_key("P-256");
    request.ocsp_url = ocsp_url;
    request.must_staple = must_staple;
    leaf_ = test::make_certificate(request, &authority_);
    tests::write(folder_.file("site.pem"), leaf_ + authority_.certificate_pem + request.key_pem);
  }
  std::vector<std::uint8_t> response(const OcspAnswer& answer = {}) const {
    return make_ocsp_response(leaf_, authority_, authority_, answer);
  }
  std::string file(const std::string& name, const std::vector<std::uint8_t>& content) const {
    tests::write(folder_.file(name), std::string(content.begin(), content.end()));
    return folder_.file(name);
  }
  LoadedCertificate load(const std::vector<LoadedCertificate>* running = nullptr) {
    diagnostics_ = config::Diagnostics("test");
    entry_.name = "site";
    entry_.chain = folder_.file("site.pem");
    return load_all({entry_}, std::time(nullptr), diagnostics_, running).front();
  }

  const test::Issuer authority_ = test::make_authority("Authority");
  std::string leaf_;
  tests::TemporaryFolder folder_;
  config::Certificate entry_;
  config::Diagnostics diagnostics_{"test"};
};

TEST_F(Stapled, IsAGoodResponseFromAFile) {
  entry_.ocsp_response = file("site.ocsp", response());
  const LoadedCertificate loaded = load();
  EXPECT_EQ(diagnostics_.render_all().find("OCSP"), std::string::npos) << diagnostics_.render_all();
  EXPECT_STREQ(state_name(loaded.staple), "good");
  EXPECT_TRUE(contains(loaded.messages->tls13.front().needs, tls::CertificateExtra::ocsp_response));
  EXPECT_EQ(loaded.messages->tls12.size(), 2U);
}

TEST_F(Stapled, IsNothingThatClientsWouldRefuse) {
  struct Case {
    OcspAnswer answer;
    const char* state;
    const char* told;
  };
  for (const Case& each :
       {Case{{.this_update = -2 * kHour, .next_update = -kHour}, "failed", "is past its next update; get a new one"},
        Case{{.this_update = kHour}, "failed", "is from the future"},
        Case{{.status = OcspAnswer::Status::unknown}, "failed", "does not know the certificate"},
        Case{{.status = OcspAnswer::Status::revoked}, "revoked", "the certificate is revoked; replace it at once"},
        Case{{.has_next_update = false}, "failed", "has no next update"}}) {
    entry_.ocsp_response = file("site.ocsp", response(each.answer));
    const LoadedCertificate loaded = load();
    EXPECT_TRUE(diagnostics_.ok()) << "a warning only: the service must start";
    EXPECT_NE(diagnostics_.render_all().find(each.told), std::string::npos) << diagnostics_.render_all();
    EXPECT_NE(diagnostics_.render_all().find("site.ocsp"), std::string::npos) << "the file is named";
    EXPECT_STREQ(state_name(loaded.staple), each.state);
    EXPECT_EQ(loaded.messages->tls12.size(), 1U);
  }
}

TEST_F(Stapled, NeedsTheIssuer) {
  entry_.ocsp_response = file("site.ocsp", response());
  const std::string all = tests::read(folder_.file("site.pem"));
  tests::write(folder_.file("site.pem"), leaf_ + all.substr(all.find("-----BEGIN PRIVATE")));
  load();
  EXPECT_NE(diagnostics_.render_all().find("the issuer's certificate is not in the file"), std::string::npos)
      << diagnostics_.render_all();
}

TEST_F(Stapled, IsMissedWhereTheCertificatePromisesIt) {
  renew("", true);
  load();
  EXPECT_NE(diagnostics_.render_all().find("promises an OCSP response (RFC 7633)"), std::string::npos);
  entry_.ocsp_response = file("site.ocsp", response());
  load();
  EXPECT_EQ(diagnostics_.render_all().find("promises"), std::string::npos) << diagnostics_.render_all();
}

TEST_F(Stapled, AFileThatIsNamedMustBeThere) {
  entry_.ocsp_response = folder_.file("absent.ocsp");
  load();
  EXPECT_FALSE(diagnostics_.ok());
  EXPECT_NE(diagnostics_.render_all().find("absent.ocsp"), std::string::npos);
}

TEST_F(Stapled, FetchingNeedsAResponder) {
  entry_.ocsp_fetch = true;
  EXPECT_FALSE(load().fetch_ocsp);
  EXPECT_NE(diagnostics_.render_all().find("names no OCSP responder"), std::string::npos);
  renew("http://ocsp.test/", true);
  EXPECT_TRUE(load().fetch_ocsp);
  EXPECT_EQ(diagnostics_.render_all().find("OCSP"), std::string::npos) << diagnostics_.render_all();
}

TEST_F(Stapled, SctsAreCheckedForTheirForm) {
  entry_.sct_list = file("site.sctl", {0, 4, 0, 2, 1, 2});
  EXPECT_EQ(load().sct_list.size(), 6U);
  EXPECT_TRUE(diagnostics_.ok()) << diagnostics_.render_all();
  const std::vector<std::vector<std::uint8_t>> bad = {
      {0, 0}, {0, 5, 0, 2, 1, 2}, {0, 4, 0, 2, 1, 2, 3}, {0, 4, 0, 3, 1, 2}, {0, 2, 0, 0}, {1}};
  for (const auto& list : bad) {
    entry_.sct_list = file("site.sctl", list);
    load();
    EXPECT_NE(diagnostics_.render_all().find("no list of signed certificate timestamps"), std::string::npos);
  }
}

TEST_F(Stapled, ExpiresWhileTheServiceRuns) {
  entry_.ocsp_response = file("site.ocsp", response());
  std::vector<LoadedCertificate> certificates = {load()};
  const std::int64_t end = certificates[0].staple.next_update;
  EXPECT_FALSE(expire_all(certificates, end - 1));
  EXPECT_TRUE(expire_all(certificates, end));
  EXPECT_TRUE(certificates[0].staple.response.empty());
  EXPECT_EQ(certificates[0].messages->tls12.size(), 1U);
  EXPECT_FALSE(expire_all(certificates, end));
}

TEST_F(Stapled, AFetchedOneOutlivesAReload) {
  renew("http://ocsp.test/");
  entry_.ocsp_fetch = true;
  std::vector<LoadedCertificate> running = {load()};
  EXPECT_TRUE(apply_fetched(
      {{"site", running[0].chain.der.front(), make_staple(response(), running[0].chain, std::time(nullptr))}},
      running));
  const LoadedCertificate again = load(&running);
  EXPECT_EQ(again.staple.response, running[0].staple.response);
  EXPECT_EQ(again.messages, running[0].messages) << "the messages need not be made again";
}

TEST_F(Stapled, AFailureTakesNothingAwayButRevocationDoes) {
  renew("http://ocsp.test/");
  entry_.ocsp_fetch = true;
  std::vector<LoadedCertificate> certificates = {load()};
  const auto fetched = [&](Staple staple) {
    return std::vector<Fetched>{{"site", certificates[0].chain.der.front(), std::move(staple)}};
  };
  const auto answered = [&](const OcspAnswer& answer) {
    return fetched(make_staple(response(answer), certificates[0].chain, std::time(nullptr)));
  };
  EXPECT_TRUE(apply_fetched(answered({}), certificates));
  Staple failure;
  failure.problem = "no answer; wait";
  EXPECT_FALSE(apply_fetched(fetched(failure), certificates));
  EXPECT_STREQ(state_name(certificates[0].staple), "good");
  EXPECT_TRUE(apply_fetched(answered({.status = OcspAnswer::Status::revoked}), certificates));
  EXPECT_STREQ(state_name(certificates[0].staple), "revoked");
  EXPECT_EQ(certificates[0].messages->tls12.size(), 1U);
}

// ---- when

TEST(StaplerTimes, RefreshesAtHalfOfTheValidity) {
  Staple staple;
  staple.this_update = 1000;
  staple.next_update = 2000;
  EXPECT_EQ(refresh_time(staple, 1000, 0), 1450);
  EXPECT_EQ(refresh_time(staple, 1000, 0.5), 1500);
  EXPECT_LE(refresh_time(staple, 1000, 0.999), 1550);
  EXPECT_EQ(refresh_time(staple, 1800, 0.5), 1900) << "half of what remains";
  EXPECT_EQ(refresh_time(staple, 1999, 0.5), 2004) << "but never at once";
}

TEST(StaplerTimes, RetriesLessAndLessOften) {
  EXPECT_EQ(retry_time(0, 1, 0), 60);
  EXPECT_EQ(retry_time(0, 2, 0), 120);
  EXPECT_EQ(retry_time(0, 6, 0), 1920);
  EXPECT_EQ(retry_time(0, 7, 0), 3600);
  EXPECT_EQ(retry_time(0, 4'000'000'000U, 0), 3600);
  EXPECT_LE(retry_time(0, 1, 0.999), 75);
}

TEST(OcspUrl, IsAGetWhileItIsShort) {
  const std::vector<std::uint8_t> request = {0xfb, 0xff, 0xfe, 0x01};
  EXPECT_EQ(ocsp_get_url("http://ocsp.test", request), "http://ocsp.test/%2B%2F%2F%2BAQ%3D%3D");
  EXPECT_EQ(ocsp_get_url("http://ocsp.test/a/", request), "http://ocsp.test/a/%2B%2F%2F%2BAQ%3D%3D");
  EXPECT_EQ(ocsp_get_url("http://ocsp.te", std::vector<std::uint8_t>(180, 0)).size(), 255U);
  EXPECT_EQ(ocsp_get_url("http://ocsp.tes", std::vector<std::uint8_t>(180, 0)), "");
  EXPECT_EQ(ocsp_get_url("http://ocsp.test", std::vector<std::uint8_t>(70'000, 0)), "");
}

// ---- the thread

/// Waits for what `stapler` brings, up to ten seconds.
std::vector<Fetched> wait_for(Stapler& stapler) {
  for (int i = 0; i < 1000; ++i) {
    std::vector<Fetched> fetched = stapler.take();
    if (!fetched.empty()) return fetched;
    const timespec pause{0, 10'000'000};
    nanosleep(&pause, nullptr);
  }
  return {};
}

TEST_F(Stapled, TheStaplerBringsWhatTheResponderSays) {
  renew("http://ocsp.test/");
  entry_.ocsp_fetch = true;
  std::vector<LoadedCertificate> certificates = {load()};
  std::atomic<int> calls{0};
  Stapler stapler([&](const std::string& url, Bytes request,
                      const std::atomic<bool>&) -> Result<std::vector<std::uint8_t>, std::string> {
    EXPECT_EQ(url, "http://ocsp.test/");
    EXPECT_FALSE(request.empty());
    ++calls;
    return response();
  });
  stapler.watch(certificates);
  const std::vector<Fetched> fetched = wait_for(stapler);
  ASSERT_EQ(fetched.size(), 1U);
  EXPECT_STREQ(state_name(fetched[0].staple), "good");
  EXPECT_TRUE(apply_fetched(fetched, certificates));
  stapler.watch(certificates);
  EXPECT_TRUE(stapler.take().empty());
  EXPECT_EQ(calls, 1) << "what was just fetched is not fetched again on a reload";
}

TEST_F(Stapled, TheStaplerDoesNotBelieveForgedResponses) {
  renew("http://ocsp.test/");
  entry_.ocsp_fetch = true;
  const test::Issuer stranger = test::make_authority("Authority");
  Stapler stapler(
      [&](const std::string&, Bytes, const std::atomic<bool>&) -> Result<std::vector<std::uint8_t>, std::string> {
        return make_ocsp_response(leaf_, authority_, stranger);
      });
  stapler.watch({load()});
  const std::vector<Fetched> fetched = wait_for(stapler);
  ASSERT_EQ(fetched.size(), 1U);
  EXPECT_STREQ(state_name(fetched[0].staple), "failed");
}

TEST_F(Stapled, TheStaplerAsksTheNextResponderWhenOneFails) {
  renew("http://a.test/,OCSP;URI:http://b.test/");
  entry_.ocsp_fetch = true;
  Stapler stapler(
      [&](const std::string& url, Bytes, const std::atomic<bool>&) -> Result<std::vector<std::uint8_t>, std::string> {
        if (url == "http://a.test/") return Failure{std::string("no answer; wait")};
        return response();
      });
  stapler.watch({load()});
  const std::vector<Fetched> fetched = wait_for(stapler);
  ASSERT_EQ(fetched.size(), 1U);
  EXPECT_STREQ(state_name(fetched[0].staple), "good");
}

}  // namespace
}  // namespace lockstep::certs

// Reloads asked for by a local caller: who answers, and what is said to have changed.
#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "control/service/certificates.h"
#include "control/service/reload_requests.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::service {
namespace {

using tests::certificates;

TEST(ReloadRequests, AreAnsweredByTheMainThread) {
  ReloadRequests requests;
  requests.serve([] {
    ADD_FAILURE() << "nobody asked";
    return api::Reloaded();
  });
  api::Reloaded answer;
  std::thread caller([&] { answer = requests.ask(); });
  int reloads = 0;
  while (reloads == 0)
    requests.serve([&] {
      ++reloads;
      return api::Reloaded{true, 7, {}, {}};
    });
  caller.join();
  EXPECT_EQ(reloads, 1);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.epoch, 7U);
}

TEST(ReloadRequests, NobodyWaitsForAServiceThatStops) {
  ReloadRequests requests;
  api::Reloaded answer;
  std::thread caller([&] { answer = requests.ask(); });
  requests.close();
  caller.join();
  EXPECT_FALSE(answer.complete);
  EXPECT_FALSE(requests.ask().complete);
}

certs::LoadedCertificate load(const std::string& name, const std::string& files) {
  config::Certificate certificate;
  certificate.name = name;
  certificate.chain = certificates().file(files + ".pem");
  certificate.key = certificates().file(files + ".key");
  config::Diagnostics diagnostics("test");
  return certs::load_all({certificate}, std::time(nullptr), diagnostics).front();
}

TEST(CertificateChanges, SayWhatIsNewGoneOrAnother) {
  std::vector<certs::LoadedCertificate> before, now;
  before.push_back(load("same", "ecdsa"));
  before.push_back(load("replaced", "rsa"));
  before.push_back(load("gone", "other"));
  now.push_back(load("same", "ecdsa"));
  now.push_back(load("replaced", "other"));
  now.push_back(load("new", "open"));
  const std::vector<std::string> changes = certificate_changes(before, now);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].find("replaced: replaced (ECDSA P-256, until "), 0U) << changes[0];
  EXPECT_NE(changes[0].find("; was RSA-2048, until "), std::string::npos) << changes[0];
  EXPECT_EQ(changes[1].find("new: added (ECDSA P-256, until "), 0U) << changes[1];
  EXPECT_EQ(changes[2], "gone: removed");
}

TEST(CertificateChanges, NoticeWhatGoesWithACertificate) {
  std::vector<certs::LoadedCertificate> before, now;
  before.push_back(load("c", "ecdsa"));
  now.push_back(load("c", "ecdsa"));
  EXPECT_TRUE(certificate_changes(before, now).empty());
  now[0].sct_list = {0, 3, 0, 1, 1};
  EXPECT_EQ(certificate_changes(before, now), std::vector<std::string>{"c: other SCTs"});
  now[0].sct_list.clear();
  now[0].staple.response = {0x30};
  EXPECT_EQ(certificate_changes(before, now), std::vector<std::string>{"c: another OCSP response"});
}

TEST(CertificateViews, NameTheServicesThatShowThem) {
  config::Config config;
  config::Service& web = config.services.emplace_back();
  web.proxy.name = "web";
  web.certificates = {"a"};
  std::vector<certs::LoadedCertificate> loaded;
  loaded.push_back(load("a", "ecdsa"));
  loaded.push_back(load("b", "other"));
  const std::vector<api::CertificateView> views = certificate_views(config, loaded);
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views[0].services, std::vector<std::string>{"web"});
  EXPECT_EQ(views[0].issuer, "CN=test authority");
  EXPECT_EQ(views[0].ocsp, "none");
  EXPECT_GT(views[0].message_bytes, 500U);
  EXPECT_TRUE(views[1].services.empty());
}

}  // namespace
}  // namespace lockstep::service

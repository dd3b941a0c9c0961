// Every way to fail, with the precise error and the alert that the peer gets (RFC 8446 section 6, RFC 5246
// section 7.2).
#include "tests/unit/dataplane/tls/errors.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/dataplane/tls/client_errors.h"

namespace lockstep::tls::test {
namespace {

std::vector<Row> all_errors() {
  std::vector<Row> all = record_errors();
  for (const auto& more : {hello_errors(), early_data_errors(), client_certificate_errors(), session_errors()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

class Errors : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Errors, NameTheMisbehaviourAndSendItsAlert) {
  const Row row = all_errors()[GetParam()];
  SCOPED_TRACE(std::string(name(row.error)) + ": " + row.what);
  Scene scene;
  row.play(scene);
  Driver& server = scene.server();
  EXPECT_EQ(server.session().info().error, row.error) << "but " << name(server.session().info().error);
  EXPECT_EQ(server.errors(row.error), 1U);
  EXPECT_EQ(server.close, row.answer == Answer::abort ? Close::abort : Close::after_output);
  EXPECT_TRUE(server.session().config_released());

  const auto records = scene.records();
  const bool alerted = !records.empty() && records.back().type == ContentType::alert;
  EXPECT_EQ(alerted, row.answer == Answer::alert);
  if (!alerted) return;
  ASSERT_EQ(records.back().content.size(), 2U);
  EXPECT_EQ(records.back().content[1], static_cast<std::uint8_t>(alert_of(row.error)));
  // Only alerts that end politely are warnings (RFC 8446 section 6).
  const Alert sent = alert_of(row.error);
  const bool polite = sent == Alert::close_notify || sent == Alert::user_canceled || sent == Alert::no_renegotiation;
  EXPECT_EQ(records.back().content[0], polite ? 1 : 2);
  for (std::size_t i = 0; i + 1 < records.size(); ++i) {
    const bool fatal = records[i].type == ContentType::alert && records[i].content[0] == 2;
    EXPECT_FALSE(fatal) << "two fatal alerts";
  }
}

INSTANTIATE_TEST_SUITE_P(All, Errors, ::testing::Range(std::size_t{0}, all_errors().size()));

TEST(Errors, OfThePeersMakingComeWithItsAlert) {
  Scene scene;
  scene.hello_13();
  scene.send(NoneClient::plain(ContentType::alert, {2, 48}));
  EXPECT_EQ(scene.server().session().info().error, Error::peer_alert);
  EXPECT_EQ(scene.server().session().info().peer_alert, 48);
  EXPECT_STREQ(alert_name(48), "unknown_ca");
  EXPECT_EQ(alert_name(200), nullptr);
}

TEST(Errors, AreAllProvoked) {
  std::set<Error> provoked;
  for (const Row& row : all_errors()) provoked.insert(row.error);
  for (const ClientRow& row : client_errors()) provoked.insert(row.error);
#define LOCKSTEP_TEST_ERROR(error_name, fault, alert_name, text_of)                                     \
  EXPECT_TRUE(Error::error_name == Error::none || provoked.contains(Error::error_name)) << #error_name; \
  EXPECT_EQ(alert_of(Error::error_name), Alert::alert_name);                                            \
  EXPECT_EQ(fault_of(Error::error_name), Fault::fault);                                                 \
  EXPECT_STREQ(name(Error::error_name), #error_name);                                                   \
  EXPECT_STREQ(describe(Error::error_name), text_of);
  LOCKSTEP_TLS_ERRORS(LOCKSTEP_TEST_ERROR)
#undef LOCKSTEP_TEST_ERROR
}

}  // namespace
}  // namespace lockstep::tls::test

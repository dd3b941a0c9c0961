#include "dataplane/tls/server_config.h"

#include <gtest/gtest.h>

#include "dataplane/tls/cipher_suites.h"

namespace lockstep::tls::test {
namespace {

ServerConfig names() {
  ServerConfig config;
  config.identities.resize(4);
  config.exact.emplace("www.example.org", 1);
  config.wildcard.emplace("example.org", 2);
  config.exact.emplace("a-rather-long-name-that-no-small-string-holds.example.net", 3);
  return config;
}

long found(const ServerConfig& config, std::string_view name) {
  const Identity* const identity = config.find(name);
  return identity == nullptr ? -1 : identity - config.identities.data();
}

TEST(ServerNames, AreFoundInAnyCase) {
  const ServerConfig config = names();
  EXPECT_EQ(found(config, "www.example.org"), 1);
  EXPECT_EQ(found(config, "WWW.Example.ORG"), 1);
  EXPECT_EQ(found(config, "A-rather-long-name-that-no-small-string-holds.example.net"), 3);
}

TEST(ServerNames, WildcardsStandForOneLabel) {
  const ServerConfig config = names();
  EXPECT_EQ(found(config, "mail.example.org"), 2);
  EXPECT_EQ(found(config, "MAIL.EXAMPLE.org"), 2);
  EXPECT_EQ(found(config, "a.b.example.org"), 0);
  EXPECT_EQ(found(config, "example.org"), 0);
  EXPECT_EQ(found(config, ".example.org"), 0);
}

TEST(ServerNames, UnknownOnesGetTheDefaultUnlessStrict) {
  ServerConfig config = names();
  const std::string long_name(300, 'a');
  EXPECT_EQ(found(config, "other.net"), 0);
  EXPECT_EQ(found(config, long_name), 0);
  EXPECT_EQ(found(config, ""), 0);
  config.strict_sni = true;
  EXPECT_EQ(found(config, "other.net"), -1);
  EXPECT_EQ(found(config, long_name), -1);
  EXPECT_EQ(found(config, ""), 0) << "no name was asked for";
  config.identities.clear();
  EXPECT_EQ(found(config, ""), -1);
}

TEST(CipherSuites, AreFoundByTheirNames) {
  EXPECT_EQ(default_cipher_suites().size(), 9U);
  for (const CipherSuite suite : default_cipher_suites()) {
    EXPECT_EQ(cipher_suite_by_name(name(suite)), suite);
    ASSERT_NE(find_traits(suite), nullptr);
    EXPECT_EQ(find_traits(suite)->suite, suite);
  }
  EXPECT_EQ(cipher_suite_by_name("TLS_RSA_WITH_NULL_MD5"), std::nullopt);
  EXPECT_STREQ(name(static_cast<CipherSuite>(0x0a0a)), "unknown");
}

}  // namespace
}  // namespace lockstep::tls::test

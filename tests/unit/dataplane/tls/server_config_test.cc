#include "dataplane/tls/server_config.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "dataplane/tls/cipher_suites.h"

namespace lockstep::tls::test {
namespace {

ServerConfig names() {
  Identities identities;
  identities.list.resize(4);
  identities.exact.emplace("www.example.org", 1);
  identities.wildcard.emplace("example.org", 2);
  identities.exact.emplace("a-rather-long-name-that-no-small-string-holds.example.net", 3);
  ServerConfig config;
  config.identities = std::make_shared<Identities>(std::move(identities));
  return config;
}

long found(const ServerConfig& config, std::string_view name) {
  const Identity* const identity = config.find(name);
  return identity == nullptr ? -1 : identity - config.identities->list.data();
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
  config.identities = std::make_shared<Identities>();
  EXPECT_EQ(found(config, ""), -1);
  config.identities = nullptr;
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

// RFC 5246 section 7.4.7.1 and Lucky 13: neither the RSA key exchange nor CBC unless somebody asks for it.
TEST(CipherSuites, OldOnesAreOffUnlessConfigured) {
  EXPECT_EQ(all_cipher_suites().size(), 23U);
  const std::vector<CipherSuite> on = default_cipher_suites();
  for (const CipherSuite suite : all_cipher_suites()) {
    const CipherSuiteTraits& traits = *find_traits(suite);
    const bool old = traits.cbc() != nullptr || traits.key_exchange == KeyExchange::rsa;
    EXPECT_EQ(std::count(on.begin(), on.end(), suite), old ? 0 : 1) << name(suite);
  }
}

// IANA's registry, OpenSSL's names and its code points are the same thing said three times.
TEST(CipherSuites, HaveOpensslsNamesToo) {
  SSL_CTX* const context = SSL_CTX_new(TLS_method());
  ASSERT_EQ(SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0"), 1);
  std::size_t found = 0;
  const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(context);
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* const cipher = sk_SSL_CIPHER_value(ciphers, i);
    const auto suite = static_cast<CipherSuite>(SSL_CIPHER_get_protocol_id(cipher));
    if (find_traits(suite) == nullptr) continue;
    ++found;
    EXPECT_STREQ(name(suite), SSL_CIPHER_standard_name(cipher));
    EXPECT_STREQ(openssl_name(suite), SSL_CIPHER_get_name(cipher));
    EXPECT_EQ(cipher_suite_by_name(SSL_CIPHER_get_name(cipher)), suite);
  }
  EXPECT_EQ(found, all_cipher_suites().size());
  EXPECT_STREQ(openssl_name(static_cast<CipherSuite>(0x0a0a)), "unknown");
  SSL_CTX_free(context);
}

}  // namespace
}  // namespace lockstep::tls::test

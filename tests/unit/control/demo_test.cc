#include "control/cli/demo.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>

#include "control/config/load.h"
#include "crypto/openssl/handles.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::cli {
namespace {

crypto::UniqueCertificate certificate(const std::string& path) {
  const std::string text = tests::read(path);
  const crypto::UniqueBio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  return crypto::UniqueCertificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

/// libcrypto's verdict on `leaf` for a TLS server called `host`, trusting `authority`.
int verify(X509* authority, X509* leaf, const char* host) {
  const std::unique_ptr<X509_STORE, crypto::Release<X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), authority);
  const std::unique_ptr<X509_STORE_CTX, crypto::Release<X509_STORE_CTX_free>> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
  X509_STORE_CTX_set_default(context.get(), "ssl_server");
  X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(context.get()), host, 0);
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()), X509_V_FLAG_X509_STRICT);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

class DemoFolder : public testing::Test {
 protected:
  DemoOptions options() const {
    DemoOptions options;
    options.directory = folder_.file("demo");
    return options;
  }
  std::string file(const std::string& name) const { return folder_.file("demo/" + name); }
  tests::TemporaryFolder folder_;
};

TEST_F(DemoFolder, HasCertificatesThatVerifyForTheDemoNames) {
  const auto made = make_demo(options());
  ASSERT_TRUE(made) << made.error();
  const auto authority = certificate(file("ca.pem"));
  for (const char* const name : {"ecdsa", "rsa"}) {
    const auto leaf = certificate(file(std::string(name) + ".pem"));
    ASSERT_NE(leaf, nullptr);
    EXPECT_EQ(verify(authority.get(), leaf.get(), kDemoName), X509_V_OK) << name;
    EXPECT_EQ(verify(authority.get(), leaf.get(), "localhost"), X509_V_OK) << name;
    EXPECT_EQ(verify(authority.get(), leaf.get(), "example.com"), X509_V_ERR_HOSTNAME_MISMATCH) << name;
    EXPECT_EQ(X509_check_ip_asc(leaf.get(), "198.18.0.2", 0), 1);
    struct stat info{};
    ASSERT_EQ(stat(file(std::string(name) + ".key").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
  }
  EXPECT_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(certificate(file("rsa.pem")).get())), 2048);
  EXPECT_EQ(EVP_PKEY_get_bits(X509_get0_pubkey(certificate(file("ecdsa.pem")).get())), 256);
}

TEST_F(DemoFolder, KeepsTheAuthoritysKeyNowhere) {
  ASSERT_TRUE(make_demo(options()));
  int keys = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path()))
    if (entry.is_regular_file() && tests::read(entry.path()).find("PRIVATE KEY") != std::string::npos) ++keys;
  EXPECT_EQ(keys, 2);
}

TEST_F(DemoFolder, HasAGoodConfigurationAndABannerWithTheCurlLine) {
  DemoOptions with_backend = options();
  with_backend.backend = "198.18.0.1:8080";
  const auto made = make_demo(with_backend);
  ASSERT_TRUE(made) << made.error();
  const config::Loaded loaded = config::load(made.value().config_path);
  EXPECT_EQ(loaded.diagnostics.render_all(), "");
  EXPECT_EQ(loaded.config.services.size(), 3U);
  EXPECT_NE(made.value().banner.find("curl --cacert " + file("ca.pem") +
                                     " --resolve demo.lockstep.test:443:198.18.0.2 https://demo.lockstep.test/\n"),
            std::string::npos)
      << made.value().banner;
}

TEST_F(DemoFolder, KeepsGoodCertificatesAndWritesTheConfigurationAnew) {
  ASSERT_TRUE(make_demo(options()));
  const std::string authority = tests::read(file("ca.pem")), key = tests::read(file("rsa.key"));
  DemoOptions other = options();
  other.device = "net_tap3,iface=other0";
  ASSERT_TRUE(make_demo(other));
  EXPECT_EQ(tests::read(file("ca.pem")), authority);
  EXPECT_EQ(tests::read(file("rsa.key")), key);
  EXPECT_NE(tests::read(file("lockstep.toml")).find("net_tap3,iface=other0"), std::string::npos);
}

TEST_F(DemoFolder, MakesNewCertificatesWhenOneIsGone) {
  ASSERT_TRUE(make_demo(options()));
  const std::string authority = tests::read(file("ca.pem"));
  std::filesystem::remove(file("rsa.key"));
  ASSERT_TRUE(make_demo(options()));
  EXPECT_NE(tests::read(file("ca.pem")), authority);
  EXPECT_EQ(verify(certificate(file("ca.pem")).get(), certificate(file("ecdsa.pem")).get(), kDemoName), X509_V_OK);
}

TEST_F(DemoFolder, DoesNotOverwriteAConfigurationOfSomebodyElse) {
  std::filesystem::create_directories(file(""));
  tests::write(file("lockstep.toml"), "[general]\n");
  EXPECT_FALSE(make_demo(options()));
  EXPECT_EQ(tests::read(file("lockstep.toml")), "[general]\n");
}

TEST_F(DemoFolder, RefusesOptionsThatDoNotFit) {
  DemoOptions bad = options();
  bad.backend = "10.0.0.1:80";
  const auto made = make_demo(bad);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().find("no port has a route to the backend 10.0.0.1:80"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::cli

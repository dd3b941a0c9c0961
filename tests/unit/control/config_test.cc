#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "control/config/load.h"
#include "control/config/validate.h"
#include "control/config/values.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::config {
namespace {

using tests::certificates;

const char* const kGood = R"([[port]]
name = "p"
device = "net_null0"
addresses = ["198.18.0.2/24"]

[[certificate]]
name = "c"
chain = "ecdsa.pem"
key = "ecdsa.key"

[[service]]
name = "s"
listen = ["198.18.0.2:443"]
certificates = ["c"]
backends = ["198.18.0.9:80"]
)";

Loaded load_text(const std::string& text, const Loaded* running = nullptr) {
  const std::string path = certificates().file("config.toml");
  tests::write(path, text);
  return load(path, running);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Config, AcceptsAGoodFileWithoutAWord) {
  const Loaded loaded = load_text(kGood);
  EXPECT_EQ(loaded.diagnostics.render_all(), "");
  ASSERT_EQ(loaded.config.services.size(), 1U);
  EXPECT_EQ(loaded.config.services[0].proxy.listen[0].to_string(), "198.18.0.2:443");
  EXPECT_EQ(loaded.config.services[0].proxy.backends[0].name, "198.18.0.9:80");
  ASSERT_EQ(loaded.certificates.size(), 1U);
  EXPECT_NE(loaded.certificates[0].key, nullptr);
}

TEST(Config, ServiceTakesTlsDefaultsAndOverridesThem) {
  const Loaded loaded = load_text(std::string("[tls]\nalpn = [\"a\"]\nhandshake_timeout = \"5s\"\n") + kGood +
                                  "[service.tls]\nalpn = [\"b\", \"c\"]\n");
  EXPECT_EQ(loaded.diagnostics.render_all(), "");
  EXPECT_EQ(loaded.config.services[0].tls.alpn, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(loaded.config.services[0].tls.handshake_timeout, seconds(5));
}

TEST(Config, TakesOpensslsNamesOfSuites) {
  const Loaded loaded = load_text(std::string("[tls]\nversions = [\"1.2\"]\ncipher_suites = "
                                              "[\"ECDHE-ECDSA-AES128-SHA\", \"TLS_RSA_WITH_AES_128_CBC_SHA\"]\n") +
                                  kGood);
  EXPECT_EQ(loaded.diagnostics.render_all(), "");
  EXPECT_EQ(loaded.config.services[0].tls.cipher_suites,
            (std::vector{tls::CipherSuite::ecdhe_ecdsa_aes_128_cbc_sha, tls::CipherSuite::rsa_aes_128_cbc_sha}));
}

TEST(Config, NoticesASuiteThatStandsTwiceByTwoNames) {
  const Loaded loaded =
      load_text(std::string("[tls]\ncipher_suites = [\"TLS_AES_128_GCM_SHA256\", "
                            "\"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA\", \"ECDHE-ECDSA-AES128-SHA\"]\n") +
                kGood);
  EXPECT_NE(loaded.diagnostics.render_all().find("\"ECDHE-ECDSA-AES128-SHA\" stands twice"), std::string::npos)
      << loaded.diagnostics.render_all();
}

TEST(Config, WarnsOfRsaKeyExchangeWithoutAnRsaCertificate) {
  const Loaded loaded =
      load_text(std::string("[tls]\nversions = [\"1.2\"]\ncipher_suites = [\"AES128-SHA\"]\n") + kGood);
  EXPECT_NE(loaded.diagnostics.render_all().find("no suite of TLS 1.2 fits"), std::string::npos)
      << loaded.diagnostics.render_all();
}

TEST(Config, ReportsAllErrorsInTheOrderOfTheFile) {
  const Loaded loaded =
      load_text("[general]\nidle = \"walk\"\nlog_rate = 0\n[admin]\nhttp = \"nowhere\"\n" + std::string(kGood));
  const std::vector<Diagnostic> all = loaded.diagnostics.sorted();
  ASSERT_EQ(all.size(), 3U) << loaded.diagnostics.render_all();
  EXPECT_EQ(all[0].at, (Position{2, 8}));
  EXPECT_EQ(all[1].at, (Position{3, 12}));
  EXPECT_EQ(all[2].at, (Position{5, 8}));
}

TEST(Config, NamesAMissingFileWithARemedy) {
  const Loaded loaded = load(certificates().file("absent.toml"));
  EXPECT_FALSE(loaded.ok());
  EXPECT_NE(loaded.diagnostics.render_all().find("absent.toml:0:0: cannot read"), std::string::npos);
}

TEST(Config, WarnsOfAnExpiredCertificateAndGoesOn) {
  std::string text = replaced(kGood, "ecdsa.pem", "expired.pem");
  text = replaced(text, "ecdsa.key", "expired.key");
  const Loaded loaded = load_text(text);
  EXPECT_TRUE(loaded.ok());
  EXPECT_NE(loaded.diagnostics.render_all().find(":8:9: warning: certificate \"c\" expired on "), std::string::npos)
      << loaded.diagnostics.render_all();
}

TEST(Config, WarnsOfTwoCertificatesForOneNameOnlyWhereTheyAre) {
  const auto with = [](const std::string& second) {
    return load_text(replaced(replaced(kGood, "[[service]]",
                                       "[[certificate]]\nname = \"d\"\nchain = \"" + second + ".pem\"\nkey = \"" +
                                           second + ".key\"\n[[service]]"),
                              "certificates = [\"c\"]", "certificates = [\"c\", \"d\"]"));
  };
  EXPECT_EQ(with("other").diagnostics.render_all(), "");
  EXPECT_EQ(with("rsa").diagnostics.render_all(), "");
  EXPECT_NE(with("expired").diagnostics.render_all().find(
                "certificates \"c\" and \"d\" both have an ECDSA P-256 key for \"demo.test\""),
            std::string::npos);
}

TEST(Config, WarnsOfAKeyThatAllMayRead) {
  std::string text = replaced(kGood, "ecdsa.pem", "open.pem");
  text = replaced(text, "ecdsa.key", "open.key");
  const Loaded loaded = load_text(text);
  EXPECT_TRUE(loaded.ok());
  EXPECT_NE(loaded.diagnostics.render_all().find(":9:7: warning: every user can read the private key"),
            std::string::npos);
  EXPECT_NE(loaded.diagnostics.render_all().find("; chmod 600 "), std::string::npos);
}

TEST(Config, WarnsOfAnAdminPortOpenToTheNetwork) {
  const Loaded loaded = load_text("[admin]\nhttp = \"0.0.0.0:9900\"\n" + std::string(kGood));
  EXPECT_TRUE(loaded.ok());
  EXPECT_NE(loaded.diagnostics.render_all().find(":2:8: warning: the admin port is open"), std::string::npos);
}

TEST(Config, ReloadKeepsWhatOnlyARestartCanChangeAndSaysSo) {
  const Loaded running = load_text(kGood);
  std::string text = replaced(kGood, "net_null0", "net_null7");
  text = replaced(text, "198.18.0.9:80", "198.18.0.9:81");
  const Loaded reloaded = load_text(text, &running);
  EXPECT_TRUE(reloaded.ok()) << reloaded.diagnostics.render_all();
  EXPECT_EQ(reloaded.unchanged, std::vector<std::string>{"port"});
  EXPECT_EQ(reloaded.config.ports[0].io.device, "net_null0");
  EXPECT_EQ(reloaded.config.services[0].proxy.backends[0].address.port, 81);
  // The next reload compares with what runs: it is said again.
  EXPECT_EQ(load_text(text, &reloaded).unchanged, std::vector<std::string>{"port"});
  EXPECT_TRUE(load_text(kGood, &reloaded).unchanged.empty());
}

TEST(Config, ReloadKeepsWhatIsMadeAheadAndSaysSo) {
  const Loaded running = load_text(kGood);
  const Loaded reloaded = load_text(std::string("[made_ahead]\necdsa_nonce_pool = \"off\"\n") + kGood, &running);
  EXPECT_EQ(reloaded.unchanged, std::vector<std::string>{"made_ahead"});
  EXPECT_TRUE(reloaded.config.made_ahead.ecdsa_nonce_pool);
}

TEST(Config, PlacesPrivateKeysOnCryptoCoresByDefault) {
  const Loaded loaded = load_text(kGood);
  EXPECT_TRUE(loaded.config.batch.crypto_cores.empty());
  EXPECT_EQ(loaded.config.batch.crypto_core_classes.size(), 7U);
  const Loaded chosen =
      load_text(std::string("[batch]\ncrypto_core_classes = [\"derive_x25519\", \"rsa_2048\"]\n") + kGood);
  EXPECT_EQ(chosen.diagnostics.render_all(), "");
  EXPECT_EQ(chosen.config.batch.crypto_core_classes,
            (std::vector{crypto::JobClass::derive_x25519, crypto::JobClass::rsa_2048}));
}

TEST(Config, AWorkersDefaultCoreIsNoCryptoCore) {
  const std::string core = std::to_string(allowed_cores().back());
  const Loaded loaded = load_text("[batch]\ncrypto_cores = [" + core + "]\n" + kGood);
  EXPECT_NE(loaded.diagnostics.render_all().find(":2:17: core " + core + " is a worker's; "), std::string::npos)
      << loaded.diagnostics.render_all();
}

TEST(Config, AnswersForTheEnginesOptions) {
  const Loaded loaded = load_text(
      std::string("[batch]\nsign_p256 = \"7us\"\n[made_ahead]\necdsa_nonce_pool = \"off\"\nkey_pairs = 16\n") + kGood);
  const control::EngineOptions options = loaded.config.engine_options(5);
  EXPECT_EQ(options.core, 5U);
  EXPECT_EQ(options.made_ahead.nonce_pairs, 0);
  EXPECT_EQ(options.made_ahead.key_pairs, 16);
  EXPECT_EQ(options.budgets[static_cast<std::size_t>(crypto::JobClass::sign_p256)], microseconds(7));
}

TEST(Config, MakesControlCharactersInMessagesVisible) {
  const Loaded loaded = load_text(replaced(kGood, "name = \"s\"", "name = \"s\\u001b[2J\""));
  EXPECT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.diagnostics.render_all().find('\x1b'), std::string::npos);
}

TEST(Values, DurationsHaveUnitsAndNothingElse) {
  EXPECT_EQ(parse_duration("15s"), seconds(15));
  EXPECT_EQ(parse_duration("20us"), microseconds(20));
  EXPECT_EQ(parse_duration("2h"), seconds(7200));
  for (const char* bad : {"", "15", "s", "-1s", "1.5s", "15 s", "15sec", "99999999999999h"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
  for (const Duration d : {seconds(90), milliseconds(1500), Duration{}, seconds(7200), nanoseconds(7)})
    EXPECT_EQ(parse_duration(format_duration(d)), d);
}

TEST(Values, SizesAreBytesOrHaveABinaryUnit) {
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("17"), 17U);
  for (const char* bad : {"", "KiB", "1KB", "-1", "1 MiB"}) EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Values, PrefixesCompareTheirBitsOnly) {
  const auto address = parse_interface_address("198.18.0.2/23");
  ASSERT_TRUE(address);
  EXPECT_TRUE(same_prefix(*address, *IpAddress::parse("198.18.1.255")));
  EXPECT_FALSE(same_prefix(*address, *IpAddress::parse("198.18.2.0")));
  EXPECT_FALSE(same_prefix(*address, *IpAddress::parse("fd00::1")));
  for (const char* bad : {"198.18.0.2", "198.18.0.2/33", "198.18.0.2/", "198.18.0.2/24x", "x/24"})
    EXPECT_FALSE(parse_interface_address(bad)) << bad;
}

// ---- deploy/lockstep.example.toml

/// The example with every option switched on: "#key = value" becomes "key = value".
std::string example_with_all_options() {
  std::istringstream in(tests::read(std::string(SOURCE_ROOT) + "/deploy/lockstep.example.toml"));
  const std::regex option("^#([a-z][a-z0-9_]* = .*)$");
  std::string text;
  for (std::string line; std::getline(in, line);) text += std::regex_replace(line, option, "$1") + "\n";
  return text;
}

Parsed parse_example(const std::string& text) {
  Diagnostics diagnostics("example");
  Parsed parsed = parse_config(text, "/", diagnostics);
  EXPECT_EQ(diagnostics.render_all(), "");
  return parsed;
}

TEST(Example, ShowsEveryKeyThatExists) {
  std::set<std::string> missing;
  const Parsed parsed = parse_example(example_with_all_options());
  for (const Setting& setting : parsed.settings)
    if (!setting.given && setting.index == 0) missing.insert(setting.section + "." + setting.key);
  EXPECT_EQ(missing, std::set<std::string>{});
  EXPECT_GT(parsed.settings.size(), 80U);
}

TEST(Example, StatesTheDefaultsOfTheCode) {
  // Keys that a file has to give, or whose default is "none" and the example shows a value.
  const std::set<std::string> samples = {
      "port.name",       "port.device",          "port.addresses",    "port.kernel_address", "port.gateway",
      "port.gateway_v6", "certificate.name",     "certificate.chain", "certificate.key",     "service.name",
      "service.listen",  "service.certificates", "service.backends"};
  for (const Setting& setting : parse_example(example_with_all_options()).settings) {
    const std::string name = setting.section + "." + setting.key;
    if (samples.count(name) != 0) continue;
    EXPECT_EQ(setting.value, setting.default_value) << name;
  }
}

TEST(Example, IsAConfigurationAsItStands) {
  std::string text = tests::read(std::string(SOURCE_ROOT) + "/deploy/lockstep.example.toml");
  for (const std::string name : {"ecdsa", "rsa"})
    text = std::regex_replace(text, std::regex("example-" + name + "\\.(pem|key)"), name + ".$1");
  const Loaded loaded = load_text(text);
  EXPECT_EQ(loaded.diagnostics.render_all(), "");
}

}  // namespace
}  // namespace lockstep::config

// A policy is a promise: what it permits changes only together with its reviewed copy in policies/.
#include "control/config/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "control/cli/explain.h"
#include "control/config/load.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::config {
namespace {

using tests::certificates;

std::string reviewed_file(const std::string& full_name) {
  return std::string(SOURCE_ROOT) + "/tests/unit/control/policies/" + full_name + ".txt";
}

const Policy& policy(const std::string& name) {
  const auto& all = policies();
  return *std::find_if(all.begin(), all.end(), [&](const Policy& p) { return p.newest && p.name == name; });
}

TEST(Policy, IsWhatWasReviewed) {
  for (const Policy& each : policies()) EXPECT_EQ(describe(each), tests::read(reviewed_file(each.full_name())));
}

TEST(Policy, IsNeverRemoved) {
  std::set<std::string> names;
  for (const Policy& each : policies()) EXPECT_TRUE(names.insert(each.full_name()).second) << each.full_name();
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(SOURCE_ROOT) + "/tests/unit/control/policies"))
    EXPECT_EQ(names.count(entry.path().stem().string()), 1U) << entry.path();
}

TEST(Policy, HasOneNewestVersionOfEachName) {
  std::map<std::string, int> newest;
  for (const Policy& each : policies()) newest[each.name] += each.newest ? 1 : 0;
  for (const auto& [name, count] : newest) EXPECT_EQ(count, 1) << name;
}

TEST(Policy, NeverSignsWithSha1) {
  for (const Policy& each : policies())
    for (const crypto::SignatureScheme scheme : each.signature_schemes)
      EXPECT_NE(static_cast<unsigned>(scheme) >> 8U, 2U) << each.full_name();
}

TEST(Policy, ModernIsTls13Only) {
  EXPECT_EQ(policy("modern").versions, std::vector{tls::Version::tls13});
}

TEST(Policy, LegacyHasAllThatIntermediateHas) {
  for (const tls::CipherSuite suite : policy("intermediate").cipher_suites)
    EXPECT_EQ(std::count(policy("legacy").cipher_suites.begin(), policy("legacy").cipher_suites.end(), suite), 1);
}

TEST(Policy, LegacyHasEverySuiteThereIs) {
  EXPECT_EQ(policy("legacy").cipher_suites.size(), tls::all_cipher_suites().size());
}

TEST(Policy, PrefersForwardSecrecy) {
  const auto& suites = policy("legacy").cipher_suites;
  const auto ephemeral = [](tls::CipherSuite suite) {
    return std::string_view(tls::name(suite)).find("TLS_RSA_") == std::string_view::npos;
  };
  EXPECT_TRUE(std::is_partitioned(suites.begin(), suites.end(), ephemeral));
}

// ---- in a configuration

Loaded load_with(const std::string& tls, const std::string& service_tls = "") {
  const std::string path = certificates().file("policy.toml");
  tests::write(path, tls + R"(
[[port]]
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
builtin = "http"
)" + service_tls);
  return load(path);
}

TEST(PolicyKey, IsIntermediateByDefault) {
  const Tls tls = load_with("").config.services[0].tls;
  EXPECT_EQ(tls.policy->name, "intermediate");
  EXPECT_EQ(tls.cipher_suites, policy("intermediate").cipher_suites);
}

TEST(PolicyKey, TakesANameWithOrWithoutItsVersion) {
  for (const std::string name : {"modern", "modern-2026"}) {
    const Loaded loaded = load_with("[tls]\npolicy = \"" + name + "\"\n");
    EXPECT_EQ(loaded.diagnostics.render_all(), "");
    const Tls& tls = loaded.config.services[0].tls;
    EXPECT_EQ(tls.policy, &policy("modern"));
    EXPECT_EQ(tls.versions, std::vector{tls::Version::tls13});
    EXPECT_EQ(tls.signature_schemes, policy("modern").signature_schemes);
  }
}

TEST(PolicyKey, KeysReplacePartsOfIt) {
  const Tls tls = load_with("[tls]\npolicy = \"modern\"\ngroups = [\"secp384r1\"]\n").config.services[0].tls;
  EXPECT_EQ(tls.groups, std::vector{crypto::NamedGroup::secp384r1});
  EXPECT_EQ(tls.cipher_suites, policy("modern").cipher_suites);
}

TEST(PolicyKey, OfAServiceReplacesWhatWasSaidForAll) {
  const Tls tls =
      load_with("[tls]\nversions = [\"1.2\"]\n", "[service.tls]\npolicy = \"modern\"\n").config.services[0].tls;
  EXPECT_EQ(tls.versions, std::vector{tls::Version::tls13});
}

TEST(PolicyKey, LeavesTheServicesOwnKeysToIt) {
  const Tls tls =
      load_with("[tls]\npolicy = \"modern\"\n", "[service.tls]\ngroups = [\"x25519\"]\n").config.services[0].tls;
  EXPECT_EQ(tls.policy->name, "modern");
  EXPECT_EQ(tls.groups, std::vector{crypto::NamedGroup::x25519});
}

TEST(PolicyKey, UnknownOnesAreToldWithTheNearest) {
  const std::string told = load_with("[tls]\npolicy = \"intermediat\"\n").diagnostics.render_all();
  EXPECT_NE(
      told.find(":2:10: \"intermediat\" is no value for \"policy\"; did you mean \"intermediate\"? Use \"modern\", "
                "\"intermediate\", \"legacy\", \"modern-2026\""),
      std::string::npos)
      << told;
}

TEST(CipherSuitesKey, TakesOpensslNamesToo) {
  const Loaded loaded =
      load_with("[tls]\ncipher_suites = [\"ECDHE-ECDSA-AES256-GCM-SHA384\", \"TLS_AES_256_GCM_SHA384\"]\n");
  EXPECT_EQ(loaded.diagnostics.render_all(), "");
  EXPECT_EQ(loaded.config.services[0].tls.cipher_suites,
            (std::vector{tls::CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384, tls::CipherSuite::tls_aes_256_gcm_sha384}));
}

TEST(CipherSuitesKey, OneSuiteByBothNamesStandsTwice) {
  const std::string told = load_with(
                               "[tls]\ncipher_suites = [\"ECDHE-ECDSA-AES256-GCM-SHA384\", \"TLS_AES_128_GCM_SHA256\", "
                               "\"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\"]\n")
                               .diagnostics.render_all();
  EXPECT_NE(told.find("stands twice"), std::string::npos) << told;
}

// ---- check --explain

TEST(Explain, ShowsWhatIsEffective) {
  const Loaded loaded =
      load_with("[tls]\npolicy = \"intermediate\"\ngroups = [\"x25519\"]\nalpn = [\"h2\", \"http/1.1\"]\n");
  const std::string text = cli::explain_text(cli::explain_json(loaded));
  for (const char* const line :
       {"service s (tls)\n", "  listen              198.18.0.2:443\n",
        "  policy              intermediate-2026, own groups\n", "  versions            1.3, 1.2\n",
        "  cipher suites       TLS_AES_128_GCM_SHA256\n",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (ECDHE-ECDSA-AES128-GCM-SHA256)\n",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (ECDHE-RSA-AES128-GCM-SHA256)  unused: no certificate fits\n",
        "  groups              x25519\n", "  signature schemes   ecdsa_secp256r1_sha256\n",
        "  ALPN                h2, http/1.1\n", "  certificate         c: ECDSA P-256, until ",
        "names: demo.test, *.demo.test\n", "chain: CN=demo.test <- CN=test authority\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST(Explain, SaysWhatOfSessionsAndEarlyDataIsOn) {
  const std::string usual = cli::explain_text(cli::explain_json(load_with("")));
  for (const char* const line : {"  sessions            resumed for 7200 s, 2 tickets after a TLS 1.3 handshake\n",
                                 "  early data          refused\n", "  client certificates not asked for\n"})
    EXPECT_NE(usual.find(line), std::string::npos) << line << "\n" << usual;
  const std::string all =
      cli::explain_text(cli::explain_json(load_with("[tls]\npsk_ke = true\nearly_data = \"16KiB\"\n")));
  for (const char* const line : {", without a key exchange too\n", "  early data          16384 bytes\n"})
    EXPECT_NE(all.find(line), std::string::npos) << line << "\n" << all;
}

TEST(Explain, LeavesOutSuitesOfVersionsThatAreOff) {
  const Loaded loaded = load_with("[tls]\nversions = [\"1.3\"]\n");
  EXPECT_EQ(cli::explain_json(loaded).find("TLS_ECDHE"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::config

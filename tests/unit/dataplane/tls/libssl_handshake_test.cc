// Handshakes with libssl on the other side: what is negotiated, and that both sides agree.
#include <gtest/gtest.h>

#include "crypto/openssl/engine.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/ticket_support.h"

namespace lockstep::tls::test {
namespace {

using crypto::NamedGroup;
using crypto::SignatureScheme;

auto only(int version, const char* groups = "X25519:P-256:P-384", const char* signatures = nullptr) {
  return [=](SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    ASSERT_EQ(SSL_CTX_set1_groups_list(context, groups), 1);
    if (signatures != nullptr) {
      ASSERT_EQ(SSL_CTX_set1_sigalgs_list(context, signatures), 1);
    }
  };
}

class LibsslHandshake : public ::testing::Test {
 protected:
  // Completes a handshake and sends a word each way.
  void expect_success(Driver& server, LibsslPeer& client) {
    exchange(server, client);
    ASSERT_TRUE(client.established()) << client.failure;
    ASSERT_TRUE(server.established) << describe(server.session().info().error);
    client.write("ping");
    server.send("pong");
    exchange(server, client);
    EXPECT_EQ(server.received, "ping");
    EXPECT_EQ(client.received, "pong");
    EXPECT_EQ(server.undisposed(), 0U);
    EXPECT_TRUE(server.session().config_released());
    EXPECT_EQ(server.session().deadline(), Instant::never());
  }
  void expect_failure(Driver& server, LibsslPeer& client, Error error) {
    exchange(server, client);
    EXPECT_FALSE(client.established());
    EXPECT_EQ(server.session().info().error, error) << name(server.session().info().error);
    EXPECT_EQ(server.close, Close::after_output);
  }

  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
};

class LibsslTls13Matrix : public LibsslHandshake, public ::testing::WithParamInterface<std::tuple<int, int, int>> {};

constexpr std::array kTls13Suites = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                     "TLS_CHACHA20_POLY1305_SHA256"};
constexpr std::array kGroups = {std::pair{NamedGroup::x25519, "X25519"}, std::pair{NamedGroup::secp256r1, "P-256"},
                                std::pair{NamedGroup::secp384r1, "P-384"}};
constexpr std::array kCertificates = {"RSA", "P-256", "P-384", "ED25519"};

TEST_P(LibsslTls13Matrix, Completes) {
  const auto [suite, group, certificate] = GetParam();
  const ServerConfig config = config_with({kCertificates[certificate]});
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_3_VERSION, kGroups[group].second),
                    [&](SSL* ssl) { SSL_set_ciphersuites(ssl, kTls13Suites[suite]); });
  expect_success(server, client);
  const SessionInfo info = server.session().info();
  EXPECT_EQ(info.version, Version::tls13);
  EXPECT_STREQ(name(info.cipher_suite), kTls13Suites[suite]);
  EXPECT_EQ(info.group, kGroups[group].first);
  EXPECT_FALSE(info.hello_retry);
  EXPECT_STREQ(info.phase, "established");
  EXPECT_EQ(server.counters().handshakes_tls13.value(), 1U);
}

INSTANTIATE_TEST_SUITE_P(All, LibsslTls13Matrix,
                         ::testing::Combine(::testing::Range(0, 3), ::testing::Range(0, 3), ::testing::Range(0, 4)));

struct Tls12Suite {
  const char* libssl_name;
  const char* name;
  bool rsa;
};
constexpr std::array kTls12Suites = {
    Tls12Suite{"ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", false},
    Tls12Suite{"ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", false},
    Tls12Suite{"ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", false},
    Tls12Suite{"ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", true},
    Tls12Suite{"ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", true},
    Tls12Suite{"ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", true},
};

class LibsslTls12Matrix : public LibsslHandshake, public ::testing::WithParamInterface<std::tuple<int, int, bool>> {};

TEST_P(LibsslTls12Matrix, Completes) {
  const auto [suite, group, extended] = GetParam();
  // The certificate's curve has to be among the client's groups, too (RFC 8422 section 5.3).
  const std::string own = kGroups[group].second;
  const std::string groups = own == "P-256" ? own : own + ":P-256";
  ServerConfig config = config_with({"P-256", "RSA"});
  config.groups = {kGroups[group].first};
  Driver driver(config, *engine_);
  LibsslPeer client(only(TLS1_2_VERSION, groups.c_str()), [&](SSL* ssl) {
    SSL_set_cipher_list(ssl, kTls12Suites[suite].libssl_name);
    if (!extended) SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
  });
  expect_success(driver, client);
  const SessionInfo info = driver.session().info();
  EXPECT_EQ(info.version, Version::tls12);
  EXPECT_STREQ(name(info.cipher_suite), kTls12Suites[suite].name);
  EXPECT_EQ(info.group, kGroups[group].first);
  EXPECT_EQ(SSL_get_extms_support(client.ssl()), extended ? 1 : 0);
  EXPECT_EQ(SSL_get_secure_renegotiation_support(client.ssl()), 1);
  EXPECT_EQ(driver.counters().handshakes_tls12.value(), 1U);
}

INSTANTIATE_TEST_SUITE_P(All, LibsslTls12Matrix,
                         ::testing::Combine(::testing::Range(0, 6), ::testing::Range(0, 3), ::testing::Bool()));

TEST_F(LibsslHandshake, ServesP384AndEd25519CertificatesInTls12) {
  for (const char* type : {"P-384", "ED25519"}) {
    const ServerConfig config = config_with({type});
    Driver server(config, *engine_);
    LibsslPeer client(only(TLS1_2_VERSION));
    expect_success(server, client);
  }
}

TEST_F(LibsslHandshake, AsksForAnotherShareOnce) {
  for (const char* suite : kTls13Suites) {
    ServerConfig config = config_with({"RSA"});
    config.groups = {NamedGroup::secp384r1};
    Driver server(config, *engine_);
    LibsslPeer client(only(TLS1_3_VERSION, "X25519:P-384"), [&](SSL* ssl) { SSL_set_ciphersuites(ssl, suite); });
    expect_success(server, client);
    EXPECT_TRUE(server.session().info().hello_retry);
    EXPECT_EQ(server.counters().hello_retry_requests.value(), 1U);
  }
}

TEST_F(LibsslHandshake, AsksForAnotherShareWithACookie) {
  for (const char* suite : kTls13Suites) {
    ServerConfig config = config_with({"RSA"});
    config.groups = {NamedGroup::secp384r1};
    config.retry_cookie = true;
    config.ticket_keys = ticket_keys(2, random_);
    Driver server(config, *engine_);
    LibsslPeer client(only(TLS1_3_VERSION, "X25519:P-384"), [&](SSL* ssl) { SSL_set_ciphersuites(ssl, suite); });
    expect_success(server, client);
    EXPECT_TRUE(server.session().info().hello_retry);
    EXPECT_EQ(server.counters().handshakes_started.value(), 1U);
  }
}

TEST_F(LibsslHandshake, UsesAShareThatIsThereRatherThanAsking) {
  const ServerConfig config = config_with({"RSA"});  // likes X25519 best
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_3_VERSION, "P-256:X25519"));  // libssl sends a share for the first only
  expect_success(server, client);
  EXPECT_EQ(server.session().info().group, NamedGroup::secp256r1);
  EXPECT_FALSE(server.session().info().hello_retry);
}

TEST_F(LibsslHandshake, WorksWithoutMiddleboxCompatibility) {
  ServerConfig config = config_with({"RSA"});
  config.groups = {NamedGroup::secp384r1};
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_3_VERSION, "X25519:P-384"),
                    [](SSL* ssl) { SSL_clear_options(ssl, SSL_OP_ENABLE_MIDDLEBOX_COMPAT); });
  expect_success(server, client);
}

TEST_F(LibsslHandshake, ChoosesTheCertificateByTheClientsSignatureAlgorithms) {
  const ServerConfig config = config_with({"P-256", "RSA"});
  const std::array cases = {
      std::tuple{"ECDSA+SHA256:RSA-PSS+SHA256", SignatureScheme::ecdsa_secp256r1_sha256},
      std::tuple{"RSA-PSS+SHA256", SignatureScheme::rsa_pss_rsae_sha256},
      std::tuple{"RSA-PSS+SHA512:RSA+SHA256", SignatureScheme::rsa_pss_rsae_sha512},
      // PKCS#1 in the list of a client that otherwise takes ECDSA only does no harm (RFC 8446 section 4.2.3).
      std::tuple{"RSA+SHA256:ECDSA+SHA256", SignatureScheme::ecdsa_secp256r1_sha256},
  };
  for (const auto& [signatures, scheme] : cases) {
    Driver server(config, *engine_);
    LibsslPeer client(only(TLS1_3_VERSION, "X25519", signatures));
    expect_success(server, client);
    EXPECT_EQ(server.session().info().signature_scheme, scheme) << signatures;
  }
}

TEST_F(LibsslHandshake, NeverSignsWithPkcs1InTls13) {
  const ServerConfig config = config_with({"RSA"});
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_3_VERSION, "X25519", "RSA+SHA256:ECDSA+SHA256"));
  expect_failure(server, client, Error::no_common_signature_scheme);
}

TEST_F(LibsslHandshake, SignsWithPssAndPkcs1InTls12) {
  const ServerConfig config = config_with({"RSA"});
  const std::array cases = {
      std::tuple{"RSA-PSS+SHA256:RSA+SHA256", SignatureScheme::rsa_pss_rsae_sha256},
      std::tuple{"RSA-PSS+SHA384", SignatureScheme::rsa_pss_rsae_sha384},
      std::tuple{"RSA+SHA256", SignatureScheme::rsa_pkcs1_sha256},
      std::tuple{"RSA+SHA384", SignatureScheme::rsa_pkcs1_sha384},
      std::tuple{"RSA+SHA512", SignatureScheme::rsa_pkcs1_sha512},
  };
  for (const auto& [signatures, scheme] : cases) {
    Driver server(config, *engine_);
    LibsslPeer client(only(TLS1_2_VERSION, "X25519", signatures));
    expect_success(server, client);
    EXPECT_EQ(server.session().info().signature_scheme, scheme) << signatures;
  }
}

TEST_F(LibsslHandshake, ChoosesTheCertificateByTheSuiteInTls12) {
  const ServerConfig config = config_with({"P-256", "RSA"});
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_2_VERSION), [](SSL* ssl) { SSL_set_cipher_list(ssl, "ECDHE-RSA-AES128-GCM-SHA256"); });
  expect_success(server, client);
  EXPECT_EQ(server.session().info().signature_scheme, SignatureScheme::rsa_pss_rsae_sha256);
}

TEST_F(LibsslHandshake, AvoidsAnEcdsaCertificateOnACurveTheClientDoesNotList) {
  const ServerConfig config = config_with({"P-256", "RSA"});
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_2_VERSION, "X25519"));
  expect_success(server, client);
  EXPECT_EQ(server.session().info().signature_scheme, SignatureScheme::rsa_pss_rsae_sha256);
}

TEST_F(LibsslHandshake, FollowsTheClientsOrderIfSoConfigured) {
  ServerConfig config = config_with({"RSA"});
  config.prefer_server_order = false;
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_3_VERSION, "P-384:P-256"),
                    [](SSL* ssl) { SSL_set_ciphersuites(ssl, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"); });
  expect_success(server, client);
  EXPECT_EQ(server.session().info().cipher_suite, CipherSuite::tls_chacha20_poly1305_sha256);
  EXPECT_EQ(server.session().info().group, NamedGroup::secp384r1);
}

TEST_F(LibsslHandshake, NegotiatesTheApplicationProtocol) {
  ServerConfig config = config_with({"RSA"});
  config.alpn = {"h2", "http/1.1"};
  const std::string offered = "\x08http/1.1\x02h2";
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Driver server(config, *engine_);
    LibsslPeer client(only(version), [&](SSL* ssl) {
      SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(offered.data()),
                          static_cast<unsigned>(offered.size()));
    });
    expect_success(server, client);
    const unsigned char* selected = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &selected, &size);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(selected), size), "h2");
    EXPECT_EQ(server.session().info().alpn, "h2");
  }
}

TEST_F(LibsslHandshake, EndsWithoutACommonApplicationProtocol) {
  ServerConfig config = config_with({"RSA"});
  config.alpn = {"h2"};
  Driver server(config, *engine_);
  LibsslPeer client({}, [](SSL* ssl) {
    SSL_set_alpn_protos(ssl,
                        reinterpret_cast<const unsigned char*>("\x03"
                                                               "foo"),
                        4);
  });
  expect_failure(server, client, Error::no_common_alpn);
  EXPECT_NE(client.failure.find("application protocol"), std::string::npos) << client.failure;
}

TEST_F(LibsslHandshake, FindsTheIdentityByServerName) {
  ServerConfig config = config_with({"RSA"});
  change_identities(config, [](Identities& identities) {
    identities.list.push_back({{credential("P-256")}});
    identities.exact.emplace("example.org", 1);
  });
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Driver server(config, *engine_);
    LibsslPeer client(only(version), [](SSL* ssl) { SSL_set_tlsext_host_name(ssl, "EXAMPLE.org"); });
    expect_success(server, client);
    EXPECT_EQ(server.session().info().signature_scheme, SignatureScheme::ecdsa_secp256r1_sha256);
    EXPECT_EQ(server.session().info().server_name, "EXAMPLE.org");
  }
}

TEST_F(LibsslHandshake, RefusesUnknownNamesWhenStrict) {
  ServerConfig config = config_with({"RSA"});
  config.strict_sni = true;
  change_identities(config, [](Identities& identities) { identities.exact.emplace("example.org", 0); });
  Driver server(config, *engine_);
  LibsslPeer client({}, [](SSL* ssl) { SSL_set_tlsext_host_name(ssl, "other.org"); });
  expect_failure(server, client, Error::unknown_server_name);
}

TEST_F(LibsslHandshake, PrefersTls13AndFallsBackToTls12) {
  ServerConfig config = config_with({"RSA"});
  {
    Driver server(config, *engine_);
    LibsslPeer client;
    expect_success(server, client);
    EXPECT_EQ(server.session().info().version, Version::tls13);
  }
  config.tls13 = false;
  Driver server(config, *engine_);
  LibsslPeer client;
  expect_success(server, client);
  EXPECT_EQ(server.session().info().version, Version::tls12);
}

TEST_F(LibsslHandshake, RefusesAFallbackThatWasNotNeeded) {
  const ServerConfig config = config_with({"RSA"});
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_2_VERSION), [](SSL* ssl) { SSL_set_mode(ssl, SSL_MODE_SEND_FALLBACK_SCSV); });
  expect_failure(server, client, Error::inappropriate_fallback);
}

TEST_F(LibsslHandshake, TellsAClientOf13ThatItWasNotMeantToSpeak12) {
  // The client offers both; an attacker takes 1.3 out of the hello. It cannot take the sentinel out of the random
  // (RFC 8446 section 4.1.3). libssl checks only what it offered, so look at the bytes.
  const ServerConfig config = config_with({"RSA"});
  Driver server(config, *engine_);
  LibsslPeer client(only(TLS1_2_VERSION));
  client.step();
  server.feed(client.take_output());
  server.run();
  const Buffer output = server.take_output();
  ASSERT_GT(output.size(), 5U + 4 + 2 + 32);
  EXPECT_EQ(std::string(output.begin() + 5 + 4 + 2 + 24, output.begin() + 5 + 4 + 2 + 31), "DOWNGRD");
  EXPECT_EQ(output[5 + 4 + 2 + 31], 1);
}

TEST_F(LibsslHandshake, TakesHellosLargerThanARecord) {
  const ServerConfig config = config_with({"RSA"});
  std::string protocols;
  for (int i = 0; i < 200; ++i) protocols += '\x64' + pattern_text(100);
  Driver server(config, *engine_);
  LibsslPeer client({}, [&](SSL* ssl) {
    SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  });
  expect_success(server, client);
}

TEST_F(LibsslHandshake, SendsCertificatesLargerThanARecord) {
  ServerConfig config = config_with({"RSA"});
  auto chain = std::vector<std::vector<std::uint8_t>>();
  Credential large = config.identities->list[0].credentials[0];
  const Buffer& message = large.messages->tls12.front().messages;
  // The leaf again and again: libssl ignores what it does not need.
  const std::size_t size = static_cast<std::size_t>(message[7]) << 16U | message[8] << 8U | message[9];
  chain.assign(60, {message.begin() + 10, message.begin() + 10 + static_cast<std::ptrdiff_t>(size)});
  large = make_credential(chain, large.key);
  ASSERT_GT(large.messages->tls13.front().messages.size(), 2U * kMaxPlaintext);
  change_identities(config, [&](Identities& identities) { identities.list[0].credentials[0] = large; });
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Driver server(config, *engine_);
    LibsslPeer client(only(version), [](SSL* ssl) { SSL_set_max_cert_list(ssl, 1 << 20); });
    expect_success(server, client);
  }
}

}  // namespace
}  // namespace lockstep::tls::test

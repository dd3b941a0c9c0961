// The forms of certificate messages, byte for byte, which client gets which, and what libssl makes of them.
#include "dataplane/tls/certificate.h"

#include <gtest/gtest.h>
#include <openssl/ct.h>

#include "crypto/openssl/engine.h"
#include "dataplane/tls/negotiate.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/hello.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"
#include "tests/unit/dataplane/tls/none_client.h"

namespace lockstep::tls::test {
namespace {

void set_messages(ServerConfig& config, std::shared_ptr<const CertificateMessages> messages) {
  change_identities(config, [&](Identities& identities) { identities.list[0].credentials[0].messages = messages; });
}

constexpr CertificateExtras kOcsp = static_cast<CertificateExtras>(CertificateExtra::ocsp_response);
constexpr CertificateExtras kScts = static_cast<CertificateExtras>(CertificateExtra::sct_list);
constexpr CertificateExtras kZlib = static_cast<CertificateExtras>(CertificateExtra::zlib);
constexpr CertificateExtras kBrotli = static_cast<CertificateExtras>(CertificateExtra::brotli);

// An SCT list of one entry that is no SCT.
const Buffer kSctList = {0, 4, 0, 2, 0xaa, 0xbb};

CertificateParts parts() {
  return {.der_chain = {{1, 2, 3}, {4}}, .ocsp_response = {0x30, 0x55}, .sct_list = kSctList};
}

TEST(CertificateForms, OfTls13HaveTheirExtensionsAtTheLeaf) {
  const CertificateMessages messages = make_certificate_messages(parts());
  ASSERT_EQ(messages.tls13.size(), 4U);
  const Buffer ocsp = {0, 5, 0, 6, 1, 0, 0, 2, 0x30, 0x55}, scts = join({{0, 18, 0, 6}, kSctList});
  const auto with = [](const Buffer& extensions) {
    const Buffer list = join({{0, 0, 3, 1, 2, 3}, vector16(extensions), {0, 0, 1, 4, 0, 0}});
    return message(11, join({{0}, integer(list.size(), 3), list}));
  };
  EXPECT_EQ(messages.tls13[0].messages, with(join({ocsp, scts})));
  EXPECT_EQ(messages.tls13[1].messages, with(ocsp));
  EXPECT_EQ(messages.tls13[2].messages, with(scts));
  EXPECT_EQ(messages.tls13[3].messages, with({}));
}

TEST(CertificateForms, OfTls12HaveTheStatusInAMessageOfItsOwn) {
  const CertificateMessages messages = make_certificate_messages(parts());
  ASSERT_EQ(messages.tls12.size(), 2U);
  const Buffer plain = message(11, {0, 0, 10, 0, 0, 3, 1, 2, 3, 0, 0, 1, 4});
  EXPECT_EQ(messages.tls12[0].messages, join({plain, message(22, {1, 0, 0, 2, 0x30, 0x55})}));
  EXPECT_EQ(messages.tls12[1].messages, plain);
  EXPECT_EQ(messages.sct_list_tls12, kSctList);
}

TEST(CertificateForms, SctListsTooLongForAServerHelloAreForTls13Only) {
  CertificateParts long_list = parts();
  long_list.sct_list.resize(kMaxSctListTls12 + 1);
  EXPECT_TRUE(make_certificate_messages(long_list).sct_list_tls12.empty());
}

TEST(CertificateForms, CompressedOnesSayHowAndHowMuch) {
  CertificateMessages messages =
      make_certificate_messages({.der_chain = {Buffer(300, 7)}, .ocsp_response = {}, .sct_list = {}});
  const std::size_t body = messages.tls13[0].messages.size() - kHandshakeHeader;
  add_compressed(messages, 0, CompressionAlgorithm::brotli, Buffer{9, 8});
  ASSERT_EQ(messages.tls13.size(), 2U);
  EXPECT_EQ(messages.tls13[0].needs, kBrotli);
  EXPECT_EQ(messages.tls13[0].messages, message(25, join({{0, 2}, integer(body, 3), {0, 0, 2, 9, 8}})));
}

TEST(CertificateForms, CompressedOnesGoBeforeLongerOnes) {
  CertificateMessages messages =
      make_certificate_messages({.der_chain = {Buffer(300, 7)}, .ocsp_response = {0x30}, .sct_list = {}});
  add_compressed(messages, 0, CompressionAlgorithm::zlib, Buffer(50, 1));
  add_compressed(messages, 0, CompressionAlgorithm::brotli, Buffer(40, 1));
  add_compressed(messages, kOcsp, CompressionAlgorithm::brotli, Buffer(60, 1));
  add_compressed(messages, kOcsp, CompressionAlgorithm::zlib, Buffer(400, 1));  // longer than plain
  std::vector<CertificateExtras> order;
  for (const CertificateForm& form : messages.tls13) order.push_back(form.needs);
  EXPECT_EQ(order, (std::vector<CertificateExtras>{kOcsp | kBrotli, kOcsp, kBrotli, kZlib, 0}));
}

TEST(CertificateForms, AClientGetsTheBestThatItAsksFor) {
  CertificateMessages messages = make_certificate_messages(parts());
  add_compressed(messages, 0, CompressionAlgorithm::brotli, {});
  add_compressed(messages, kOcsp | kScts, CompressionAlgorithm::zlib, {});
  const auto chosen = [&](unsigned asked) {
    return choose_form(messages.tls13, static_cast<CertificateExtras>(asked)).needs;
  };
  EXPECT_EQ(chosen(0), 0);
  EXPECT_EQ(chosen(kOcsp), kOcsp);
  EXPECT_EQ(chosen(kScts), kScts);
  EXPECT_EQ(chosen(kOcsp | kScts), kOcsp | kScts);
  EXPECT_EQ(chosen(kOcsp | kScts | kBrotli), kOcsp | kScts) << "what was asked for goes before size";
  EXPECT_EQ(chosen(kOcsp | kScts | kZlib), kOcsp | kScts | kZlib);
  EXPECT_EQ(chosen(kZlib | kBrotli), kBrotli);
}

// ---- negotiation

Buffer status_request() {
  return {1, 0, 0, 0, 0};
}

class CertificateChoice : public ::testing::Test {
 protected:
  void SetUp() override {
    config_ = config_with({"P-256"});
    CertificateMessages messages = make_certificate_messages(parts());
    add_compressed(messages, 0, CompressionAlgorithm::brotli, {});
    set_messages(config_, std::make_shared<const CertificateMessages>(std::move(messages)));
  }
  const CertificateMessages& messages() const { return *config_.identities->list[0].credentials[0].messages; }
  Signer tls13(const Hello& hello) {
    body_ = hello.body();
    hello_ = ClientHello();
    EXPECT_EQ(hello_.read(body_), Error::none);
    const auto signer = choose_signer_tls13(config_, config_.identities->list[0], hello_);
    EXPECT_TRUE(signer.ok());
    return signer.value();
  }
  Tls12Choice tls12(const Hello& hello) {
    body_ = hello.body();
    hello_ = ClientHello();
    EXPECT_EQ(hello_.read(body_), Error::none);
    const auto choice = choose_tls12(config_, config_.identities->list[0], hello_);
    EXPECT_TRUE(choice.ok());
    return choice.value();
  }
  static bool is(Bytes sent, const Buffer& form) { return Buffer(sent.begin(), sent.end()) == form; }

  ServerConfig config_;
  Buffer body_;
  ClientHello hello_;
};

TEST_F(CertificateChoice, IsPlainForAClientThatAsksForNothing) {
  EXPECT_TRUE(is(tls13(hello13()).certificate, messages().tls13.back().messages));
  const Tls12Choice choice = tls12(hello12());
  EXPECT_TRUE(is(choice.signer.certificate, messages().tls12.back().messages));
  EXPECT_FALSE(choice.status_request);
  EXPECT_TRUE(choice.sct_list.empty());
}

TEST_F(CertificateChoice, HasWhatAClientAsksFor) {
  Hello hello = hello13();
  hello.set(ExtensionType::status_request, status_request());
  EXPECT_TRUE(is(tls13(hello).certificate, messages().tls13[1].messages));
  hello = hello12();
  hello.set(ExtensionType::status_request, status_request()).set(ExtensionType::signed_certificate_timestamp, {});
  const Tls12Choice choice = tls12(hello);
  EXPECT_TRUE(is(choice.signer.certificate, messages().tls12[0].messages));
  EXPECT_TRUE(choice.status_request);
  EXPECT_TRUE(is(choice.sct_list, kSctList));
}

TEST_F(CertificateChoice, IsCompressedByAnAlgorithmOfTheClients) {
  Hello hello = hello13();
  hello.set(ExtensionType::compress_certificate, vector8(list16({3, 2})));
  EXPECT_EQ(tls13(hello).certificate[0], 25);
  hello.set(ExtensionType::compress_certificate, vector8(list16({3, 1})));
  EXPECT_EQ(tls13(hello).certificate[0], 11);
}

TEST_F(CertificateChoice, SignsOnlyWithSchemesOfTheConfiguration) {
  config_ = config_with({"P-256", "RSA"});
  config_.signature_schemes = {crypto::SignatureScheme::rsa_pss_rsae_sha256};
  EXPECT_EQ(tls13(hello13()).scheme, crypto::SignatureScheme::rsa_pss_rsae_sha256);
  EXPECT_EQ(tls12(hello12()).suite->suite, CipherSuite::ecdhe_rsa_aes_128_gcm_sha256);
}

TEST(CompressedCertificate, IsSentInPlaceOfTheCertificate) {
  Scene scene(none_config());
  CertificateMessages messages = *scene.config.identities->list[0].credentials[0].messages;
  const Buffer compressed(100, 9);
  add_compressed(messages, 0, CompressionAlgorithm::brotli, compressed);
  const Buffer sent = messages.tls13.front().messages;
  set_messages(scene.config, std::make_shared<const CertificateMessages>(messages));
  Hello hello = hello13();
  hello.set(ExtensionType::compress_certificate, vector8(list16({2})));
  scene.handshake(hello.whole());
  scene.protection = Protection::tls13;
  Buffer flight;
  for (const ServerRecord& record : scene.records())
    if (record.outer == ContentType::application_data) flight = join({flight, record.content});
  const auto found = std::search(flight.begin(), flight.end(), sent.begin(), sent.end());
  EXPECT_NE(found, flight.end());
  ASSERT_EQ(flight[0], 8) << "EncryptedExtensions";
  EXPECT_EQ(found - flight.begin(), 4 + (flight[1] << 16 | flight[2] << 8 | flight[3]));
}

// ---- libssl

class LibsslCertificate : public ::testing::TestWithParam<int> {
 protected:
  std::function<void(SSL_CTX*)> version() const {
    return [](SSL_CTX* context) {
      SSL_CTX_set_min_proto_version(context, GetParam());
      SSL_CTX_set_max_proto_version(context, GetParam());
    };
  }
  void give(CertificateParts extra) {
    const CertificateMessages& plain = *config_.identities->list[0].credentials[0].messages;
    const Buffer& message = plain.tls12.back().messages;
    const std::size_t size = static_cast<std::size_t>(message[7]) << 16U | message[8] << 8U | message[9];
    extra.der_chain = {{message.begin() + 10, message.begin() + 10 + static_cast<std::ptrdiff_t>(size)}};
    set_messages(config_, std::make_shared<const CertificateMessages>(make_certificate_messages(extra)));
  }

  Random random_ = Random::from_number(43);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ServerConfig config_ = config_with({"P-256"});
};
INSTANTIATE_TEST_SUITE_P(Versions, LibsslCertificate, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

TEST_P(LibsslCertificate, GetsTheOcspResponseItAsksFor) {
  give({.der_chain = {}, .ocsp_response = {0x30, 0x03, 0x0a, 0x01, 0x06}, .sct_list = {}});
  Driver server(config_, *engine_);
  LibsslPeer client(version(), [](SSL* ssl) { SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp); });
  exchange(server, client);
  ASSERT_TRUE(client.established()) << client.failure;
  const unsigned char* response = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(client.ssl(), &response);
  ASSERT_EQ(size, 5);
  EXPECT_EQ(response[4], 0x06);
}

TEST_P(LibsslCertificate, GetsNoneThatItDoesNotAskFor) {
  give({.der_chain = {}, .ocsp_response = {0x30, 0x03, 0x0a, 0x01, 0x06}, .sct_list = kSctList});
  Driver server(config_, *engine_);
  LibsslPeer client(version());
  exchange(server, client);
  ASSERT_TRUE(client.established()) << client.failure;
  const unsigned char* response = nullptr;
  EXPECT_EQ(SSL_get_tlsext_status_ocsp_resp(client.ssl(), &response), -1);
}

TEST_P(LibsslCertificate, AskingForAResponseThatThereIsNotHarmsNobody) {
  Driver server(config_, *engine_);
  LibsslPeer client(version(), [](SSL* ssl) { SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp); });
  exchange(server, client);
  EXPECT_TRUE(client.established()) << client.failure;
}

TEST_P(LibsslCertificate, GetsTheTimestampsItAsksFor) {
  // One SCT of version 1 (RFC 6962 section 3.2) with a signature that nobody checks here.
  const Buffer sct = join({{0}, Buffer(32, 5), Buffer(8, 0), {0, 0}, {4, 3}, vector16(Buffer(70, 0x30))});
  give({.der_chain = {}, .ocsp_response = {}, .sct_list = vector16(vector16(sct))});
  Driver server(config_, *engine_);
  LibsslPeer client(version(), [](SSL* ssl) {
    SSL_set_ct_validation_callback(
        ssl, [](const CT_POLICY_EVAL_CTX*, const STACK_OF(SCT)*, void*) { return 1; }, nullptr);
  });
  exchange(server, client);
  ASSERT_TRUE(client.established()) << client.failure;
  const STACK_OF(SCT)* const scts = SSL_get0_peer_scts(client.ssl());
  ASSERT_NE(scts, nullptr);
  EXPECT_EQ(sk_SCT_num(scts), 1);
}

}  // namespace
}  // namespace lockstep::tls::test

// The classic handshake and the CBC suites with libssl on the other side: what is said, what data comes through, and
// that damage of any kind gives one answer.
#include <gtest/gtest.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <map>
#include <set>

#include "crypto/openssl/engine.h"
#include "dataplane/tls/cipher_suites.h"
#include "tests/unit/dataplane/tls/credentials.h"
#include "tests/unit/dataplane/tls/libssl_peer.h"

namespace lockstep::tls::test {
namespace {

std::vector<CipherSuite> old_suites() {
  std::vector<CipherSuite> suites = all_cipher_suites();
  std::erase_if(suites, [](CipherSuite suite) { return find_traits(suite)->modern(); });
  return suites;
}

ServerConfig classic_config() {
  ServerConfig config = config_with({"P-256", "RSA"});
  config.cipher_suites = all_cipher_suites();
  return config;
}

struct Options {
  bool encrypt_then_mac = true;
  bool extended_master_secret = true;
};

// What libssl saw: handshake messages of both sides in order, and the extensions of ServerHello.
struct Seen {
  std::vector<int> messages;
  std::set<int> extensions;
};

void note_message(int, int, int type, const void* bytes, std::size_t size, SSL*, void* seen) {
  if (type == SSL3_RT_HANDSHAKE && size != 0)
    static_cast<Seen*>(seen)->messages.push_back(*static_cast<const std::uint8_t*>(bytes));
}
void note_extension(SSL*, int, int type, const unsigned char*, int, void* seen) {
  static_cast<Seen*>(seen)->extensions.insert(type);
}

class ClassicPair {
 public:
  ClassicPair(const ServerConfig& config, crypto::Engine& engine, CipherSuite suite, const Options& wanted = {},
              const DriverOptions& options = {})
      : server(config, engine, options), client({}, [&](SSL* ssl) {
          SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
          SSL_set_cipher_list(ssl, openssl_name(suite));
          if (!wanted.encrypt_then_mac) SSL_set_options(ssl, SSL_OP_NO_ENCRYPT_THEN_MAC);
          if (!wanted.extended_master_secret) SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
          SSL_set_msg_callback(ssl, &note_message);
          SSL_set_msg_callback_arg(ssl, &seen);
          SSL_callback_ctrl(ssl, SSL_CTRL_SET_TLSEXT_DEBUG_CB, reinterpret_cast<void (*)()>(&note_extension));
          SSL_set_tlsext_debug_arg(ssl, &seen);
        }) {}

  void establish() {
    exchange(server, client);
    ASSERT_TRUE(client.established()) << client.failure;
    ASSERT_TRUE(server.established) << describe(server.session().info().error);
  }

  Seen seen;
  Driver server;
  LibsslPeer client;
};

class Classic : public ::testing::Test {
 protected:
  Random random_ = Random::from_number(42);
  std::unique_ptr<crypto::Engine> engine_ = crypto::make_openssl_engine(random_);
  ServerConfig config_ = classic_config();
};

class ClassicMatrix : public Classic, public ::testing::WithParamInterface<std::tuple<std::size_t, bool, bool>> {
 protected:
  CipherSuite suite() const { return old_suites()[std::get<0>(GetParam())]; }
  Options options() const { return {std::get<1>(GetParam()), std::get<2>(GetParam())}; }
};

INSTANTIATE_TEST_SUITE_P(All, ClassicMatrix,
                         ::testing::Combine(::testing::Range(std::size_t{0}, old_suites().size()), ::testing::Bool(),
                                            ::testing::Bool()));

TEST_P(ClassicMatrix, Completes) {
  ClassicPair pair(config_, *engine_, suite(), options());
  pair.establish();
  const CipherSuiteTraits& traits = *find_traits(suite());
  const SessionInfo info = pair.server.session().info();
  EXPECT_EQ(info.version, Version::tls12);
  EXPECT_EQ(info.cipher_suite, suite());
  EXPECT_STREQ(SSL_get_cipher_name(pair.client.ssl()), traits.openssl_name);
  EXPECT_EQ(SSL_get_extms_support(pair.client.ssl()), options().extended_master_secret ? 1 : 0);
  // RFC 7366 section 3: answered with CBC suites, and only there.
  const bool encrypt_then_mac = pair.seen.extensions.contains(22);
  EXPECT_EQ(encrypt_then_mac, traits.cbc() != nullptr && options().encrypt_then_mac);
  const bool rsa = traits.key_exchange == KeyExchange::rsa;
  EXPECT_EQ(info.group, rsa ? crypto::NamedGroup{} : crypto::NamedGroup::x25519);
  EXPECT_EQ(info.signature_scheme == crypto::SignatureScheme{}, rsa);
  const std::vector<int> classic = {1, 2, 11, 14, 16, 20, 20};
  const std::vector<int> ephemeral = {1, 2, 11, 12, 14, 16, 20, 20};
  EXPECT_EQ(pair.seen.messages, rsa ? classic : ephemeral);
}

TEST_P(ClassicMatrix, CarriesDataOfOddSizesBothWays) {
  DriverOptions driver;
  driver.piece = 1448;
  ClassicPair pair(config_, *engine_, suite(), options(), driver);
  pair.establish();
  std::string up;
  std::string down;
  for (const std::size_t size : {1U, 15U, 16U, 17U, 0U, 255U, 1000U, 16383U, 16384U, 16385U, 50'001U}) {
    const std::string part = pattern_text(size);
    pair.client.write(part);
    pair.server.send(part, 1447);
    up += part;
    down += part;
    exchange(pair.server, pair.client);
  }
  EXPECT_TRUE(pair.server.received == up) << pair.server.received.size();
  EXPECT_TRUE(pair.client.received == down) << pair.client.received.size();
  EXPECT_EQ(pair.server.unreleased(), 0U);
  EXPECT_EQ(pair.server.undisposed(), 0U);
  EXPECT_EQ(pair.server.session().info().error, Error::none) << pair.client.failure;
}

// CBC suites, with and without encrypt-then-MAC.
class ClassicRecords : public Classic, public ::testing::WithParamInterface<std::tuple<CipherSuite, bool>> {
 protected:
  CipherSuite suite() const { return std::get<0>(GetParam()); }
  Options options() const { return {true, std::get<1>(GetParam())}; }
};

std::vector<CipherSuite> cbc_suites() {
  std::vector<CipherSuite> suites = old_suites();
  std::erase_if(suites, [](CipherSuite suite) { return find_traits(suite)->cbc() == nullptr; });
  return suites;
}

INSTANTIATE_TEST_SUITE_P(All, ClassicRecords, ::testing::Combine(::testing::ValuesIn(cbc_suites()), ::testing::Bool()));

// One answer to damage of any kind: which byte it was, whether padding or MAC came out wrong, nobody learns.
TEST_P(ClassicRecords, AnswersDamageAtEveryPlaceAlike) {
  std::size_t record_size = 100;
  for (std::size_t at = 5; at < record_size; ++at) {
    ClassicPair pair(config_, *engine_, suite(), options());
    pair.establish();
    pair.client.write(pattern_text(21));
    Buffer record = pair.client.take_output();
    record_size = record.size();
    record[at] ^= static_cast<std::uint8_t>(1U << at % 8U);
    pair.server.feed(record);
    pair.server.run();
    EXPECT_EQ(pair.server.session().info().error, Error::bad_record) << at;
    EXPECT_EQ(pair.server.received, "") << at;
    EXPECT_EQ(pair.server.close, Close::after_output) << at;
    pair.client.feed(pair.server.take_output());
    pair.client.step();
    EXPECT_NE(pair.client.failure.find("bad record mac"), std::string::npos) << at << ": " << pair.client.failure;
  }
}

TEST_P(ClassicRecords, AnswersRecordsCutShortAlike) {
  std::size_t whole = 100;
  for (std::size_t left = 0; left + 1 < whole; ++left) {
    ClassicPair pair(config_, *engine_, suite(), options());
    pair.establish();
    pair.client.write(pattern_text(21));
    Buffer record = pair.client.take_output();
    whole = record.size() - 5;
    record.resize(5 + left);
    record[3] = 0;
    record[4] = static_cast<std::uint8_t>(left);
    pair.server.feed(record);
    pair.server.run();
    EXPECT_EQ(pair.server.session().info().error, Error::bad_record) << left;
    EXPECT_EQ(pair.server.received, "");
  }
}

TEST_F(Classic, NoSuiteThatIsNotConfigured) {
  for (const CipherSuite suite : old_suites()) {
    ServerConfig config = config_with({"P-256", "RSA"});
    ClassicPair pair(config, *engine_, suite);
    exchange(pair.server, pair.client);
    EXPECT_EQ(pair.server.session().info().error, Error::no_common_cipher_suite) << name(suite);
    EXPECT_NE(pair.client.failure.find("handshake failure"), std::string::npos) << pair.client.failure;
  }
}

// RFC 5246 section 7.4.2: a certificate for signatures only serves ECDHE and not the RSA key exchange.
TEST_F(Classic, NoRsaKeyExchangeWithACertificateForSignaturesOnly) {
  change_identities(config_, [](Identities& identities) {
    for (Credential& credential : identities.list[0].credentials) credential.may_encipher = false;
  });
  ClassicPair refused(config_, *engine_, CipherSuite::rsa_aes_128_gcm_sha256);
  exchange(refused.server, refused.client);
  EXPECT_EQ(refused.server.session().info().error, Error::no_common_cipher_suite);
  ClassicPair served(config_, *engine_, CipherSuite::ecdhe_rsa_aes_128_cbc_sha);
  served.establish();
}

TEST_F(Classic, PrefersForwardSecrecyIfTheServerDoes) {
  Driver server(config_, *engine_);
  LibsslPeer client({}, [](SSL* ssl) {
    SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    SSL_set_cipher_list(ssl, "AES128-SHA:AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256");
  });
  exchange(server, client);
  ASSERT_TRUE(client.established()) << client.failure;
  EXPECT_EQ(server.session().info().cipher_suite, CipherSuite::ecdhe_rsa_aes_128_gcm_sha256);
}

// Behaviour with clients that name groups of which we have none: the RSA key exchange needs none.
TEST_F(Classic, ServesClientsWithoutACommonGroup) {
  Driver server(config_, *engine_);
  LibsslPeer client([](SSL_CTX* context) { SSL_CTX_set1_groups_list(context, "P-521"); },
                    [](SSL* ssl) {
                      SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
                      SSL_set_cipher_list(ssl, "ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA");
                    });
  exchange(server, client);
  ASSERT_TRUE(client.established()) << client.failure;
  EXPECT_EQ(server.session().info().cipher_suite, CipherSuite::rsa_aes_128_cbc_sha);
}

// RFC 5246 section 6.2.3.2: an IV is new and does not follow from what went before.
TEST_F(Classic, EachRecordHasAnIvOfItsOwn) {
  ClassicPair pair(config_, *engine_, CipherSuite::rsa_aes_128_cbc_sha);
  pair.establish();
  std::set<Buffer> blocks;
  std::size_t records = 0;
  for (int i = 0; i < 50; ++i) {
    pair.server.send("the same words");
    pair.server.run();
    const Buffer output = pair.server.take_output();
    for (Reader reader{Bytes(output)}; reader.remaining() != 0; ++records) {
      reader.bytes(3);
      const Bytes fragment = reader.vector16();
      ASSERT_GE(fragment.size(), 32U);
      blocks.emplace(fragment.begin(), fragment.begin() + 16);
      blocks.emplace(fragment.end() - 16, fragment.end());
    }
  }
  EXPECT_EQ(records, 50U);
  EXPECT_EQ(blocks.size(), 100U);
}

// The version that the premaster secret has to begin with (RFC 5246 section 7.4.7.1).
class VersionRecorder final : public crypto::Engine {
 public:
  explicit VersionRecorder(crypto::Engine& inner) : inner_(inner) {}
  const char* name() const override { return "recorder"; }
  bool supports(crypto::JobClass) const override { return true; }
  void run(std::span<crypto::Job* const> jobs, crypto::JobList& done) override {
    for (const crypto::Job* const job : jobs)
      if (job->kind == crypto::JobKind::rsa_premaster)
        versions.push_back(static_cast<const crypto::RsaPremasterJob*>(job)->client_version);
    inner_.run(jobs, done);
  }
  std::vector<std::uint16_t> versions;

 private:
  crypto::Engine& inner_;
};

TEST_F(Classic, ChecksTheVersionThatTheClientOffered) {
  VersionRecorder recorder(*engine_);
  for (const int offered : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    config_.tls13 = false;
    Driver server(config_, recorder);
    LibsslPeer client({}, [&](SSL* ssl) {
      SSL_set_max_proto_version(ssl, offered);
      SSL_set_cipher_list(ssl, "AES128-SHA");
    });
    exchange(server, client);
    ASSERT_TRUE(client.established()) << client.failure;
  }
  // supported_versions offers 1.3, legacy_version stays (RFC 8446 section 4.1.2).
  EXPECT_EQ(recorder.versions, (std::vector<std::uint16_t>{0x0303, 0x0303}));
}

// Bleichenbacher's question in all its forms gets one answer.
class BadPremaster : public Classic, public ::testing::WithParamInterface<CipherSuite> {
 protected:
  // What the server answers to a ClientKeyExchange with another ciphertext in place of the client's.
  struct Answer {
    Error error = Error::none;
    std::vector<std::size_t> flights;  // bytes in each
    std::string failure;               // what the client learns
    bool operator==(const Answer&) const = default;
  };

  static Buffer replaced(const Buffer& flight, const Buffer& ciphertext) {
    Reader reader{Bytes(flight)};
    reader.bytes(5);
    const std::uint8_t type = reader.u8();
    EXPECT_EQ(type, 16);
    reader.vector24();
    const Buffer exchange = message(16, vector16(ciphertext));
    const Bytes rest = reader.rest();
    return join({{22, 3, 3}, vector16(exchange), Buffer(rest.begin(), rest.end())});
  }

  Answer answer_to(const std::function<Buffer(const Buffer& good)>& make) {
    ClassicPair pair(config_, *engine_, GetParam());
    Answer answer;
    pair.client.step();
    pair.server.feed(pair.client.take_output());
    pair.server.run();
    const Buffer hello = pair.server.take_output();
    answer.flights.push_back(hello.size());
    pair.client.feed(hello);
    pair.client.step();
    const Buffer flight = pair.client.take_output();
    Reader reader{Bytes(flight)};
    reader.bytes(5 + 4);
    const Bytes encrypted = reader.vector16();
    pair.server.feed(replaced(flight, make(Buffer(encrypted.begin(), encrypted.end()))));
    pair.server.run();
    const Buffer last = pair.server.take_output();
    answer.flights.push_back(last.size());
    pair.client.feed(last);
    pair.client.step();
    answer.failure = pair.client.failure;
    answer.error = pair.server.session().info().error;
    return answer;
  }

  // `block` to the power of the public exponent.
  static Buffer encrypted(const Buffer& block) {
    Buffer out(block.size());
    EVP_PKEY* const key = public_key();
    EVP_PKEY_CTX* const context = EVP_PKEY_CTX_new(key, nullptr);
    std::size_t size = out.size();
    EXPECT_EQ(EVP_PKEY_encrypt_init(context), 1);
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING), 1);
    EXPECT_EQ(EVP_PKEY_encrypt(context, out.data(), &size, block.data(), block.size()), 1);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return out;
  }
  static EVP_PKEY* public_key() {
    const Buffer& certificate = credential("RSA").messages->tls12.back().messages;
    const std::uint8_t* der = certificate.data() + 4 + 3 + 3;
    X509* const x509 = d2i_X509(nullptr, &der, static_cast<long>(certificate.size() - 10));
    EVP_PKEY* const key = X509_get_pubkey(x509);
    X509_free(x509);
    return key;
  }
  static Buffer modulus(int difference) {
    EVP_PKEY* const key = public_key();
    BIGNUM* n = nullptr;
    EVP_PKEY_get_bn_param(key, "n", &n);
    difference < 0 ? BN_sub_word(n, static_cast<BN_ULONG>(-difference))
                   : BN_add_word(n, static_cast<BN_ULONG>(difference));
    Buffer out(256);
    BN_bn2binpad(n, out.data(), 256);
    BN_free(n);
    EVP_PKEY_free(key);
    return out;
  }
  // 00 02, padding, 00, secret.
  static Buffer block(std::size_t secret, std::uint16_t version = 0x0303) {
    Buffer out(256, 0x77);
    out[0] = 0;
    out[1] = 2;
    out[255 - secret] = 0;
    out[256 - secret] = static_cast<std::uint8_t>(version >> 8U);
    out[257 - secret] = static_cast<std::uint8_t>(version);
    return out;
  }
};

INSTANTIATE_TEST_SUITE_P(Suites, BadPremaster,
                         ::testing::Values(CipherSuite::rsa_aes_128_cbc_sha, CipherSuite::rsa_aes_256_cbc_sha256,
                                           CipherSuite::rsa_aes_128_gcm_sha256));

TEST_P(BadPremaster, GetsTheSameAnswerWhateverIsWrong) {
  const Answer good = answer_to([](const Buffer& ciphertext) { return ciphertext; });
  EXPECT_EQ(good.error, Error::none);
  EXPECT_EQ(good.failure, "");

  // Formally right, but not what the client's Finished was made with: any wrong key.
  const Answer other = answer_to([](const Buffer&) { return encrypted(block(48)); });
  EXPECT_EQ(other.error, Error::bad_record);
  EXPECT_EQ(other.failure, "sslv3 alert bad record mac");
  EXPECT_EQ(other.flights[0], good.flights[0]);

  const auto bent = [](std::size_t at, std::uint8_t value) {
    Buffer out = block(48);
    out[at] = value;
    return encrypted(out);
  };
  const std::map<std::string, std::function<Buffer(const Buffer&)>> wrong = {
      {"version 3.2", [](const Buffer&) { return encrypted(block(48, 0x0302)); }},
      {"version 2.3", [](const Buffer&) { return encrypted(block(48, 0x0203)); }},
      {"first byte 1", [&](const Buffer&) { return bent(0, 1); }},
      {"type 1", [&](const Buffer&) { return bent(1, 1); }},
      {"type 0", [&](const Buffer&) { return bent(1, 0); }},
      {"zero at the beginning of the padding", [&](const Buffer&) { return bent(2, 0); }},
      {"zero in the padding", [&](const Buffer&) { return bent(100, 0); }},
      {"zero at the end of the padding", [&](const Buffer&) { return bent(206, 0); }},
      {"no zero", [&](const Buffer&) { return bent(207, 9); }},
      {"47 bytes", [](const Buffer&) { return encrypted(block(47)); }},
      {"49 bytes", [](const Buffer&) { return encrypted(block(49)); }},
      {"2 bytes", [](const Buffer&) { return encrypted(block(2)); }},
      {"0", [](const Buffer&) { return Buffer(256, 0); }},
      {"1", [](const Buffer&) { return join({Buffer(255, 0), {1}}); }},
      {"n - 1", [](const Buffer&) { return modulus(-1); }},
      {"n", [](const Buffer&) { return modulus(0); }},
      {"n + 1", [](const Buffer&) { return modulus(1); }},
      {"2^2048 - 1", [](const Buffer&) { return Buffer(256, 0xff); }},
      {"no ciphertext", [](const Buffer&) { return Buffer(); }},
      {"one byte", [](const Buffer&) { return Buffer{7}; }},
      {"a byte short", [](const Buffer& ciphertext) { return Buffer(ciphertext.begin() + 1, ciphertext.end()); }},
      {"a byte long", [](const Buffer& ciphertext) { return join({{0}, ciphertext}); }},
      {"twice as long", [](const Buffer& ciphertext) { return join({Buffer(256, 0), ciphertext}); }},
      {"a bit changed", [](Buffer ciphertext) {
         ciphertext[200] ^= 1;
         return ciphertext;
       }}};
  for (const auto& [what, make] : wrong) EXPECT_TRUE(answer_to(make) == other) << what;
}

}  // namespace
}  // namespace lockstep::tls::test
